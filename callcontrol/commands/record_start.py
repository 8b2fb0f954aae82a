"""Begins a recording of a call. Source: Telnyx' call control, record_start."""

from __future__ import annotations

from callcontrol.channel import LiveChannel
from callcontrol.command import Command, Data, Invocation
from callcontrol.playing import heard_on
from callcontrol.recording_parameters import RecordStartData
from callcontrol.recording_start import start
from callcontrol.snapshot import Snapshot
from callcontrol.token import Scope
from esl import command

BEEP = "tone_stream://%(250,0,1400)"
"""Short and of 1,400 Hz, as telephone regulators have it for recordings."""


def run(invocation: Invocation, data: Data) -> dict[str, str]:
    """Have the leg recorded, and beep when that has begun. Returns: the recording's id.

    Raises: CallNotAnswered, CallEnded; Unavailable: FreeSWITCH does not record.
    """
    snapshot = invocation.answered()
    recording_id = start(invocation, snapshot, data)
    if data["play_beep"]:
        invocation.channel.post(_beeping(invocation.channel, snapshot))
    return {"recording_id": recording_id}


def _beeping(channel: LiveChannel, snapshot: Snapshot) -> command.Command:
    """Return what beeps. A broadcast would wait for a sound of ours, which may have no end: the beep is mixed
    into that, ahead (`f`) of the recording, which has it then.
    """
    if heard_on(snapshot):
        return channel.of("uuid_displace", f"start {BEEP} 0 fm")
    return channel.of("uuid_broadcast", f"{BEEP} both")


COMMAND = Command(
    schema=RecordStartData,
    scope=Scope.RECORD,
    run=run,
    summary="Record a call",
    webhooks=("call.recording.saved", "call.recording.error", "call.recording.transcription.saved"),
)
