"""Begins a recording of a call. Source: Telnyx' call control, record_start."""

from __future__ import annotations

import time

from callcontrol.command import Command, Data, Invocation
from callcontrol.errors import CallEnded, Unavailable, invalid
from callcontrol.leg import leg_of
from callcontrol.recording_events import observer_of
from callcontrol.recording_parameters import RecordStartData, request_of
from callcontrol.token import Scope
from recording.errors import LegNotRecorded

BEEP = "tone_stream://%(250,0,1400)"
"""Short and of 1,400 Hz, as telephone regulators have it for recordings."""


def run(invocation: Invocation, data: Data) -> dict[str, str]:
    """Have the leg recorded, and beep when that has begun. Returns: the recording's id.

    Raises: CallNotAnswered, CallEnded; Unavailable: FreeSWITCH does not record.
    """
    snapshot = invocation.answered()
    facilities = invocation.facilities
    if invocation.call.node != facilities.node:
        raise invalid("", "Recordings are made by the process beside the call's own FreeSWITCH.")
    leg = leg_of(snapshot, facilities.ids, facilities.node, account_id=invocation.account_id)
    if leg is None:
        raise CallEnded
    request = request_of(
        data,
        facilities.config.for_account(invocation.account_id),
        leg_id=leg.leg_id,
        unix_time=int(time.time()),
        link_s=facilities.links.lifetime_s,
        observers=(observer_of(leg),),
    )
    try:
        recording_id = facilities.recorder.start_on(snapshot.event, invocation.account_id, request)
    except LegNotRecorded as exc:
        if _is_gone(invocation):
            raise CallEnded from exc
        raise Unavailable(str(exc)) from exc
    if data["play_beep"]:
        invocation.channel.post(invocation.channel.of("uuid_broadcast", f"{BEEP} both"))
    return {"recording_id": recording_id}


def _is_gone(invocation: Invocation) -> bool:
    """Whether the leg has ended meanwhile."""
    return invocation.channel.run(invocation.channel.of("uuid_exists"))[0] != "true"


COMMAND = Command(
    schema=RecordStartData,
    scope=Scope.RECORD,
    run=run,
    summary="Record a call",
    webhooks=("call.recording.saved", "call.recording.error", "call.recording.transcription.saved"),
)
