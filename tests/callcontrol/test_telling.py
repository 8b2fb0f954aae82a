"""What clients are told of calls: in order, once, whoever of several processes tells."""

from __future__ import annotations

import base64
from typing import Any

from esl.event import Event
from simulator.dtmf import parse_digits
from tests.callcontrol.controlled import (
    BOB,
    CONNECTION_ID,
    FROM,
    controlled,
    kinds_of,
    prepare,
    told,
    wait_hearing,
    wait_told,
)
from tests.callcontrol.place import Place
from tests.waiting import eventually

STATE = base64.b64encode(b"one").decode()


def test_a_call_from_its_beginning_to_its_end(place: Place) -> None:
    """Initiated, answered, digits, hangup: each once, with who calls whom, and the state of its moment."""
    prepare(place)
    call = controlled(place)
    client = place.client()
    call_control_id = place.id_of(call)
    client.calls.actions.answer(call_control_id, client_state=STATE)
    wait_told(place, call.uuid, "call.answered")
    call.press("4")
    wait_told(place, call.uuid, "call.dtmf.received")
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    initiated, answered, pressed, hangup = events = told(place, call.uuid)
    assert kinds_of(events) == ["call.initiated", "call.answered", "call.dtmf.received", "call.hangup"]
    assert (initiated.payload.state, initiated.payload.direction) == ("parked", "incoming")
    assert (initiated.payload.from_, initiated.payload.to) == ("+15550199", "+15550111")
    assert initiated.payload.call_control_id == call_control_id
    assert initiated.payload.connection_id == CONNECTION_ID
    assert initiated.payload.client_state is None
    assert answered.payload.client_state == STATE
    assert pressed.payload.digit == "4"
    assert (hangup.payload.hangup_cause, hangup.payload.hangup_source) == ("normal_clearing", "caller")
    assert hangup.payload.sip_hangup_cause == "200"
    assert {event.payload.call_session_id for event in events} == {call.uuid}
    moments = [event.occurred_at for event in events]
    assert moments == sorted(moments)


def test_several_processes_tell_once(place: Place) -> None:
    """Every process hears everything; the outbox takes each event once."""
    prepare(place)
    wait_hearing(place.api)
    other = wait_hearing(place.process(own=True))
    call = controlled(place)
    client = place.client()
    client.calls.actions.answer(place.id_of(call))
    call.press("12")
    eventually(lambda: two(told(place, call.uuid, "call.dtmf.received")))
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    eventually(lambda: not len(other.control.teller.roll))
    assert kinds_of(told(place, call.uuid)) == [
        "call.initiated",
        "call.answered",
        "call.dtmf.received",
        "call.dtmf.received",
        "call.hangup",
    ]


def test_calls_nobody_is_told_of_are_not_heard(place: Place) -> None:
    """A call without a connection costs nothing: FreeSWITCH sends no event of it."""
    prepare(place)
    call = place.call()
    heard = controlled(place)
    call.hang_up()
    heard.hang_up()
    wait_told(place, heard.uuid, "call.hangup")
    assert not told(place, call.uuid)
    assert not place.api.control.teller.roll.is_known(call.uuid)


def test_a_variable_of_the_dialplan_has_a_call_told_of(place: Place) -> None:
    """callcontrol_connection_id, set before any callflow: told of from the first event on."""
    prepare(place)
    wait_hearing(place.api)
    call = place.call(
        {"variables": {"callcontrol_connection_id": CONNECTION_ID}, "steps": []}  # type: ignore[arg-type]
    )
    client = place.client()
    client.calls.actions.answer(place.id_of(call))
    initiated = wait_told(place, call.uuid, "call.initiated")
    assert initiated.payload.state == "bridging"
    wait_told(place, call.uuid, "call.answered")
    eventually(lambda: call.session.channel.is_verbose, what="events with variables")
    call.session.press(parse_digits("7"))
    assert wait_told(place, call.uuid, "call.dtmf.received").payload.digit == "7"


def test_a_webhook_url_alone_has_a_call_told_of(place: Place) -> None:
    """A command that says where webhooks go needs no connection."""
    wait_hearing(place.api)
    call = place.call()
    client = place.client()
    client.calls.actions.answer(place.id_of(call), webhook_url="https://else.example.com/hook")
    wait_told(place, call.uuid, "call.answered")
    (notice, *_) = place.notices(1)
    assert notice.url == "https://else.example.com/hook"


def test_equal_digits_of_one_moment_are_two(place: Place) -> None:
    """FreeSWITCH's clock is a millisecond wide: what tells them apart is the number of the event."""
    prepare(place)
    call = controlled(place)
    dump = Event(place.house.link.api("uuid_dump", call.uuid).encode())  # type: ignore[union-attr]
    pressed = dump.headers() | {"Event-Name": "DTMF", "DTMF-Digit": "5"}
    for number in ("1001", "1002", "1002"):
        place.api.control.teller.hear(Event.from_headers(pressed | {"Event-Sequence": number}))
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    assert kinds_of(told(place, call.uuid)) == [
        "call.initiated",
        "call.dtmf.received",
        "call.dtmf.received",
        "call.hangup",
    ]


def test_both_legs_are_told_that_they_are_bridged(place: Place) -> None:
    """FreeSWITCH has one event for it; each leg has a webhook of its own."""
    prepare(place)
    call = controlled(place)
    client = place.client()
    client.calls.actions.transfer(place.id_of(call), to=BOB, from_=FROM)
    wait_told(place, call.uuid, "call.bridged")
    bridged: list[Any] = eventually(lambda: two(told(place, "", "call.bridged")))
    assert len({event.payload.call_leg_id for event in bridged}) == 2
    assert {event.payload.call_session_id for event in bridged} == {call.uuid}


def test_both_legs_are_told_with_the_state_they_have_by_then(place: Place) -> None:
    """What a command has changed on the other leg is told, although no event of that leg has told it yet."""
    prepare(place)
    first, second = controlled(place), controlled(place)
    client = place.client()
    for call in (first, second):
        client.calls.actions.answer(place.id_of(call), client_state=STATE)
        wait_told(place, call.uuid, "call.answered")
    changed = base64.b64encode(b"talks soon").decode()
    client.calls.actions.update_client_state(place.id_of(second), client_state=changed)
    client.calls.actions.bridge(place.id_of(first), call_control_id_to_bridge_with=place.id_of(second))
    assert wait_told(place, second.uuid, "call.bridged").payload.client_state == changed
    assert wait_told(place, first.uuid, "call.bridged").payload.client_state == STATE


def two(events: list[object]) -> list[object]:
    """Both of them, or none yet."""
    return events if len(events) == 2 else []
