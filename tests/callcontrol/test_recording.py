"""record_start and its family by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

import base64
import json
import re
import wave
from typing import Any

import httpx
import pytest
from telnyx import Telnyx, UnprocessableEntityError

from callcontrol.token import Scope
from simulator.simcall import SimCall
from storage.notice import Notice
from storage.outbox_delivery import StoredRecording
from tests.callcontrol.place import ApiProcess, Place, wait_written
from tests.recording.samples import ACCOUNT_ID, WAV
from tests.waiting import eventually

STATE = base64.b64encode(b"have a nice day").decode()
CONNECTION = {
    "_id": "crm",
    "pvt_type": "connection",
    "webhook_event_url": "https://crm.example/hooks",
    "webhook_event_failover_url": "https://crm.example/failover",
}
SPEECH = [{"at": 0.0, "say": 20.0}]


def answered(place: Place, client: Telnyx, steps: list[dict[str, Any]] | None = None) -> tuple[SimCall, str]:
    """A live, answered call of the connection, and its id."""
    call = place.call(SPEECH if steps is None else steps)
    call.session.channel.set("callcontrol_connection_id", "crm")
    call_control_id = place.id_of(call)
    client.calls.actions.answer(call_control_id)
    return call, call_control_id


def started(call: SimCall, count: int = 1) -> None:
    """Wait until so many recordings of a call have something in them."""
    wait_written(call, count)


def stored(place: Place, recording_id: str) -> StoredRecording:
    """Wait until a recording is in the outbox."""
    eventually(lambda: place.house.is_known(recording_id), what="the recording in the outbox")
    return place.house.stored(recording_id)


def saved(place: Place, recording_id: str = "") -> Notice:
    """Wait for the webhook of a recording's end."""
    box = place.house.outbox.notices

    def found() -> Notice | None:
        rows = [row for row in box.list() if row.kind.startswith("call.recording.")]
        return box.show(rows[0].id) if len(rows) == 1 else None

    notice = eventually(found, what="the webhook of the recording")
    assert recording_id in json.dumps(body_of(notice))
    return notice


def body_of(notice: Notice) -> dict[str, Any]:
    """What a webhook says."""
    return dict(notice.body or {})


def test_a_recording_from_start_to_webhook(place: Place) -> None:
    """Started and stopped by the client, stored under its name, told with links and the client's state."""
    place.write(CONNECTION)
    client = place.client()
    call, call_control_id = answered(place, client)
    response = client.calls.actions.with_raw_response.start_recording(
        call_control_id, format="wav", channels="dual", client_state=STATE, custom_file_name="interview"
    )
    recording_id = response.json()["data"]["recording_id"]
    started(call)
    client.calls.actions.stop_recording(call_control_id)
    delivery = stored(place, recording_id)
    assert re.fullmatch(r"interview_\d{10}\.wav", delivery.media.name)
    with wave.open(str(delivery.media.path)) as audio:
        assert audio.getnchannels() == 2
    notice = saved(place, recording_id)
    assert (notice.url, notice.failover_url) == (
        CONNECTION["webhook_event_url"],
        CONNECTION["webhook_event_failover_url"],
    )
    assert (notice.kind, notice.account_id) == ("call.recording.saved", ACCOUNT_ID)
    payload = body_of(notice)["data"]["payload"]
    assert payload["client_state"] == STATE
    assert payload["channels"] == "dual"
    assert payload["call_leg_id"] == payload["call_session_id"] == call.uuid
    assert payload["call_control_id"] == call_control_id
    assert set(payload["recording_urls"]) == {"mp3", "wav"}


def test_a_process_records_what_another_holds(place: Place) -> None:
    """Begun by one process on a call of another, stopped at the other, with commands to either."""
    place.write(CONNECTION)
    holder, other = place.process(), place.process(own=True)
    key = place.key()
    at_holder, at_other = holder.client(key), other.client(key)
    call, call_control_id = answered(place, at_other)
    at_other.calls.actions.start_recording(call_control_id, format="wav", channels="single")
    started(call)
    assert (holder.recorder.live, other.recorder.live) == (0, 1)
    at_holder.calls.actions.pause_recording(call_control_id)
    eventually(lambda: _only(other).is_paused, what="the pause")
    at_holder.calls.actions.resume_recording(call_control_id)
    eventually(lambda: not _only(other).is_paused, what="its end")
    at_holder.calls.actions.stop_recording(call_control_id)
    assert body_of(saved(place))["data"]["event_type"] == "call.recording.saved"


def test_a_hangup_ends_it_and_is_told(place: Place) -> None:
    """A recording that nobody stopped is saved with the call's end."""
    place.write(CONNECTION)
    client = place.client()
    call, call_control_id = answered(place, client)
    client.calls.actions.start_recording(call_control_id, format="mp3", channels="single")
    started(call)
    client.calls.actions.hangup(call_control_id)
    assert call.wait_ended(10)
    assert saved(place).kind == "call.recording.saved"


def test_without_an_id_only_what_record_start_began_obeys(place: Place) -> None:
    """A recording that a callflow's policy began goes on, unless it is named; nobody else may name it."""
    client = place.client()
    call, call_control_id = answered(place, client)
    policy = place.house.recorder.start(place.house.calls[-1], WAV)
    started(call)
    with pytest.raises(UnprocessableEntityError) as refused:
        client.calls.actions.stop_recording(call_control_id)
    assert refused.value.response.json()["errors"][0]["code"] == "90042"
    client.calls.actions.start_recording(call_control_id, format="wav", channels="single")
    started(call, 2)
    client.calls.actions.stop_recording(call_control_id)
    eventually(lambda: place.house.recorder.live == 1, what="the end of one")
    assert not policy.is_over
    client.calls.actions.stop_recording(call_control_id, recording_id=policy.id)
    eventually(lambda: policy.is_over, what="the end of the other")


def test_it_needs_an_answered_call_and_the_scope(place: Place) -> None:
    """A call that rings is not recorded, and a key for control alone records nothing."""
    call = place.call()
    with pytest.raises(UnprocessableEntityError) as refused:
        place.client(Scope.RECORD).calls.actions.start_recording(
            place.id_of(call), format="wav", channels="single"
        )
    assert refused.value.response.json()["errors"][0]["code"] == "90034"


def test_a_repeated_command_records_once(place: Place) -> None:
    """Also when another process is asked the second time."""
    first, second = place.process(), place.process(own=True)
    key = place.key()
    call, call_control_id = answered(place, first.client(key))
    for process in (first, second, first):
        process.client(key).calls.actions.start_recording(
            call_control_id, format="wav", channels="single", command_id="once"
        )
    started(call)
    assert len(call.recordings) == 1
    assert (first.recorder.live, second.recorder.live) == (1, 0)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"format": "ogg"}, "/format"),
        ({"channels": "stereo"}, "/channels"),
        ({"max_length": -1}, "/max_length"),
        ({"max_length": 14_401}, "/max_length"),
        ({"max_length": "5"}, "/max_length"),
        ({"timeout_secs": -1}, "/timeout_secs"),
        ({"recording_track": "left"}, "/recording_track"),
        ({"trim": "all"}, "/trim"),
        ({"custom_file_name": ""}, "/custom_file_name"),
        ({"custom_file_name": "x" * 41}, "/custom_file_name"),
        ({"transcription": "yes"}, "/transcription"),
        ({"transcription_language": "xx-XX"}, "/transcription_language"),
        ({"transcription_engine": "Z"}, "/transcription_engine"),
        ({"transcription_min_speaker_count": 0}, "/transcription_min_speaker_count"),
        ({"client_state": "no base64!"}, "/client_state"),
        ({"command_id": ""}, "/command_id"),
        ({"play_beep": 1}, "/play_beep"),
    ],
)
def test_every_limit_of_the_page(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    client = place.client()
    with pytest.raises(UnprocessableEntityError) as refused:
        client.calls.actions.start_recording(
            place.id_of(place.call()), **({"format": "wav", "channels": "single"} | wrong)
        )
    (error,) = refused.value.response.json()["errors"]
    assert error["source"] == {"pointer": pointer}


def test_format_and_channels_are_required(place: Place) -> None:
    """Without them two parameters are missing."""
    url = f"{place.api.url}/v2/calls/{place.id_of(place.call())}/actions/record_start"
    refused = httpx.post(url, headers={"Authorization": f"Bearer {place.key()}"})
    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert [(one["code"], one["source"]["pointer"]) for one in errors] == [
        ("10004", "/format"),
        ("10004", "/channels"),
    ]


def _only(process: ApiProcess) -> Any:
    (recording,) = process.recorder._roster
    return recording
