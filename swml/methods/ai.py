"""Hands the call to a conversational agent: needs its maker's cloud.

Source: SWML reference, ai.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, anything, many, mapping, text


class AiData(MethodData):
    """As the language has it."""

    prompt = mapping("What it is to do.", required=True)
    post_prompt = mapping("What it is to do afterwards.", default=None)
    post_prompt_url = text("Where that is told.")
    global_data = mapping("Known to it.", default=None)
    hints = many(anything("A word or a pattern."), "Words it will hear.")
    languages = many(mapping("A language."), "Languages it speaks.")
    params = mapping("Its settings.", default=None)
    pronounce = many(mapping("A replacement."), "How words are spoken.")
    SWAIG = mapping("Functions it can call.", default=None)


METHOD = _cloud.method("ai", AiData, "Hands the call to a conversational agent.")
