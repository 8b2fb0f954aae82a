"""Commands by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

import base64

import pytest
from structlog.testing import capture_logs
from telnyx import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    UnprocessableEntityError,
)

from callcontrol.channel import unpacked
from callcontrol.token import Scope
from tests.callcontrol.place import Place, wait_written
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


def test_answering_carries_headers_addresses_and_a_recording(place: Place) -> None:
    """All that answer can say besides: into the response, onto the call, into a file."""
    call = place.call([{"at": 0.0, "say": 10.0}])
    client = place.client()
    call_control_id = place.id_of(call)
    taken = client.calls.actions.answer(
        call_control_id,
        custom_headers=[{"name": "X-Ticket", "value": "it's 5"}],
        sip_headers=[{"name": "User-to-User", "value": "00abcd;encoding=hex"}],
        webhook_url="https://own.example/hooks",
        webhook_urls={"call.hangup": ["https://end.example/"]},
        record="record-from-answer",
        record_format="wav",
        record_channels="single",
        send_silence_when_idle=True,
    ).data
    assert taken is not None
    variable = call.session.channel.get
    assert variable("sip_rh_X-Ticket") == "it's 5"
    assert variable("send_silence_when_idle") == "-1"
    assert variable("sip_rh_User-to-User") == "00abcd;encoding=hex"
    assert unpacked(variable("callcontrol_webhook") or "") == {
        "url": "https://own.example/hooks",
        "urls": {"call.hangup": ["https://end.example/"]},
    }
    wait_written(call)
    client.calls.actions.stop_recording(call_control_id, recording_id=taken.recording_id or "")
    eventually(lambda: place.house.is_known(str(taken.recording_id)), what="the recording in the outbox")


def test_what_answering_cannot_do_is_told_in_the_log(place: Place) -> None:
    """A parameter that only the cloud has a use for is taken, and named."""
    call_control_id = place.id_of(place.call())
    client = place.client()
    with capture_logs() as lines:
        client.calls.actions.answer(
            call_control_id, stream_url="wss://example.com/stream", transcription=True
        )
    unused = [line["parameter"] for line in lines if line["event"] == "parameter_unused"]
    assert unused == ["stream_url", "transcription"]


def test_answering_does_not_record_for_who_may_not(place: Place) -> None:
    """A key for control answers calls; with a recording it does neither."""
    call = place.call()
    with pytest.raises(PermissionDeniedError):
        place.client(Scope.CONTROL).calls.actions.answer(place.id_of(call), record="record-from-answer")
    assert call.session.answered_s is None


def test_hanging_up_carries_headers_and_a_reason(place: Place) -> None:
    """The reason only where it means something: on an outgoing leg nobody has answered."""
    call = place.call()
    variables = call.session.channel
    place.client().calls.actions.hangup(
        place.id_of(call), custom_headers=[{"name": "X-Why", "value": "done"}], reason="elsewhere"
    )
    assert call.wait_ended(10)
    assert variables.get("sip_bye_h_X-Why") == "done"
    assert variables.get("sip_reason") is None


@pytest.mark.parametrize("name", ["Via", "call-id", "X Y", "", "X:", "Proxy-Authorization"])
def test_headers_that_sip_needs_are_not_the_clients(place: Place, name: str) -> None:
    """What says where a message goes, and what is no header's name, is refused with its place."""
    with pytest.raises(UnprocessableEntityError) as refused:
        place.client().calls.actions.answer(
            place.id_of(place.call()), custom_headers=[{"name": name, "value": "x"}]
        )
    (error,) = refused.value.response.json()["errors"]
    assert error["source"]["pointer"] == "/custom_headers/0/name"


def test_a_faulty_address_is_told_at_its_place(place: Place) -> None:
    """By its event type and its number."""
    with pytest.raises(UnprocessableEntityError) as refused:
        place.client().calls.actions.answer(
            place.id_of(place.call()), webhook_urls={"call.hangup": ["https://a.example/", "ftp://b"]}
        )
    (error,) = refused.value.response.json()["errors"]
    assert error["source"]["pointer"] == "/webhook_urls/call.hangup/1"


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
