"""Orders on FreeSWITCH's bus: what is sent is what is read, and nothing else is an order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from esl.event import Event
from recording.leg_order import ORDER_EVENT, SentOrder, new_order, obeyed, read_order
from recording.leg_recorder import LegOrder
from tests.esl import freeswitch_text as freeswitch

names = st.from_regex(r"[A-Za-z0-9_.:-]{1,40}", fullmatch=True)


def heard(wire: bytes) -> Event:
    """The event that FreeSWITCH makes of a sendevent."""
    return Event.from_headers(freeswitch.command_headers(wire))


@given(
    st.sampled_from(LegOrder), names, names, names | st.just(""), st.sampled_from(["", "call control : x"])
)
def test_an_order_arrives(
    order: LegOrder, uuid: str, account_id: str, recording_id: str, origin: str
) -> None:
    """Every field of it, in the event that everybody hears."""
    sent = new_order(order, uuid, account_id, recording_id=recording_id, origin=origin)
    event = heard(sent.command().wire)
    assert event.subclass == ORDER_EVENT
    assert read_order(event) == sent


def test_an_answer_is_no_order() -> None:
    """Whoever obeys names the order, and the recording."""
    sent = SentOrder("o-1", LegOrder.STOP, "u", "demo", "", "x")
    event = heard(obeyed(sent, "r-1").wire)
    assert read_order(event) is None
    assert (event.get("Obeyed"), event.get("Recording-ID")) == ("o-1", "r-1")


@given(st.dictionaries(st.sampled_from(["Order", "Order-ID", "Leg-UUID", "Account-ID"]), st.text()))
def test_any_event_is_an_order_or_none(headers: dict[str, str]) -> None:
    """Whatever others send under our name."""
    read_order(Event.from_headers(headers))
