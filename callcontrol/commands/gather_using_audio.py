"""Gathers digits that a sound asks for. Source: Telnyx' call control, gather_using_audio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import validates_schema

from callcontrol.command import Command, Data, Invocation
from callcontrol.gathering_fields import PromptedGatherData, begin, prompted
from callcontrol.gathering_order import Spoken
from callcontrol.playing import Kind, playback
from callcontrol.playing_fields import one_of, sound_file, sound_name, sound_url
from callcontrol.token import Scope

PROMPT = ("audio_url", "media_name")
WRONG = ("invalid_audio_url", "invalid_media_name")


class GatherUsingAudioData(PromptedGatherData):
    """Parameters of gather_using_audio."""

    audio_url = sound_url("The address of the prompt.")
    media_name = sound_name("The name of the prompt.")
    invalid_audio_url = sound_url("The address of what is played after wrong digits.")
    invalid_media_name = sound_name("The name of what is played after wrong digits.")

    @validates_schema
    def _one_sound_each(self, data: Mapping[str, Any], **_: Any) -> None:
        one_of(data, PROMPT, required=True)
        one_of(data, WRONG, required=False)


def run(invocation: Invocation, data: Data) -> None:
    """Order the prompt, and listen from its beginning on; the first key breaks it off.

    Raises: as callcontrol.gathering_fields.begin; Unprocessable: there is no such sound.
    """
    invocation.answered()
    prompt, wrong = (_spoken(invocation, data, *names) for names in (PROMPT, WRONG))
    begin(invocation, prompted(data), prompt=prompt, wrong=wrong)


def _spoken(invocation: Invocation, data: Data, url: str, name: str) -> Spoken | None:
    file = sound_file(invocation, data, url, name)
    if not file:
        return None
    return Spoken(Kind.PLAYBACK, playback(file), data.get(url) or "", data.get(name) or "")


COMMAND = Command(
    schema=GatherUsingAudioData,
    scope=Scope.CONTROL,
    run=run,
    summary="Gather digits that a sound asks for",
    webhooks=("call.playback.started", "call.playback.ended", "call.dtmf.received", "call.gather.ended"),
)
