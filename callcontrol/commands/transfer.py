"""Calls somebody for a call, and connects the two when they answer.

The call waits meanwhile, with what FreeSWITCH plays to whoever waits; nobody answering, it goes on waiting
for commands. Source: Telnyx' call control, transfer; FreeSWITCH mod_dptools.c, audio_bridge_function.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from callcontrol import unused, variables
from callcontrol.bridged import leave_bridge
from callcontrol.call_control_id import CallControlId
from callcontrol.command import Command, Data, Invocation
from callcontrol.errors import Forbidden
from callcontrol.field import Base64, Flag, Text, Word
from callcontrol.outgoing import (
    OutgoingData,
    leg_variables,
    outgoing,
    refused,
    sound_of,
    webhook_variables,
)
from callcontrol.parting import SELF, muting, returning
from callcontrol.recording_soon import record_soon
from callcontrol.recording_start import asked_for
from callcontrol.snapshot import Snapshot
from callcontrol.token import Scope
from calls.dial_rules import DialRules
from calls.dial_string import dial_string
from calls.errors import NotDialable
from calls.leg import Leg


class TransferData(OutgoingData):
    """Parameters of transfer."""

    to = Text(1, 256, "Whom to call: a number or a SIP address.", required=True)
    from_ = Text(1, 128, "The number shown; without it the one the call was made to.", data_key="from")
    target_leg_client_state = Base64("Handed back in every webhook of the new leg.")
    park_after_unbridge = Text(1, 16, "self: this leg waits for commands when the other side goes.")
    mute_dtmf = Word(
        ("none", "both", "self", "opposite"), "Who is not to hear the other's digits.", load_default="none"
    )
    early_media = Flag("What the new leg plays before it answers is heard.", default=True)


def run(invocation: Invocation, data: Data) -> dict[str, str]:
    """Have FreeSWITCH call and connect. Returns: the recording's id where one was asked for.

    Raises: Unprocessable: it may not be called, or cannot be; CallEnded; Forbidden.
    """
    recording = asked_for(data)
    if recording and not invocation.token.allows(Scope.RECORD):
        raise Forbidden(Scope.RECORD)
    snapshot = invocation.snapshot()
    rules = DialRules.of(invocation.facilities.config.for_account(invocation.account_id))
    own, others = muting(data["mute_dtmf"])
    leg = _leg(invocation, snapshot, data, rules, others)
    early = {} if data["early_media"] else {"ignore_early_media": "true"}
    try:
        target = dial_string([[leg]], rules, early)
    except NotDialable as exc:
        raise refused(exc) from exc
    for name in unused.given(TransferData, data):
        invocation.log.info("parameter_unused", parameter=name)
    channel = invocation.channel
    told = returning(parks=data.get("park_after_unbridge") == SELF) | own | webhook_variables(data)
    leave_bridge(channel, snapshot)
    channel.run(
        *(channel.assigning(name, value) for name, value in told.items() if value),
        channel.setting(
            {name: "" for name, value in told.items() if not value} | {"continue_on_fail": "true"}
        ),
        channel.executing("bridge", target),
    )
    return _record(invocation, leg, recording) if recording else {}


def _leg(
    invocation: Invocation, snapshot: Snapshot, data: Data, rules: DialRules, others: Mapping[str, str]
) -> Leg:
    """Return the new leg, which is told of like the one it is called for."""
    known = leg_variables(
        account_id=invocation.account_id,
        connection_id=snapshot.connection_id,
        session_id=snapshot.session_id,
        client_state=data.get("target_leg_client_state") or data.get("client_state", snapshot.client_state),
        webhook=webhook_variables(data, snapshot.variable(variables.WEBHOOK)),
    )
    identity = snapshot.identity
    caller = data.get("from_") or snapshot.variable(variables.TO) or identity.destination_number
    sound = sound_of(data, invocation.facilities, invocation.account_id)
    known |= {name: value for name, value in others.items() if value}
    return outgoing(data["to"], caller, data, rules, known, uuid=str(uuid4()), sound=sound)


def _record(invocation: Invocation, leg: Leg, recording: Mapping[str, Any]) -> dict[str, str]:
    """Have the new leg recorded from its answer on."""
    call = CallControlId(invocation.account_id, invocation.call.node, leg.uuid)
    recording_id = record_soon(invocation.for_leg(call), recording)
    return {"recording_id": recording_id} if recording_id else {}


COMMAND = Command(
    schema=TransferData,
    scope=Scope.CONTROL,
    run=run,
    summary="Call somebody and connect the call with them",
    webhooks=("call.initiated", "call.answered", "call.bridged", "call.hangup"),
)
