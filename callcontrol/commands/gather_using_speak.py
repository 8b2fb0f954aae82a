"""Gathers digits that a text asks for. Source: Telnyx' call control, gather_using_speak."""

from __future__ import annotations

from marshmallow import fields, validate

from callcontrol.command import Command, Data, Invocation
from callcontrol.gathering_fields import PromptedGatherData, begin, prompted
from callcontrol.gathering_order import Spoken
from callcontrol.playing import Kind
from callcontrol.playing_speech import MAX_PAYLOAD, SpeechData, speech
from callcontrol.token import Scope


class GatherUsingSpeakData(SpeechData, PromptedGatherData):
    """Parameters of gather_using_speak."""

    invalid_payload = fields.String(
        validate=validate.Length(1, MAX_PAYLOAD),
        metadata={"description": "The text, or SSML, that is spoken after wrong digits."},
    )


def run(invocation: Invocation, data: Data) -> None:
    """Order the prompt, and listen from its beginning on; the first key breaks it off.

    Raises: as callcontrol.gathering_fields.begin; Unprocessable: there are no words.
    """
    config = invocation.facilities.config.for_account(invocation.account_id)
    prompt = Spoken(Kind.SPEECH, speech(data["payload"], data, config, "/payload"))
    wrong = None
    if data.get("invalid_payload"):
        wrong = Spoken(Kind.SPEECH, speech(data["invalid_payload"], data, config, "/invalid_payload"))
    begin(invocation, prompted(data), prompt=prompt, wrong=wrong)


COMMAND = Command(
    schema=GatherUsingSpeakData,
    scope=Scope.CONTROL,
    run=run,
    summary="Gather digits that a text asks for",
    webhooks=("call.dtmf.received", "call.gather.ended"),
)
