"""Tells what is said as text, as it is said: needs its maker's cloud.

Source: SWML reference, live_transcribe.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, anything


class LiveTranscribeData(MethodData):
    """As the language has it."""

    action = anything("start, stop or summarize.", required=True)


METHOD = _cloud.method("live_transcribe", LiveTranscribeData, "Tells what is said as text, as it is said.")
