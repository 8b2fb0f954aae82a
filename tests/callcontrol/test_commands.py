"""Commands by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

import base64

import pytest
from telnyx import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
)

from callcontrol.token import Scope
from tests.callcontrol.place import Place
from tests.waiting import eventually

STATE = base64.b64encode(b"have a nice day").decode()


def test_answer_and_hangup(place: Place) -> None:
    """A ringing call is answered, and a live one ended."""
    call = place.call()
    client = place.client(Scope.CONTROL)
    call_control_id = place.id_of(call)
    taken = client.calls.actions.answer(call_control_id)
    assert taken.data is not None
    assert taken.data.result == "ok"
    eventually(lambda: call.session.answered_s is not None, what="the answer")
    client.calls.actions.hangup(call_control_id)
    assert call.wait_ended(10)


def test_client_state_travels_on_the_channel(place: Place) -> None:
    """Every command may carry it; it is told with the state of the call."""
    call = place.call()
    client = place.client()
    call_control_id = place.id_of(call)
    client.calls.actions.answer(call_control_id, client_state=STATE)
    told = client.calls.retrieve_status(call_control_id).data
    assert told is not None
    assert (told.client_state, told.is_alive, told.call_leg_id) == (STATE, True, call.uuid)
    client.calls.actions.update_client_state(call_control_id, client_state="eA==")
    told = client.calls.retrieve_status(call_control_id).data
    assert told is not None
    assert told.client_state == "eA=="
    assert told.call_session_id == call.uuid


def test_a_call_that_is_over(place: Place) -> None:
    """Commands are refused with the code clients look for; its state is told all the same."""
    call = place.call()
    client = place.client()
    call_control_id = place.id_of(call)
    call.hang_up()
    assert call.wait_ended(10)
    for command in (client.calls.actions.answer, client.calls.actions.hangup):
        with pytest.raises(UnprocessableEntityError) as refused:
            command(call_control_id)
        assert refused.value.response.json()["errors"][0]["code"] == "90018"
    told = client.calls.retrieve_status(call_control_id).data
    assert told is not None
    assert not told.is_alive


def test_faults_are_told_each_with_its_place(place: Place) -> None:
    """Every parameter that is wrong is one entry, with a pointer."""
    client = place.client()
    with pytest.raises(UnprocessableEntityError) as refused:
        client.calls.actions.answer(place.id_of(place.call()), client_state="?", command_id="")
    errors = refused.value.response.json()["errors"]
    assert {one["source"]["pointer"] for one in errors} == {"/client_state", "/command_id"}
    assert all(one["code"] and one["title"] and one["detail"] for one in errors)


def test_nobody_reaches_another_accounts_call(place: Place) -> None:
    """A call of another account is not there."""
    call = place.call()
    stranger = place.client(account_id="stranger")
    with pytest.raises(NotFoundError) as refused:
        stranger.calls.actions.hangup(place.id_of(call))
    assert refused.value.response.json()["errors"][0]["code"] == "10005"
    with pytest.raises(UnprocessableEntityError) as refused_too:
        stranger.calls.actions.hangup(place.id_of(call)[:-1] + "~")
    assert refused_too.value.response.json()["errors"][0]["code"] == "90015"


def test_a_key_is_needed_and_its_scope(place: Place) -> None:
    """Without a key, or with one for other things, nothing is done."""
    call_control_id = place.id_of(place.call())
    with pytest.raises(AuthenticationError) as unknown:
        place.api.client("KEYnobody").calls.actions.answer(call_control_id)
    assert unknown.value.response.json()["errors"][0]["code"] == "10009"
    listener = place.client(Scope.LISTEN)
    with pytest.raises(PermissionDeniedError) as forbidden:
        listener.calls.actions.answer(call_control_id)
    assert forbidden.value.response.json()["errors"][0]["code"] == "10010"
