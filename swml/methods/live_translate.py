"""Translates what is said, as it is said: needs its maker's cloud.

Source: SWML reference, live_translate.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, anything


class LiveTranslateData(MethodData):
    """As the language has it."""

    action = anything("start, stop, summarize or inject.", required=True)


METHOD = _cloud.method("live_translate", LiveTranslateData, "Translates what is said, as it is said.")
