"""Calls that clients were told of and that nobody told the end of: an engine that starts looks after them.

Whoever is told that a call began waits to be told that it is over. A call may end while no engine hears of
it; what was told of it stands in the outbox, and says enough to tell its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from callcontrol.call_control_id import CallControlIds
from callcontrol.connections import Connections
from callcontrol.leg import Leg

BEGAN, ENDED = "call.initiated", "call.hangup"
ABOUT = "$.data.payload.call_leg_id"


class Told(Protocol):
    """What was told (storage.notices.StoredNotices)."""

    def unfinished(self, began: str, ended: str, about: str) -> Iterable[Mapping[str, Any]]:
        """Return the bodies of notices of one kind that none of another about the same thing has followed."""


def unfinished(told: Told, ids: CallControlIds, connections: Connections, node: str) -> Iterator[Leg]:
    """Yield the legs of a FreeSWITCH whose end nobody was told of, as they began. Raises: StoreError."""
    for body in told.unfinished(BEGAN, ENDED, ABOUT):
        data = body.get("data")
        payload = data.get("payload") if isinstance(data, dict) else None
        if isinstance(payload, dict):
            leg = _leg(payload, ids, node)
            if leg is not None:
                yield replace(leg, webhook=_webhook(leg, _addressed(body), connections))


def _leg(payload: Mapping[str, Any], ids: CallControlIds, node: str) -> Leg | None:
    def text(name: str) -> str:
        return str(payload.get(name) or "")

    named = ids.read(text("call_control_id"))
    if named is None or named.node != node:
        return None
    return Leg(
        account_id=named.account_id,
        call_control_id=text("call_control_id"),
        leg_id=named.uuid,
        session_id=text("call_session_id") or named.uuid,
        connection_id=text("connection_id"),
        client_state=text("client_state"),
        from_=text("from"),
        to=text("to"),
        caller_id_name=text("caller_id_name"),
        is_incoming=text("direction") == "incoming",
        created_at=_moment(text("start_time")),
        webhook={},
    )


def _webhook(leg: Leg, url: str, connections: Connections) -> dict[str, str]:
    """Return where the rest goes: where the beginning went, unless that was the connection's own address."""
    connection = connections.of_id(leg.account_id, leg.connection_id) if leg.connection_id else None
    return {} if connection is not None and connection.url == url else {"url": url}


def _addressed(body: Mapping[str, Any]) -> str:
    """Return where it was sent."""
    meta = body.get("meta")
    return str(meta.get("delivered_to") or "") if isinstance(meta, dict) else ""


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)
