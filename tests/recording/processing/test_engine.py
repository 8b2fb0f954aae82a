"""Transcript engines are found by name, and asked only for languages they know."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.errors import Unprocessable
from recording.processing import engine
from recording.processing.engine import Utterance
from recording.processing.transcript import transcribe
from recording.request import Transcription
from tests.recording import voices
from tests.recording.voices import voice


class Listener:
    """An engine that tells how long it was listened to, and whether it heard anything."""

    name = "listener"
    languages: tuple[str, ...] = ("en-US", "de-DE", "de-AT")

    def transcribe(self, audio: Iterable[bytes], language: str) -> list[Utterance]:
        """As TranscriptEngine has it."""
        heard = b"".join(audio)
        loud = max(heard[1::2], key=lambda high: min(high, 256 - high))
        length_ms = len(heard) // 2 * 1000 // engine.RATE_HZ
        return [Utterance(loud, f"{language}  {length_ms}\n"), Utterance(500, "bye")]


@pytest.mark.parametrize(
    ("wanted", "known"),
    [("en-US", "en-US"), ("EN-us", "en-US"), ("en", "en-US"), ("de", "de-DE"), ("de-AT", "de-AT")],
)
def test_language_is_found(wanted: str, known: str) -> None:
    """Capitals do not matter; a language without a country is its first."""
    assert engine.language_of(Listener(), wanted) == known


@pytest.mark.parametrize("wanted", ["fr-FR", "en-GB", "", "e", "en-US-x"])
def test_unknown_language_is_refused(wanted: str) -> None:
    """The refusal says what is known."""
    with pytest.raises(Unprocessable, match="it knows: en-US, de-DE, de-AT"):
        engine.language_of(Listener(), wanted)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_name_is_an_engine_or_unprocessable(name: str) -> None:
    """No name leads anywhere but to a file of the engines' directory."""
    if name not in engine.names():
        with pytest.raises(Unprocessable, match="there is no transcript engine"):
            engine.find(name)


def test_engines_are_files() -> None:
    """The engines there are."""
    assert engine.names() == ("google", "http", "pocketsphinx")


def test_engine_whose_library_is_absent_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not installed is told with the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "pocketsphinx", None)
    monkeypatch.delitem(__import__("sys").modules, "recording.processing.engines.pocketsphinx", raising=False)
    with pytest.raises(Unprocessable, match=r"pip install 'callflows\[pocketsphinx\]'"):
        engine.find("pocketsphinx")


def test_mono_is_text_line_by_line(tmp_path: Path) -> None:
    """Utterances stand in the order they began, each in one line; audio comes at the engine's rate."""
    path = voices.write(tmp_path / "a.wav", voice(2))
    assert transcribe(path, Listener(), Transcription("en")) == "en-US 2000\nbye"


def test_stereo_tells_who_speaks(tmp_path: Path) -> None:
    """Each side is listened to by itself."""
    path = voices.write(tmp_path / "a.wav", voice(2, level=9_000), voices.silence(2))
    assert transcribe(path, Listener(), Transcription("en")) == (
        "right: en-US 2000\nleft: en-US 2000\nleft: bye\nright: bye"
    )


def test_no_audio_is_no_text(tmp_path: Path) -> None:
    """A file without audio is told as that."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"x" * 500)
    with pytest.raises(Unprocessable, match="no audio to transcribe"):
        transcribe(path, Listener(), Transcription("en"))
