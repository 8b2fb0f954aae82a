"""How callflows bring calls under control, on a simulated FreeSWITCH."""

from __future__ import annotations

import pytest

from calls.call import Call
from calls.program import Exit
from simulator.script import read_script
from tests.callcontrol.controlled import (
    BOB,
    CALLER,
    CONNECTION_ID,
    controlled,
    kinds_of,
    prepare,
    told,
    wait_hearing,
    wait_told,
)
from tests.callcontrol.place import Place
from tests.waiting import eventually


def test_a_held_call_rings_until_it_is_answered(place: Place) -> None:
    """It is neither answered nor given up by the callflow."""
    prepare(place)
    call = controlled(place)
    eventually(lambda: call.session.channel.ring_ready, what="ringing")
    assert not call.session.channel.answered
    place.client().calls.actions.answer(place.id_of(call))
    wait_told(place, call.uuid, "call.answered")


def test_a_call_that_is_only_told_of_goes_on(place: Place) -> None:
    """The callflow is done with it at once; commands act on it, and it is told of to its end."""
    prepare(place)

    def then(call: Call) -> None:
        call.execute("answer")
        call.wait_ended(10.0)

    call = controlled(place, hold=False, then=then)
    wait_told(place, call.uuid, "call.answered")
    place.client().calls.actions.hangup(place.id_of(call))
    wait_told(place, call.uuid, "call.hangup")
    assert told(place, call.uuid, "call.initiated")[0].payload.state == "bridging"


def test_a_call_that_nobody_answers_is_released(place: Place) -> None:
    """After the callflow's own time, so that it can go on to somebody else."""
    prepare(place)
    went_on: list[bool] = []
    call = controlled(place, timeout_s=0.2, then=lambda call: went_on.append(call.is_ended))
    eventually(lambda: went_on, what="the callflow")
    assert went_on == [False]
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")


def test_a_call_that_is_answered_in_time_is_held(place: Place) -> None:
    """The time is for the answer alone."""
    prepare(place)
    went_on: list[bool] = []
    call = controlled(place, timeout_s=1.0, then=lambda call: went_on.append(call.is_ended))
    place.client().calls.actions.answer(place.id_of(call))
    wait_told(place, call.uuid, "call.answered")
    place.client().calls.actions.transfer(place.id_of(call), to=BOB)
    wait_told(place, call.uuid, "call.bridged")
    call.hang_up()
    eventually(lambda: went_on, what="the callflow")
    assert went_on == [True]


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ({"active": False}, {}),
        ({"numbers": []}, {"connection_id": ""}),
        ({"webhook_event_url": "gopher://x"}, {}),
        ({}, {"connection_id": "another"}),
        ({}, {"connection_id": "../etc"}),
    ],
)
def test_no_connection_takes_the_call(
    place: Place, document: dict[str, object], data: dict[str, str]
) -> None:
    """The callflow goes on, and nobody is told."""
    prepare(place, **document)
    ends: list[Exit] = []
    program = wait_hearing(place.api).control.program
    place.house.dial(
        lambda call: ends.append(program.run(call, {"connection_id": CONNECTION_ID, **data}).exit),
        read_script(dict(CALLER)),
    )
    eventually(lambda: ends)
    assert ends == [Exit.FAILED]
    assert not told(place)


def test_the_number_names_the_connection(place: Place) -> None:
    """Where the callflow names none, the connection that owns the number is told."""
    prepare(place)
    call = controlled(place, connection_id="")
    initiated = wait_told(place, call.uuid, "call.initiated")
    assert initiated.payload.connection_id == CONNECTION_ID


def test_a_state_of_the_callflows_own(place: Place) -> None:
    """client_state stands in every webhook until a command changes it."""
    prepare(place)
    call = controlled(place, client_state="eA==")
    call.hang_up()
    wait_told(place, call.uuid, "call.hangup")
    events = told(place, call.uuid)
    assert kinds_of(events) == ["call.initiated", "call.hangup"]
    assert {event.payload.client_state for event in events} == {"eA=="}
    assert (events[-1].payload.hangup_cause, events[-1].payload.hangup_source) == (
        "normal_clearing",
        "caller",
    )


def test_a_call_that_is_connected_with_another_leaves_the_callflow(place: Place) -> None:
    """Bridge takes it away; the callflow leaves it alone."""
    prepare(place)
    ends: list[Exit] = []
    program = wait_hearing(place.api).control.program
    data = {"connection_id": CONNECTION_ID}
    first = place.house.dial(
        lambda call: ends.append(program.run(call, data).exit), read_script(dict(CALLER))
    )
    wait_told(place, first.uuid, "call.initiated")
    second = controlled(place)
    client = place.client()
    for call in (first, second):
        client.calls.actions.answer(place.id_of(call))
        wait_told(place, call.uuid, "call.answered")
    client.calls.actions.bridge(place.id_of(first), call_control_id_to_bridge_with=place.id_of(second))
    eventually(lambda: ends)
    assert ends == [Exit.LEFT]
    wait_told(place, first.uuid, "call.bridged")
