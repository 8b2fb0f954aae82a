"""Speech, prompts, and other ends of recordings on a running FreeSWITCH; each webhook as its model has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from telnyx import types as models

from service.stage import ACCOUNT
from tests.callcontrol.heard import sound
from tests.live.beside import Beside
from tests.live.test_call_control_calls import Desk, opened
from tests.storage.receiver import Answer, serving
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

PATIENCE_S = 60.0
"""Beside other work a transcript may take long."""

MODELS: dict[str, type[BaseModel]] = {
    "call.speak.started": models.CallSpeakStartedWebhookEvent,
    "call.speak.ended": models.CallSpeakEndedWebhookEvent,
    "call.playback.started": models.CallPlaybackStartedWebhookEvent,
    "call.playback.ended": models.CallPlaybackEndedWebhookEvent,
    "call.gather.ended": models.CallGatherEndedWebhookEvent,
    "call.recording.error": models.CallRecordingErrorWebhookEvent,
    "call.recording.saved": models.CallRecordingSavedWebhookEvent,
    "call.recording.transcription.saved": models.CallRecordingTranscriptionSavedWebhookEvent,
}


@pytest.fixture
def desk(beside: Callable[..., Beside]) -> Iterator[Desk]:
    """A client program beside a running FreeSWITCH."""
    with opened(beside) as one:
        yield one


def told(desk: Desk, kind: str, uuid: str, nth: int = 0) -> Any:
    """Wait for a webhook of a leg, which is as its model has it; return its payload."""
    eventually(lambda: desk.of(uuid).count(kind) > nth, PATIENCE_S, f"{kind}, number {nth}")
    event = desk.wait(kind, uuid, nth)
    MODELS[kind].model_validate({"data": event.to_dict(mode="json")})
    return event.payload


def press(desk: Desk, uuid: str, digits: str) -> None:
    """The far end presses keys."""
    desk.home.link.api("uuid_recv_dtmf", f"{uuid} {digits}")


def test_speech_is_told(desk: Desk) -> None:
    """Its beginning and its end, with the client's state."""
    uuid, call_control_id = desk.incoming()
    desk.client.calls.actions.speak(call_control_id, payload="Hello", voice="female", client_state="eA==")
    assert told(desk, "call.speak.started", uuid).client_state == "eA=="
    ended = told(desk, "call.speak.ended", uuid)
    assert (ended.status, ended.client_state) == ("completed", "eA==")


def test_prompts_are_broken_off_by_digits(desk: Desk) -> None:
    """A sound that FreeSWITCH fetches, and words; what was pressed is told."""
    uuid, call_control_id = desk.incoming()
    with serving() as sounds:
        sounds.answers[:] = [Answer(200, {"Content-Type": "audio/wav"}, sound(30))]
        desk.client.calls.actions.gather_using_audio(
            call_control_id, audio_url=sounds.url("/prompt.wav"), maximum_digits=2, timeout_millis=60_000
        )
        assert told(desk, "call.playback.started", uuid).media_url == sounds.url("/prompt.wav")
        press(desk, uuid, "42")
        ended = told(desk, "call.gather.ended", uuid)
        assert (ended.status, ended.digits) == ("valid", "42")
        assert told(desk, "call.playback.ended", uuid).status == "cancelled"
    desk.client.calls.actions.gather_using_speak(
        call_control_id, payload="Please enter your number. " * 10, voice="male", timeout_millis=60_000
    )
    link = desk.home.link
    eventually(lambda: link.api("uuid_getvar", f"{uuid} current_application") == "speak", what="the words")
    press(desk, uuid, "7#")
    ended = told(desk, "call.gather.ended", uuid, 1)
    assert (ended.status, ended.digits) == ("valid", "7")
    (spoken,) = desk.home.wait_event("CHANNEL_EXECUTE_COMPLETE", Unique_ID=uuid, Application="speak")
    assert "enter your number" in spoken.get("Application-Data")


def test_a_recording_is_transcribed_on_this_host(desk: Desk) -> None:
    """By PocketSphinx, which the operator has chosen; its text is told behind the recording."""
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    processing = {"transcript_engine": "pocketsphinx"}
    desk.home.stage.write("system_config", "recording", {"default": {"processing": processing}})
    config = desk.home.engine.config.for_account(ACCOUNT)
    eventually(lambda: config.get("recording", "processing", "transcript_engine"), what="the engine")
    uuid, call_control_id = desk.incoming()
    actions = desk.client.calls.actions
    actions.start_recording(
        call_control_id, format="wav", channels="dual", transcription=True, transcription_language="en-US"
    )
    desk.home.wait_event("RECORD_START", Unique_ID=uuid)
    actions.speak(call_control_id, payload="Go forward ten meters", voice="male")
    told(desk, "call.speak.ended", uuid)
    actions.stop_recording(call_control_id)
    transcribed = told(desk, "call.recording.transcription.saved", uuid)
    assert transcribed.status == "completed"
    assert isinstance(transcribed.transcription_text, str)
    kinds = [kind for kind in desk.of(uuid) if kind.startswith("call.recording.")]
    assert kinds == ["call.recording.saved", "call.recording.transcription.saved"]
    told(desk, "call.recording.saved", uuid)


def test_a_recording_that_is_lost_is_told(desk: Desk) -> None:
    """Somebody deletes the file under FreeSWITCH's hands: there is an error, and nothing was saved."""
    uuid, call_control_id = desk.incoming()
    desk.client.calls.actions.start_recording(call_control_id, format="wav", channels="single")
    desk.home.wait_event("RECORD_START", Unique_ID=uuid)
    (file,) = eventually(lambda: list(desk.home.stage.recordings.rglob("*.wav")), what="the file")
    file.unlink()
    desk.client.calls.actions.stop_recording(call_control_id)
    assert told(desk, "call.recording.error", uuid).reason
    assert "call.recording.saved" not in desk.of(uuid)
