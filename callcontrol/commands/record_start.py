"""Begins a recording of a call. Source: Telnyx' call control, record_start."""

from __future__ import annotations

from callcontrol.command import Command, Data, Invocation
from callcontrol.recording_parameters import RecordStartData
from callcontrol.recording_start import start
from callcontrol.token import Scope

BEEP = "tone_stream://%(250,0,1400)"
"""Short and of 1,400 Hz, as telephone regulators have it for recordings."""


def run(invocation: Invocation, data: Data) -> dict[str, str]:
    """Have the leg recorded, and beep when that has begun. Returns: the recording's id.

    Raises: CallNotAnswered, CallEnded; Unavailable: FreeSWITCH does not record.
    """
    recording_id = start(invocation, invocation.answered(), data)
    if data["play_beep"]:
        invocation.channel.post(invocation.channel.of("uuid_broadcast", f"{BEEP} both"))
    return {"recording_id": recording_id}


COMMAND = Command(
    schema=RecordStartData,
    scope=Scope.RECORD,
    run=run,
    summary="Record a call",
    webhooks=("call.recording.saved", "call.recording.error", "call.recording.transcription.saved"),
)
