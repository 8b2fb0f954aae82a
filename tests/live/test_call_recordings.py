"""Recordings of a running FreeSWITCH by Telnyx' client: begun, transcribed, listed, had, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from telnyx import NotFoundError

from recording.decoding import Decoding
from tests.live.beside import Beside
from tests.live.test_call_control import ANSWER, client_of, id_of
from tests.recording.processing.speech_server import SpeechServer
from tests.service.house import sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

SPEAKS = "&endless_playback(tone_stream://%(1000,0,300);loops=-1)"


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    """A server of transcripts."""
    answer = {"text": "beep", "segments": [{"start": 0.0, "text": "beep"}]}
    server = SpeechServer({"/v1/audio/transcriptions": [(200, answer)]})
    yield server
    server.close()


def test_the_whole_way(beside: Callable[..., Beside], server: SpeechServer, tmp_path: Path) -> None:
    """What FreeSWITCH wrote is what the client gets, in both formats, with what was said; until deleted."""
    home = beside()
    http = {"url": f"{server.url}/v1/audio/transcriptions", "model": "small"}
    processing = {"transcript_engine": "http", "http": http}
    home.stage.write("system_config", "recording", {"default": {"processing": processing}})
    config = home.engine.config
    eventually(lambda: config.get("recording", "processing", "http", "url"), what="the configuration")
    home.flow("1000", ANSWER, sleep(30))
    home.call("1000", SPEAKS)
    uuid = eventually(lambda: next(iter(home.handovers), ""), what="the call")
    call_control_id = id_of(home.engine, uuid)
    with client_of(home.engine) as client:
        eventually(lambda: client.calls.retrieve_status(call_control_id).data.is_alive)  # type: ignore[union-attr]
        client.calls.actions.start_recording(
            call_control_id, format="wav", channels="dual", transcription=True, transcription_language="en-US"
        )
        home.wait_event("RECORD_START", Unique_ID=uuid)
        eventually(lambda: sum(each.stat().st_size for each in files(home)) > 100_000, what="some sound")
        client.calls.actions.stop_recording(call_control_id)
        client.calls.actions.hangup(call_control_id)
        home.delivered()
        (one,) = client.recordings.list(filter={"call_control_id": call_control_id})
        assert (one.initiated_by, one.channels) == ("StartCallRecordingAPI", "dual")
        assert (one.call_leg_id, one.call_control_id) == (uuid, call_control_id)
        assert one.duration_millis is not None
        assert 1_000 < one.duration_millis < 10_000
        (said,) = client.recording_transcriptions.list()
        assert said.transcription_text is not None
        assert "left: beep" in said.transcription_text
        urls = one.download_urls
        assert urls is not None
        for extension, url in (("wav", urls.wav), ("mp3", urls.mp3)):
            file = tmp_path / f"had.{extension}"
            file.write_bytes(httpx.get(str(url)).raise_for_status().content)
            assert abs(length_ms(file) - one.duration_millis) < 200
        client.recordings.delete(str(one.id))
        assert httpx.get(str(urls.wav)).status_code == 410
        with pytest.raises(NotFoundError):
            client.recording_transcriptions.retrieve(str(one.id))


def files(home: Beside) -> list[Path]:
    """What FreeSWITCH has written so far."""
    return list(home.stage.recordings.rglob("*.wav"))


def length_ms(path: Path) -> float:
    """How much audio there is in a file."""
    reading = Decoding(path)
    samples = sum(block.shape[1] for block in reading.blocks())
    return samples * 1000 / reading.rate_hz
