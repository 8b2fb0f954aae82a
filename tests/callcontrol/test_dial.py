"""Calls that clients make, by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from telnyx import NotFoundError, PermissionDeniedError, UnprocessableEntityError

from callcontrol.token import Scope
from tests.callcontrol.controlled import (
    BOB,
    BUSY,
    CAROL,
    CONNECTION_ID,
    DEAF,
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

STATE = base64.b64encode(b"first call of the day").decode()


def dial(place: Place, to: Any = BOB, **options: Any) -> Any:
    """Have somebody called; return what the answer says."""
    wait_hearing(place.api)
    answer = place.client().calls.dial(
        **({"connection_id": CONNECTION_ID, "to": to, "from_": FROM} | options)
    )
    assert answer.data is not None
    return answer.data


def codes(refused: pytest.ExceptionInfo[UnprocessableEntityError]) -> list[tuple[str, str]]:
    """The codes and pointers of a refusal."""
    errors = refused.value.response.json()["errors"]
    return [(one["code"], one.get("source", {}).get("pointer", "")) for one in errors]


def test_a_call_that_is_answered(place: Place) -> None:
    """The answer names the call at once; it is told of, waits for commands, and takes them."""
    prepare(place)
    call = dial(place, client_state=STATE)
    assert (call.is_alive, call.record_type, call.client_state) == (False, "call", STATE)
    wait_told(place, call.call_leg_id, "call.answered")
    client = place.client()
    status = client.calls.retrieve_status(call.call_control_id).data
    assert status is not None
    assert (status.is_alive, status.call_leg_id) == (True, call.call_leg_id)
    client.calls.actions.hangup(call.call_control_id)
    hangup = wait_told(place, call.call_leg_id, "call.hangup")
    initiated, answered, _ = events = told(place, call.call_leg_id)
    assert kinds_of(events) == ["call.initiated", "call.answered", "call.hangup"]
    assert (initiated.payload.state, initiated.payload.direction) == ("bridging", "outgoing")
    assert (answered.payload.from_, answered.payload.to) == (FROM, BOB)
    assert {one.payload.call_control_id for one in events} == {call.call_control_id}
    assert {one.payload.client_state for one in events} == {STATE}
    assert (hangup.payload.hangup_cause, hangup.payload.hangup_source) == ("normal_clearing", "caller")


@pytest.mark.parametrize(
    ("to", "timeout_secs", "cause", "source", "code"),
    [
        (BUSY, 30, "user_busy", "callee", "486"),
        (DEAF, 5, "timeout", "caller", "unspecified"),
        ("sip:none@example.com", 30, "not_found", "unknown", "unspecified"),
    ],
)
@pytest.mark.timeout(30)
def test_a_call_that_is_not(
    place: Place, to: str, timeout_secs: int, cause: str, source: str, code: str
) -> None:
    """Why is told by call.hangup; also of a leg that never came to be."""
    prepare(place)
    call = dial(place, to, timeout_secs=timeout_secs)
    hangup = wait_told(place, call.call_leg_id, "call.hangup").payload
    assert (hangup.hangup_cause, hangup.hangup_source, hangup.sip_hangup_cause) == (cause, source, code)
    assert kinds_of(told(place, call.call_leg_id)) == ["call.initiated", "call.hangup"]


def test_several_ring_and_one_has_it(place: Place) -> None:
    """Each is a leg of its own with webhooks of its own; they share a session."""
    prepare(place)
    call = dial(place, [CAROL, BOB])
    hangups = eventually(lambda: told(place, "", "call.hangup"))
    assert [one.payload.hangup_cause for one in hangups] == ["originator_cancel"]
    assert hangups[0].payload.call_leg_id == call.call_leg_id
    (answered,) = told(place, "", "call.answered")
    assert answered.payload.to == BOB
    assert answered.payload.call_session_id == call.call_session_id


def test_a_number_goes_through_the_gateway(place: Place) -> None:
    """With the connection's number where the client names none, and digits after the answer."""
    prepare(place)
    call = dial(
        place, "+15550177,12w3", from_="+15550122", custom_headers=[{"name": "X-Ticket", "value": "7"}]
    )
    wait_told(place, call.call_leg_id, "call.answered")
    session = place.house.switch.core.sessions[call.call_leg_id]
    assert session.channel.name == "sofia/gateway/carrier/+15550177"
    assert session.channel.get("sip_h_X-Ticket") == "7"
    assert session.channel.profile.caller_number == "+15550122"
    eventually(lambda: session.sent_digits, what="the digits")
    assert session.sent_digits.replace("w", "") == "123"


def test_a_repeated_command_makes_no_second_call(place: Place) -> None:
    """The same id is the same call, whichever process is asked, also after a restart."""
    prepare(place)
    first = dial(place, command_id="once")
    wait_told(place, first.call_leg_id, "call.answered")
    assert dial(place, command_id="once").call_control_id == first.call_control_id
    other = place.process(own=True)
    client = other.client(place.key())
    again = client.calls.dial(connection_id=CONNECTION_ID, to=BOB, from_=FROM, command_id="once").data
    assert again is not None
    assert again.call_control_id == first.call_control_id
    assert len(told(place, "", "call.initiated")) == 1
    assert dial(place, command_id="twice").call_control_id != first.call_control_id


def test_a_repetition_is_answered_as_the_first_one(place: Place) -> None:
    """With the session of link_to, and the recording; also when that other call is over by then."""
    prepare(place)
    call = controlled(place)
    options = {"link_to": place.id_of(call), "command_id": "once", "record": "record-from-answer"}
    first = dial(place, **options)
    assert first.recording_id
    assert first.call_session_id == call.uuid
    client = place.process(own=True).client(place.key())
    elsewhere = client.calls.dial(connection_id=CONNECTION_ID, to=BOB, from_=FROM, **options).data
    assert (elsewhere.call_leg_id, elsewhere.call_session_id) == (first.call_leg_id, call.uuid)
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    assert dial(place, **options) == first


def test_it_is_recorded_from_its_answer(place: Place) -> None:
    """The answer tells the recording's id, which call.recording.saved repeats."""
    prepare(place)
    call = dial(place, record="record-from-answer", record_channels="dual", record_format="wav")
    assert call.recording_id
    wait_told(place, call.call_leg_id, "call.answered")
    session = place.house.switch.core.sessions[call.call_leg_id]
    eventually(lambda: session.recordings, what="the recording")
    eventually(lambda: next(iter(session.recordings.values()))._capture.frames > 5)
    place.client().calls.actions.hangup(call.call_control_id)
    saved = wait_told(place, call.call_leg_id, "call.recording.saved")
    assert saved.payload.recording_id == call.recording_id
    with pytest.raises(PermissionDeniedError):
        place.client(Scope.CONTROL).calls.dial(
            connection_id=CONNECTION_ID, to=BOB, from_=FROM, record="record-from-answer"
        )


def test_it_is_connected_with_a_call_as_it_answers(place: Place) -> None:
    """link_to shares the session, bridge_on_answer connects; both hang up together."""
    prepare(place)
    call = controlled(place)
    place.client().calls.actions.answer(place.id_of(call))
    wait_told(place, call.uuid, "call.answered")
    linked = dial(place, link_to=place.id_of(call), bridge_on_answer=True, bridge_intent=True)
    assert linked.call_session_id == call.uuid
    wait_told(place, call.uuid, "call.bridged")
    assert wait_told(place, linked.call_leg_id, "call.bridged").payload.from_ == "+15550199"
    call.hang_up()
    wait_told(place, linked.call_leg_id, "call.hangup")


@pytest.mark.parametrize(
    ("options", "code", "pointer"),
    [
        ({"connection_id": "another"}, "10017", "/connection_id"),
        ({"to": "sip:bob@10.0.0.1"}, "10002", "/to"),
        ({"to": "sip:b|b@example.com"}, "10002", "/to"),
        ({"to": []}, "10015", "/to"),
        ({"from_": "a|caller"}, "10002", "/from"),
        ({"bridge_on_answer": True}, "10004", "/link_to"),
        ({"link_to": "v3:forged"}, "10017", "/link_to"),
        ({"timeout_secs": 4}, "10015", "/timeout_secs"),
        ({"audio_url": "http://10.0.0.1/x.wav"}, "10003", "/audio_url"),
        ({"send_digits_on_answer": "12x"}, "10015", "/send_digits_on_answer"),
        ({"sip_headers": [{"name": "Via", "value": "x"}]}, "10015", "/sip_headers/0/name"),
    ],
)
def test_what_cannot_be_called_is_refused(
    place: Place, options: dict[str, Any], code: str, pointer: str
) -> None:
    """Before anything is done, at the parameter that is to blame."""
    prepare(place)
    with pytest.raises(UnprocessableEntityError) as refused:
        dial(place, **options)
    assert codes(refused) == [(code, pointer)]
    assert not told(place)


def test_a_connection_that_is_not_active_makes_no_calls(place: Place) -> None:
    """As if it were not there."""
    prepare(place, active=False)
    with pytest.raises(UnprocessableEntityError) as refused:
        dial(place)
    assert codes(refused) == [("10017", "/connection_id")]


def test_live_calls_of_a_connection(place: Place) -> None:
    """How a client finds calls: those of its connection, a page at a time, as long as they live."""
    prepare(place)
    call = controlled(place)
    dialled = dial(place)
    wait_told(place, dialled.call_leg_id, "call.answered")
    client = place.client()
    page = client.connections.list_active_calls(CONNECTION_ID)
    assert [one.call_control_id for one in page.data] == [place.id_of(call), dialled.call_control_id]
    assert len(list(client.connections.list_active_calls(CONNECTION_ID, page_size=1))) == 2
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    eventually(lambda: len(client.connections.list_active_calls(CONNECTION_ID).data) == 1)
    with pytest.raises(NotFoundError):
        place.client(account_id="stranger").connections.list_active_calls(CONNECTION_ID)
