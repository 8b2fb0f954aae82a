"""Recordings are transcribed by processes of their own, which harm nobody, whatever they do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gevent
import pytest

from recording.outcome import Transcript
from recording.processing.job import Job
from recording.processing.processor import Processor
from recording.processing.transcriber import Transcriber, _read
from recording.request import Transcription
from tests.recording import voices
from tests.recording.samples import WAV, Values
from tests.recording.voices import spoken, voice


@pytest.fixture
def transcriber() -> Iterator[Transcriber]:
    """Runs engines."""
    transcriber = Transcriber()
    yield transcriber
    transcriber.close()


def test_speech_becomes_text(tmp_path: Path, processor: Processor, config: Values) -> None:
    """What a synthetic voice says is made out, offline."""
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    path = spoken(tmp_path / "a.wav", "please call me back tomorrow morning about the meeting")
    config.table["recording", "processing", "transcript_engine"] = "pocketsphinx"
    product = processor.process(
        Job((path,), replace(WAV, transcript=Transcription("en-US")), tmp_path / "p.wav")
    )
    assert product.transcript is not None
    assert (product.transcript.engine, product.transcript.language, product.transcript.failed) == (
        "pocketsphinx",
        "en-US",
        "",
    )
    assert "call me back tomorrow morning" in product.transcript.text
    assert (product.path, product.failed) == (path, ())


def test_noise_becomes_no_text(tmp_path: Path, transcriber: Transcriber) -> None:
    """Where nobody speaks, the text is empty, and that is no failure."""
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    path = voices.write(tmp_path / "a.wav", voices.noise(2))
    assert transcriber.transcribe(path, Transcription("en-US", "pocketsphinx"), 50) == Transcript(
        "pocketsphinx", "en-US"
    )


@pytest.mark.parametrize(
    ("engine", "language", "why"),
    [
        ("", "en-US", "no transcript engine is configured"),
        ("nobody", "en-US", "there is no transcript engine 'nobody'; there are: google, http, pocketsphinx"),
        ("../os", "en-US", "there is no transcript engine"),
    ],
)
def test_failure_is_told(
    tmp_path: Path, processor: Processor, config: Values, engine: str, language: str, why: str
) -> None:
    """An engine that does not exist harms the transcript only."""
    path = voices.write(tmp_path / "a.wav", voice(1))
    config.table["recording", "processing", "transcript_engine"] = engine
    product = processor.process(
        Job((path,), replace(WAV, transcript=Transcription(language)), tmp_path / "p.wav")
    )
    assert product.transcript is not None
    assert why in product.transcript.failed
    assert (product.transcript.engine, product.transcript.language, product.transcript.text) == (
        engine,
        language,
        "",
    )
    assert (product.path, product.failed) == (path, ())


def test_unknown_language_is_told(tmp_path: Path, transcriber: Transcriber) -> None:
    """An engine that does not know the language says what it knows."""
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    path = voices.write(tmp_path / "a.wav", voice(1))
    assert (
        "does not know 'fr'; it knows: en-US"
        in transcriber.transcribe(path, Transcription("fr", "pocketsphinx"), 50).failed
    )


def test_time_is_limited(tmp_path: Path, transcriber: Transcriber) -> None:
    """Work that takes too long is ended."""
    path = voices.write(tmp_path / "a.wav", voice(1))
    assert (
        transcriber.transcribe(path, Transcription("en-US", "pocketsphinx"), 0.01).failed
        == "it took longer than 0.01 s"
    )


def test_those_who_wait_too_long_are_told(tmp_path: Path, transcriber: Transcriber) -> None:
    """One at a time; whose turn does not come goes without."""
    path = voices.write(tmp_path / "a.wav", voice(1))
    first = gevent.spawn(transcriber.transcribe, path, Transcription("en-US", "nobody"), 30)
    gevent.sleep(0)
    second = transcriber.transcribe(path, Transcription("en-US", "nobody"), 0.001)
    assert "too many recordings wait" in second.failed
    assert "there is no transcript engine" in first.get(timeout=30).failed


def test_closing_ends_what_runs(tmp_path: Path, transcriber: Transcriber) -> None:
    """An engine that closes waits for no transcript."""
    path = voices.write(tmp_path / "a.wav", voice(1))
    first = gevent.spawn(transcriber.transcribe, path, Transcription("en-US", "pocketsphinx"), 50)
    gevent.sleep(0)
    transcriber.close()
    assert first.get(timeout=10).failed == "the engine closes"
    assert (
        transcriber.transcribe(path, Transcription("en-US", "pocketsphinx"), 50).failed == "the engine closes"
    )


@pytest.mark.parametrize(
    ("out", "errors", "why"),
    [
        (b"", b"Traceback\nMemoryError\n", "status 1, and said: MemoryError"),
        (b"", b"", "status 1, and said: nothing"),
        (b"[1]", b"\xff\xfe", "status 1, and said:"),
        (b'{"text": ', b"x" * 5_000, "said: " + "x" * 300),
    ],
)
def test_process_that_dies_is_told(out: bytes, errors: bytes, why: str) -> None:
    """Its last word is the reason."""
    failed = _read(out, errors, 1)["failed"]
    assert why in failed
    assert len(failed) < 400


def test_no_process_is_a_failed_transcript(
    tmp_path: Path, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no process can be started, the transcript says so."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert (
        "no process for it"
        in transcriber.transcribe(tmp_path / "a.wav", Transcription("en", "nobody"), 5).failed
    )
