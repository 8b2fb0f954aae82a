"""Transcripts by record_start: what is asked for comes to the engine; what cannot be had is told first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from telnyx import Telnyx, UnprocessableEntityError
from telnyx.types import CallRecordingTranscriptionSavedWebhookEvent

from callcontrol.recording_transcript import ENGINES
from recording.processing import engine
from recording.processing.engines.http import WHISPER
from simulator.simcall import SimCall
from storage.notice import Notice
from tests.callcontrol.place import Place, wait_written
from tests.callcontrol.test_recording import CONNECTION, SPEECH, stored
from tests.recording.processing.speech_server import SpeechServer
from tests.waiting import eventually

ANSWER = {"text": "hello there", "segments": [{"start": 0.1, "text": "hello there"}]}


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    """A server of transcripts."""
    server = SpeechServer({"/v1/audio/transcriptions": [(200, ANSWER)]})
    yield server
    server.close()


def configured(place: Place, server: SpeechServer, engine: str = "http", **more: Any) -> None:
    """Have an operator configure the engine `http`, and choose one."""
    table = place.house.config.table
    table["recording", "processing", "transcript_engine"] = engine
    table["recording", "processing", "transcript_limit_s"] = 60
    table["recording", "processing", "http"] = {
        "url": f"{server.url}/v1/audio/transcriptions",
        "model": "small",
        "languages": [],
        **more,
    }


def begun(place: Place, client: Telnyx, **options: Any) -> tuple[SimCall, str]:
    """A recording of an answered call; its id."""
    call = place.call(SPEECH)
    call.session.channel.set("callcontrol_connection_id", "crm")
    call_control_id = place.id_of(call)
    client.calls.actions.answer(call_control_id)
    response = client.calls.actions.with_raw_response.start_recording(
        call_control_id, format="wav", channels="dual", transcription=True, **options
    )
    wait_written(call)
    return call, str(response.json()["data"]["recording_id"])


def of_recordings(place: Place, count: int) -> list[Notice]:
    """The webhooks about recordings, so many."""

    def found() -> list[Notice]:
        box = place.house.outbox.notices
        rows = [row for row in box.list() if row.kind.startswith("call.recording.")]
        return [box.show(row.id) for row in reversed(rows)] if len(rows) >= count else []

    return list(eventually(found, what="the webhooks of the recording"))


@pytest.mark.parametrize("chosen", [{}, {"transcription_engine": "B"}, {"transcription_engine": "http"}])
def test_a_recording_is_transcribed(place: Place, server: SpeechServer, chosen: dict[str, Any]) -> None:
    """By the operator's engine where none is named; its text is in the document, and told by a webhook."""
    place.write(CONNECTION)
    configured(place, server)
    client = place.client()
    call, recording_id = begun(place, client, transcription_language="de-DE", **chosen)
    request = next(iter(place.house.recorder._roster)).ticket.request
    assert request.transcript is not None
    assert (request.transcript.engine, request.transcript.language) == ("http", "de")
    assert (request.transcript.min_speakers, request.transcript.max_speakers) == (2, 6)
    client.calls.actions.stop_recording(place.id_of(call))
    ours = stored(place, recording_id).metadata["callflows"]
    assert ours["transcript"] == {
        "engine": "http",
        "language": "de",
        "text": "left: hello there\nright: hello there",
        "failed": "",
    }
    assert ours["tags"] == {"call_session_id": call.uuid, "connection_id": "crm"}
    saved, transcribed = of_recordings(place, 2)
    assert saved.kind == "call.recording.saved"
    event = CallRecordingTranscriptionSavedWebhookEvent.model_validate(transcribed.body)
    assert event.data is not None
    payload = event.data.payload
    assert payload is not None
    assert payload.transcription_text == "left: hello there\nright: hello there"
    assert (payload.recording_id, payload.status) == (recording_id, "completed")


def test_all_wishes_travel(place: Place, server: SpeechServer) -> None:
    """Profanity, speakers and their numbers come to the engine with the ticket."""
    configured(place, server)
    begun(
        place,
        place.client(),
        transcription_profanity_filter=True,
        transcription_speaker_diarization=True,
        transcription_min_speaker_count=3,
        transcription_max_speaker_count=5,
    )
    wanted = next(iter(place.house.recorder._roster)).ticket.request.transcript
    assert wanted is not None
    assert (wanted.profanity_filter, wanted.diarization, wanted.min_speakers, wanted.max_speakers) == (
        True,
        True,
        3,
        5,
    )


def test_a_transcript_that_fails_harms_no_recording(place: Place, server: SpeechServer) -> None:
    """It is delivered and told as saved; of the transcript nothing is told but in the document."""
    place.write(CONNECTION)
    configured(place, server)
    server.answers = {"/": [(400, {"error": {"message": "no such model"}})]}
    client = place.client()
    call, recording_id = begun(place, client)
    client.calls.actions.stop_recording(place.id_of(call))
    delivery = stored(place, recording_id)
    assert delivery.metadata["callflows"]["verdict"] == "ok"
    assert "no such model" in delivery.metadata["callflows"]["transcript"]["failed"]
    assert [one.kind for one in of_recordings(place, 1)] == ["call.recording.saved"]


@pytest.mark.parametrize(
    ("options", "pointer", "told"),
    [
        ({"transcription_engine": "A"}, "/transcription_engine", "credentials_file"),
        ({"transcription_engine": "Google"}, "/transcription_engine", "credentials_file"),
        (
            {"transcription_engine": "deepgram/nova-3"},
            "/transcription_engine",
            "there are: google, http, pocketsphinx",
        ),
        (
            {"transcription_engine": "pocketsphinx", "transcription_language": "de-DE"},
            "/transcription_language",
            "it knows: en-US",
        ),
        (
            {"transcription_engine": "http", "transcription_language": "ve-ZA"},
            "/transcription_language",
            "knows",
        ),
        (
            {"transcription_min_speaker_count": 5, "transcription_max_speaker_count": 2},
            "/transcription_min_speaker_count",
            "transcription_max_speaker_count",
        ),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_is_recorded(
    place: Place, server: SpeechServer, options: dict[str, Any], pointer: str, told: str
) -> None:
    """With what there is, at the parameter; and nothing is recorded."""
    if options.get("transcription_engine") == "pocketsphinx":
        pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    configured(place, server)
    client = place.client()
    call = place.call()
    client.calls.actions.answer(place.id_of(call))
    with pytest.raises(UnprocessableEntityError) as refused:
        client.calls.actions.start_recording(
            place.id_of(call), format="wav", channels="single", transcription=True, **options
        )
    (error,) = refused.value.response.json()["errors"]
    assert error["source"] == {"pointer": pointer}
    assert told in error["detail"]
    assert call.recordings == []


def test_without_an_engine_a_client_is_told(place: Place) -> None:
    """Where the operator has chosen none, Google's is meant, and is not configured."""
    client = place.client()
    call = place.call()
    client.calls.actions.answer(place.id_of(call))
    with pytest.raises(UnprocessableEntityError, match="google"):
        client.calls.actions.start_recording(
            place.id_of(call), format="wav", channels="single", transcription=True
        )


def test_every_engine_has_its_own_name_too() -> None:
    """Beside those that Telnyx' clients know."""
    assert set(engine.names()) <= set(ENGINES)
    assert "en" in WHISPER
