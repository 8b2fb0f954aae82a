"""The engine `http` against a server that speaks as OpenAI's does."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.errors import NoEngine, Unprocessable
from recording.outcome import Transcript
from recording.processing import engine
from recording.processing.engine import Utterance
from recording.processing.engines.http import HttpEngine, utterances
from recording.processing.job import Job
from recording.processing.processor import Processor
from recording.processing.transcriber import Transcriber
from recording.request import Transcription
from tests.recording import voices
from tests.recording.processing.speech_server import Asked, SpeechServer
from tests.recording.processing.test_google import JSON, second_of
from tests.recording.samples import WAV, Values

SEGMENTS = {
    "text": "hello there",
    "segments": [{"start": 0.5, "end": 1.0, "text": " hello"}, {"start": 1.5, "text": " there "}],
}


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    """A server of transcripts."""
    server = SpeechServer({"/v1/audio/transcriptions": [(200, SEGMENTS)]})
    yield server
    server.close()


def settings(server: SpeechServer, **more: Any) -> dict[str, Any]:
    """What the operator says of it."""
    return {"url": f"{server.url}/v1/audio/transcriptions", "model": "small", "languages": [], **more}


def parts(asked: Asked) -> dict[str, bytes]:
    """A form's fields by name."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + asked.body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in form.iter_parts()
    }


def test_what_is_asked_and_answered(server: SpeechServer) -> None:
    """A form with a WAV file; segments become utterances."""
    found = engine.find("http", settings(server, api_key="sk-1"))
    assert isinstance(found, HttpEngine)
    said = found.transcribe_as([second_of(1, 2)], Transcription("en-US"), ["Sales", "Billing"])
    assert said == [Utterance(500, "hello"), Utterance(1_500, "there")]
    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer sk-1"
    form = parts(asked)
    audio = form.pop("file")
    assert form == {
        "model": b"small",
        "response_format": b"verbose_json",
        "language": b"en",
        "prompt": b"Sales, Billing",
    }
    with wave.open(io.BytesIO(audio)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 32_000)


def test_a_long_one_goes_in_pieces(server: SpeechServer) -> None:
    """Ten minutes at most; the second piece's places go on from the first's."""
    server.answers = {"/": [(200, {"text": "one"}), (200, {"text": "two"})]}
    audio = (second_of(100, 60) for _ in range(11))
    said = HttpEngine(settings(server)).transcribe(audio, "auto_detect")
    assert [one.text for one in said] == ["one", "two"]
    assert 590_000 <= said[1].from_ms <= 600_000
    assert "language" not in parts(server.asked[0])


def test_languages_are_the_operators_or_whispers(server: SpeechServer) -> None:
    """en-US is en to a server that knows languages without countries."""
    assert engine.language_of(HttpEngine(settings(server)), "en-US") == "en"
    assert engine.language_of(HttpEngine(settings(server)), "auto_detect") == "auto_detect"
    with pytest.raises(Unprocessable, match="knows: de, fr"):
        engine.language_of(HttpEngine(settings(server, languages=["de", "fr"])), "en-US")


@pytest.mark.parametrize(("wanted", "asked"), [("iw-IL", b"he"), ("jv-ID", b"jw"), ("fil-PH", b"tl")])
def test_former_names_of_languages_are_known(server: SpeechServer, wanted: str, asked: bytes) -> None:
    """record_start's page has them; Whisper calls these languages otherwise."""
    language = engine.language_of(HttpEngine(settings(server)), wanted)
    HttpEngine(settings(server)).transcribe(iter([bytes(32_000)]), language)
    assert parts(server.asked[0])["language"] == asked


def test_without_a_url_there_is_no_engine() -> None:
    """And the key to set is named."""
    with pytest.raises(NoEngine, match=r"recording\.processing\.http\.url"):
        engine.find("http", {"url": ""})


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (401, {"error": {"message": "bad key"}}, "answered 401: bad key"),
        (302, {}, "answered 302"),
        (200, b"hello", "no JSON"),
    ],
)
def test_refusals_are_told(server: SpeechServer, status: int, answer: Any, why: str) -> None:
    """In the server's words where it has some."""
    server.answers = {"/": [(status, answer)]}
    with pytest.raises(Unprocessable, match=why):
        HttpEngine(settings(server)).transcribe([second_of(1)], "en")


def test_nobody_there_is_told() -> None:
    """A server that is down fails the transcript."""
    settings = {"url": "http://127.0.0.1:9/v1/audio/transcriptions"}
    with pytest.raises(Unprocessable, match="cannot be asked: ConnectionError"):
        HttpEngine(settings).transcribe([second_of(1)], "en")


@given(JSON | st.just({"segments": [1, {"text": 2}, {"text": "x", "start": float("nan")}]}))
def test_any_answer_is_read(answer: Any) -> None:
    """Whatever a server answers, utterances with text come of it."""
    assert all(one.text for one in utterances(answer, 7))


def test_in_a_process_of_its_own(server: SpeechServer, tmp_path: Path) -> None:
    """Settings and wishes travel to where engines run; both sides of a file are told apart."""
    path = voices.write(tmp_path / "a.wav", voices.voice(1), voices.voice(1))
    transcriber = Transcriber()
    wanted = Transcription("en-US", "http")
    found = transcriber.transcribe(path, wanted, 60, settings=settings(server))
    transcriber.close()
    assert found == Transcript("http", "en-US", "left: hello\nright: hello\nleft: there\nright: there")


def test_settings_are_the_operators_alone(
    server: SpeechServer, tmp_path: Path, config: Values, processor: Processor
) -> None:
    """An account may choose an engine; where it is asked is the system's to say."""
    config.table["recording", "processing", "http"] = settings(server)
    own = {
        **config.table,
        ("recording", "processing", "transcript_engine"): "http",
        ("recording", "processing", "http"): {"url": "http://169.254.169.254/"},
    }
    config.accounts["mallory"] = Values(own)
    path = voices.write(tmp_path / "a.wav", voices.voice(1))
    request = replace(WAV, transcript=Transcription("en"))
    product = processor.process(Job((path,), request, tmp_path / "p.wav", account_id="mallory"))
    assert product.transcript == Transcript("http", "en", "hello\nthere")
    assert len(server.asked) == 1
