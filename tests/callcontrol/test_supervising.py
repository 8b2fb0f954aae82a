"""Calls that supervise another one, by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

from typing import Any

import pytest
from telnyx import Telnyx, UnprocessableEntityError

from simulator.simcall import SimCall
from tests.callcontrol.controlled import BOB, CONNECTION_ID, FROM, controlled, prepare, wait_told
from tests.callcontrol.place import Place
from tests.waiting import eventually


def answered(place: Place) -> tuple[SimCall, str, Telnyx]:
    """A call that is answered, its id, and a client."""
    prepare(place)
    call = controlled(place)
    client, call_control_id = place.client(), place.id_of(call)
    client.calls.actions.answer(call_control_id)
    wait_told(place, call.uuid, "call.answered")
    return call, call_control_id, client


def dial(client: Telnyx, **options: Any) -> Any:
    """Have bob called; return what the answer says."""
    return client.calls.dial(connection_id=CONNECTION_ID, to=BOB, from_=FROM, **options).data


def errors_of(refused: pytest.ExceptionInfo[UnprocessableEntityError]) -> list[tuple[str, str]]:
    """The codes and pointers of a refusal."""
    errors = refused.value.response.json()["errors"]
    return [(one["code"], one.get("source", {}).get("pointer", "")) for one in errors]


def role_of(place: Place, uuid: str) -> tuple[str | None, str | None]:
    """Whether the other side, and whether the supervised call, hears a supervisor."""
    channel = place.house.switch.core.sessions[uuid].channel
    return channel.get("eavesdrop_whisper_aleg"), channel.get("eavesdrop_whisper_bleg")


def test_a_supervisor_is_there_as_long_as_the_call(place: Place) -> None:
    """It hears the call once it has answered, in its role, and goes with it."""
    call, call_control_id, client = answered(place)
    leg = dial(client, supervise_call_control_id=call_control_id, supervisor_role="whisper")
    wait_told(place, leg.call_leg_id, "call.answered")
    channel = place.house.switch.core.sessions[leg.call_leg_id].channel
    eventually(lambda: channel.get("current_application") == "eavesdrop", what="the supervisor")
    assert channel.get("current_application_data") == call.uuid
    assert channel.get("eavesdrop_enable_dtmf") == "false"
    assert role_of(place, leg.call_leg_id) == ("false", "true")
    call.hang_up()
    wait_told(place, leg.call_leg_id, "call.hangup")


def test_a_role_is_changed(place: Place) -> None:
    """Also before the supervisor has answered: it begins with what was said last."""
    _, call_control_id, client = answered(place)
    leg = dial(client, supervise_call_control_id=call_control_id)
    wait_told(place, leg.call_leg_id, "call.initiated")
    assert role_of(place, leg.call_leg_id) == ("true", "true")
    taken = client.calls.actions.switch_supervisor_role(leg.call_control_id, role="monitor").data
    assert taken is not None
    assert taken.result == "ok"
    assert role_of(place, leg.call_leg_id) == ("false", "false")


def test_what_cannot_be_supervised(place: Place) -> None:
    """A call that is nobody's, another account's, not answered; nor with a bridge besides."""
    prepare(place)
    ringing = place.id_of(controlled(place))
    _, call_control_id, client = answered(place)
    stranger = place.id_of(place.call(), account_id="stranger")
    refusals = []
    for options in (
        {"supervise_call_control_id": "v3:forged"},
        {"supervise_call_control_id": stranger},
        {"supervise_call_control_id": ringing},
        {"supervise_call_control_id": call_control_id, "supervisor_role": "listen"},
        {"supervise_call_control_id": call_control_id, "link_to": ringing, "bridge_on_answer": True},
    ):
        with pytest.raises(UnprocessableEntityError) as refused:
            dial(client, **options)
        refusals += errors_of(refused)
    assert refusals == [
        ("10017", "/supervise_call_control_id"),
        ("10017", "/supervise_call_control_id"),
        ("90034", "/supervise_call_control_id"),
        ("10015", "/supervisor_role"),
        ("10015", "/supervise_call_control_id"),
    ]


def test_only_supervisors_have_a_role(place: Place) -> None:
    """Any other call is left alone."""
    _, call_control_id, client = answered(place)
    with pytest.raises(UnprocessableEntityError) as refused:
        client.calls.actions.switch_supervisor_role(call_control_id, role="barge")
    assert errors_of(refused) == [("10017", "")]
