"""Orders to recordings as they travel between processes: events on FreeSWITCH's own bus.

Every process beside a FreeSWITCH hears the events of all the others there. So whoever is asked to stop a
recording tells all, and the one that looks after it obeys, and says so. Nothing else connects processes.

    callflows::recording   Order, Order-ID, Account-ID, Leg-UUID, Recording-ID or Origin
    callflows::recording   Obeyed (an Order-ID), Recording-ID
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from esl import command
from esl.command import Command
from esl.identifier import new_identifier
from recording.leg_recorder import LegOrder
from recording.stop_event import EventData

ORDER_EVENT = "callflows::recording"


@dataclass(frozen=True, slots=True)
class SentOrder:
    """An order. Attributes: recording_id: which recording, "" for all of that origin; see LegRecorder."""

    id: str
    order: LegOrder
    uuid: str
    account_id: str
    recording_id: str
    origin: str

    def command(self) -> Command:
        """Return what tells everybody. Raises: BadCommand."""
        headers = {
            "Order": self.order.value,
            "Order-ID": self.id,
            "Leg-UUID": self.uuid,
            "Account-ID": self.account_id,
            "Recording-ID": self.recording_id,
            "Origin": self.origin,
        }
        return _event({name: value for name, value in headers.items() if value})


def new_order(
    order: LegOrder, uuid: str, account_id: str, *, recording_id: str = "", origin: str = ""
) -> SentOrder:
    """Return an order with an id of its own."""
    return SentOrder(new_identifier(), order, uuid, account_id, recording_id, origin)


def read_order(event: EventData) -> SentOrder | None:
    """Return the order that an event is, None for any other."""
    try:
        order = LegOrder(event.get("Order") or "")
    except ValueError:
        return None
    names = ("Order-ID", "Leg-UUID", "Account-ID", "Recording-ID", "Origin")
    order_id, uuid, account_id, recording_id, origin = (event.get(name) or "" for name in names)
    if not order_id or not uuid:
        return None
    return SentOrder(order_id, order, uuid, account_id, recording_id, origin)


def obeyed(order: SentOrder, recording_id: str) -> Command:
    """Return what tells whoever gave an order that it was obeyed."""
    return _event({"Obeyed": order.id, "Recording-ID": recording_id})


def _event(headers: Mapping[str, str]) -> Command:
    return command.sendevent(ORDER_EVENT, headers)
