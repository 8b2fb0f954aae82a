"""A leg as webhooks tell of it: the fields that every payload has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callcontrol import variables
from callcontrol.call_control_id import CallControlId, CallControlIds, is_nameable
from callcontrol.channel import unpacked
from callcontrol.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg at one moment.

    Attributes: leg_id, session_id: call_leg_id and call_session_id; webhook: what overrides its connection's
    webhook addresses (`url`; `urls` by event type), empty as a rule; created_at: when it began.
    """

    account_id: str
    call_control_id: str
    leg_id: str
    session_id: str
    connection_id: str
    client_state: str
    from_: str
    to: str
    caller_id_name: str
    is_incoming: bool
    created_at: datetime
    webhook: Mapping[str, Any]

    def fields(self) -> dict[str, Any]:
        """Return what every payload begins with."""
        return {
            "call_control_id": self.call_control_id,
            "connection_id": self.connection_id,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "client_state": self.client_state or None,
        }

    def parties(self) -> dict[str, Any]:
        """Return who calls whom."""
        return {"from": self.from_, "to": self.to}


def leg_of(snapshot: Snapshot, ids: CallControlIds, node: str, *, account_id: str = "") -> Leg | None:
    """Return the leg of a channel, None for one that call control cannot name: nobody's, say.

    Args: account_id: for one whose channel does not say itself.
    """
    identity = snapshot.identity
    named = CallControlId(account_id or snapshot.account_id, node, snapshot.uuid)
    if not is_nameable(named):
        return None
    webhook = unpacked(snapshot.variable(variables.WEBHOOK))
    return Leg(
        account_id=named.account_id,
        call_control_id=ids.text(named),
        leg_id=snapshot.uuid,
        session_id=snapshot.session_id,
        connection_id=snapshot.connection_id,
        client_state=snapshot.client_state,
        from_=snapshot.variable(variables.FROM) or identity.caller_id_number,
        to=snapshot.variable(variables.TO) or identity.destination_number or identity.callee_id_number,
        caller_id_name=identity.caller_id_name,
        is_incoming=snapshot.is_incoming,
        created_at=snapshot.created_at,
        webhook=webhook if isinstance(webhook, dict) else {},
    )


def told_time(when: datetime) -> str:
    """Return a time as Telnyx writes it: UTC, with microseconds and Z."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
