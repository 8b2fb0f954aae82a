"""PocketSphinx makes words of English speech, each utterance with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recording.processing import engine
from recording.processing.transcript import transcribe
from recording.request import Transcription
from tests.recording import voices
from tests.recording.voices import row, silence, spoken

module = pytest.importorskip(
    "recording.processing.engines.pocketsphinx", reason="the extra pocketsphinx is not installed"
)


def _side(path: Path) -> bytes:
    return path.read_bytes()[44:]


def test_utterances_are_told_apart(tmp_path: Path) -> None:
    """Two sentences with a pause between are two utterances, at their places."""
    speech = _side(spoken(tmp_path / "a.wav", "go forward ten meters"))
    said = engine.find("pocketsphinx").transcribe([speech, bytes(2 * 32_000), speech], "en-US")
    assert ["go forward ten" in one.text for one in said] == [True, True]
    between_ms = len(speech) // 32 + 2_000
    assert abs(said[1].from_ms - said[0].from_ms - between_ms) <= 200


def test_long_speech_is_taken_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who speaks on and on is not kept in memory whole; nothing is lost, and places go on."""
    speech = _side(spoken(tmp_path / "a.wav", "this is one long sentence without any pause in it at all"))
    (place, whole), *_ = module._spoken([speech])
    monkeypatch.setattr(module, "MAX_UTTERANCE_BYTES", 32_000)
    pieces = list(module._spoken([speech]))
    assert len(pieces) > 2
    assert b"".join(piece for _, piece in pieces) == whole
    for at, piece in pieces:
        assert at == place
        place += len(piece) // 32
    again = list(module._spoken([speech, bytes(3 * 32_000), speech]))
    assert max(at for at, _ in again) > len(speech) // 32 + 2_900


def test_both_sides_of_a_conversation(tmp_path: Path) -> None:
    """Both sides of a file are transcribed, whoever of them speaks."""
    speech = spoken(tmp_path / "a.wav", "go forward ten meters")
    samples = np.frombuffer(_side(speech), "<i2")
    quiet = silence(3, 16_000)
    path = voices.write(tmp_path / "b.wav", row(samples, quiet), row(quiet, samples), rate_hz=16_000)
    left, right = transcribe(path, engine.find("pocketsphinx"), Transcription("en-US")).splitlines()
    assert left.startswith("left: go forward ten")
    assert right.startswith("right: go forward ten")


SPEECH = Path(__file__).parents[2] / "data/speech"


@pytest.mark.parametrize(
    ("file", "hints", "said"),
    [
        ("billing", ["Sales", "Billing", "Support"], "billing"),
        ("billing", ["sales", "xyzzyplugh"], None),
        ("operator", ["sales", "billing"], "operator"),
        ("operator", [], "operator"),
        ("operator", ["xyzzyplugh", "\u00e9t\u00e9", "a;b", ""], "operator"),
    ],
)
def test_a_telephone_says_what_is_expected_or_not(file: str, hints: list[str], said: str | None) -> None:
    """A hint that fits is heard, whatever else it could have been; one that does not fit is not."""
    text = transcribe(SPEECH / f"{file}_8khz.wav", engine.find("pocketsphinx"), Transcription("en-US"), hints)
    assert text == said if said else text not in hints


def test_it_is_an_engine_that_expects() -> None:
    """So that hints come to it."""
    assert isinstance(engine.find("pocketsphinx"), engine.ExpectingEngine)
