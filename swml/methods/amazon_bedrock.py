"""Hands the call to an agent at Amazon Bedrock: needs its maker's cloud.

Source: SWML reference, amazon_bedrock.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, mapping, text


class AmazonBedrockData(MethodData):
    """As the language has it."""

    prompt = mapping("What it is to do.", required=True)
    post_prompt = mapping("What it is to do afterwards.", default=None)
    post_prompt_url = text("Where that is told.")
    global_data = mapping("Known to it.", default=None)
    params = mapping("Its settings.", default=None)
    SWAIG = mapping("Functions it can call.", default=None)


METHOD = _cloud.method("amazon_bedrock", AmazonBedrockData, "Hands the call to an agent at Amazon Bedrock.")
