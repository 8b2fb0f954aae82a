"""Speaks a text on a call. Source: Telnyx' call control, speak; see callcontrol.playing_speech."""

from __future__ import annotations

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.field import Word
from callcontrol.playing import Kind, Sound, new_sound_id
from callcontrol.playing_fields import Loop, play, stop_first
from callcontrol.playing_speech import SpeechData, speech
from callcontrol.token import Scope


class SpeakData(SpeechData, CommandData):
    """Parameters of speak."""

    loop = Loop()
    stop = stop_first()
    target_legs = Word(
        ("self",),
        "FreeSWITCH's engines speak on the leg itself only; `opposite` and `both` are refused.",
        load_default="self",
    )


def run(invocation: Invocation, data: Data) -> None:
    """Order the speech; its beginning and its end are told by webhooks.

    Raises: CallNotAnswered, CallEnded, Unavailable, Unanswered; Unprocessable: there are no words.
    """
    snapshot = invocation.answered()
    config = invocation.facilities.config.for_account(invocation.account_id)
    playable = speech(data["payload"], data, config, "/payload")
    play(invocation, Sound(new_sound_id(), Kind.SPEECH, snapshot.client_state), playable, data)


COMMAND = Command(
    schema=SpeakData,
    scope=Scope.CONTROL,
    run=run,
    summary="Speak a text",
    webhooks=("call.speak.started", "call.speak.ended"),
)
