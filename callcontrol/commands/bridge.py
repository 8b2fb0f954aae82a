"""Connects two calls. Source: Telnyx' call control, bridge; FreeSWITCH switch_ivr_bridge.c,
switch_ivr_uuid_bridge.
"""

from __future__ import annotations

from marshmallow import fields, validate

from callcontrol import unused
from callcontrol.command import Command, Data, Invocation
from callcontrol.errors import CallNotAnswered, Forbidden, invalid
from callcontrol.field import Flag, Text, Word
from callcontrol.other_call import other_call
from callcontrol.parting import SELF, muting, parting
from callcontrol.recording_start import RecordFromAnswerData, asked_for, start
from callcontrol.snapshot import Snapshot
from callcontrol.token import Scope
from callcontrol.unused import Unused
from calls.ring_tone import CADENCES

RINGING_MS = 3_600_000
"""Of the tone that is played while the other call rings: longer than any may."""


def _none(sentence: str) -> fields.String:
    """Return the field for what a call could be connected with elsewhere, and is refused here by name."""
    return fields.String(validate=validate.Length(max=0, error=sentence), metadata={"description": sentence})


class BridgeData(RecordFromAnswerData):
    """Parameters of bridge."""

    call_control_id = Text(1, 600, "The call to connect this one with.", required=True)
    park_after_unbridge = Text(1, 16, "self: this call waits for commands when the other side goes.")
    hold_after_unbridge = Flag("This call hears music when the other side goes, and waits for commands.")
    prevent_double_bridge = Flag("Not done if the other call talks with somebody else.")
    play_ringtone = Flag("This call hears ringing while the other one is not answered.")
    ringtone = Word(tuple(sorted(CADENCES)), "The country of that ringing.", load_default="us")
    mute_dtmf = Word(
        ("none", "both", "self", "opposite"), "Who is not to hear the other's digits.", load_default="none"
    )
    queue = _none("Must be empty: nobody waits in queues of call control.")
    video_room_id = _none("Must be empty: there are no video rooms.")
    video_room_context = Unused()


def run(invocation: Invocation, data: Data) -> dict[str, str]:
    """Connect them; whomever they talked with goes the way its own variables say.

    Returns: the recording's id where one was asked for. Raises: CallEnded, CallNotAnswered; Unprocessable:
    the other call cannot be.
    """
    recording = asked_for(data)
    if recording and not invocation.token.allows(Scope.RECORD):
        raise Forbidden(Scope.RECORD)
    channel, snapshot = invocation.channel, invocation.snapshot()
    other, theirs = other_call(
        invocation.facilities,
        invocation.account_id,
        data["call_control_id"],
        "/call_control_id",
        node=invocation.call.node,
    )
    _check_bridgeable(snapshot, theirs, data)
    for name in unused.given(BridgeData, data):
        invocation.log.info("parameter_unused", parameter=name)
    parks = data.get("park_after_unbridge") == SELF
    own, others = muting(data["mute_dtmf"])
    own |= parting(parks=parks, holds=data["hold_after_unbridge"])
    own["ringback"] = own["transfer_ringback"] = _ringing(data, theirs)
    # The other leg goes by what its own commands said; its digits alone are this command's affair.
    other.run(other.setting({"hangup_after_bridge": "true", **others}))
    channel.run(
        channel.setting({name: "" for name, value in own.items() if not value}),
        *(channel.assigning(name, value) for name, value in own.items() if value),
        channel.of("uuid_bridge", other.uuid),
    )
    if recording is None:
        return {}
    return {"recording_id": start(invocation, snapshot, recording, on_answer=True)}


def _check_bridgeable(snapshot: Snapshot, theirs: Snapshot, data: Data) -> None:
    if theirs.uuid == snapshot.uuid:
        raise invalid("/call_control_id", "A call cannot be connected with itself.")
    if data["prevent_double_bridge"] and theirs.bridged_with not in ("", snapshot.uuid):
        raise invalid("/call_control_id", "That call talks with another one.")
    if not (snapshot.is_answered or theirs.is_answered):
        raise CallNotAnswered


def _ringing(data: Data, theirs: Snapshot) -> str:
    """Return what this call hears until the other one is answered, "" for silence."""
    if not data["play_ringtone"] or theirs.is_answered:
        return ""
    return CADENCES[data["ringtone"]].media(RINGING_MS)[0]


COMMAND = Command(
    schema=BridgeData,
    scope=Scope.CONTROL,
    run=run,
    summary="Connect two calls",
    webhooks=("call.bridged",),
)
