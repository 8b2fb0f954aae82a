"""The tone before a recording."""

from __future__ import annotations

from calls.call import Call
from calls.media import Tone, tones
from calls.signaling import pre_answer

BEEP = Tone((440,), 500)
"""As the voicemail of callflows has it."""


def beep(call: Call) -> None:
    """Sound it, and wait for its end; keys do not end it. Raises: CallGone, CommandFailed, ReplyTimeout."""
    pre_answer(call)
    tones(call, [BEEP], terminators=())
