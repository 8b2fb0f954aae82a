"""What is wrong with a recording's sound is told; what only looks wrong is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recording.outcome import EndedBy, Verdict
from recording.probe import examine
from recording.request import AudioFormat
from recording.verdict import Case, judge
from tests.recording import voices
from tests.recording.samples import WAV
from tests.recording.voices import Voice, noise, row, silence, tone, voice

Sides = Callable[[], tuple[Voice, ...]]


def _case(path: Path, *sides: Voice, ended_by: EndedBy = EndedBy.HANGUP, **more: object) -> Case:
    voices.write(path, *sides)
    findings = examine(path, AudioFormat.WAV)
    return Case(WAV, ended_by, findings, **more)  # type: ignore[arg-type]


def _reasons(path: Path, *sides: Voice, **more: object) -> str:
    return " / ".join(judge(_case(path, *sides, **more))[1])  # type: ignore[arg-type]


def _holes(samples: Voice, length_ms: int, every_ms: int, rate_hz: int = 8_000) -> Voice:
    holed = samples.copy()
    for at in range(every_ms, len(samples) * 1000 // rate_hz - length_ms, every_ms):
        holed[at * rate_hz // 1000 : (at + length_ms) * rate_hz // 1000] = 0
    return holed


def _gated(samples: Voice, below: int = 150) -> Voice:
    """A phone that sends nothing while nobody speaks."""
    blocks = samples[: len(samples) // 160 * 160].reshape(-1, 160).copy()
    blocks[np.abs(blocks.astype(np.int32)).mean(axis=1) < below] = 0
    return blocks.ravel()


ORDINARY: dict[str, Sides] = {
    "three seconds, both speak": lambda: (voice(3), voice(3, seed=2)),
    "three seconds, one listens": lambda: (voice(3), silence(3)),
    "one second": lambda: (voice(1), noise(1)),
    "nine seconds, nobody speaks": lambda: (noise(9), silence(9)),
    "a minute, both speak": lambda: (voice(60), voice(60, seed=2)),
    "a minute, one says a word": lambda: (voice(60), row(noise(20), voice(0.5), noise(39.5))),
    "somebody quiet": lambda: (voice(20, level=300), voice(20, seed=2)),
    "somebody loud": lambda: (voice(20, level=14_000), voice(20, seed=2)),
    "a phone that sends nothing in pauses": lambda: (_gated(voice(60)), _gated(voice(60, seed=2))),
    "a lost frame here and there": lambda: (_holes(voice(60), 60, 20_000), voice(60, seed=2)),
    "put on hold for half a minute": lambda: (
        row(voice(20), silence(30), voice(20)),
        voice(70, seed=2),
    ),
    "one hangs up early": lambda: (row(voice(20), silence(25)), voice(45, seed=2)),
    "one falls silent at half, fading": lambda: (
        row(voice(20), noise(1), silence(19)),
        voice(40, seed=2),
    ),
    "ten seconds of a tone": lambda: (tone(10), tone(10, pitch_hz=350)),
    "ringing": lambda: (noise(40), row(*[piece for _ in range(8) for piece in (tone(1), silence(4))])),
}


@pytest.mark.parametrize("name", list(ORDINARY))
def test_ordinary_calls_are_ok(tmp_path: Path, name: str) -> None:
    """Nothing is said of calls as they come."""
    case = _case(tmp_path / "a.wav", *ORDINARY[name](), talk_ms=5_000 if name == "ringing" else None)
    assert judge(case) == (Verdict.OK, ())


FAULTY: dict[str, tuple[Sides, str]] = {
    "one side is dead": (lambda: (voice(12), silence(12)), "nothing is heard of what the leg hears (right)"),
    "one side is noise": (lambda: (noise(12), voice(12)), "nothing is heard of the leg's own voice (left)"),
    "nothing": (lambda: (noise(12), silence(12)), "nothing is heard in it"),
    "clipped": (lambda: (voice(12, level=60_000), voice(12, seed=2)), "(left) is clipped: "),
    "offset": (
        lambda: ((voice(12, level=3_000) + 2_500).astype(np.int16), voice(12, seed=2)),
        "(left) has an offset of 2",
    ),
    "hum": (lambda: (voice(40), tone(40, pitch_hz=50)), "(right) is nothing but a steady noise or tone"),
    "hiss": (lambda: (voice(40), noise(40, level=3_000)), "(right) is nothing but a steady noise or tone"),
    "both sides the same": (lambda: (voice(12), voice(12)), "both sides are the same"),
    "holes": (
        lambda: (voice(30), _holes(voice(30, seed=2, level=12_000), 60, 400)),
        "(right) has ",
    ),
    "one side at half the rate": (
        lambda: (voice(20), row(voice(40, seed=2))),
        "(left) is over after 2",
    ),
}


@pytest.mark.parametrize("name", list(FAULTY))
def test_faults_are_told(tmp_path: Path, name: str) -> None:
    """Each fault is told, and nothing else beside it."""
    sides, reason = FAULTY[name]
    judged, reasons = judge(_case(tmp_path / "a.wav", *sides()))
    assert judged is Verdict.DEGRADED
    assert len(reasons) == 1
    assert reason in reasons[0]


def test_g711_at_its_limit_is_clipped(tmp_path: Path) -> None:
    """Mu-law ends below 16 bits, and is clipped there."""
    loud = np.clip(voice(12, level=60_000), -32_124, 32_124).astype(np.int16)
    assert "is clipped" in _reasons(tmp_path / "a.wav", loud, voice(12, seed=2))


def test_nobody_spoke_is_no_fault(tmp_path: Path) -> None:
    """Where silence ended the recording, silence is what it should hold."""
    assert not _reasons(tmp_path / "a.wav", noise(12), silence(12), ended_by=EndedBy.NO_INPUT)


def test_what_was_masked_is_not_judged(tmp_path: Path) -> None:
    """A side that is silent because it was masked is as it should be, and the mask's edges are no holes."""
    assert not _reasons(tmp_path / "a.wav", silence(12), voice(12), masked=((1_000, 12_000),))
    holed = _holes(voice(30, level=12_000), 100, 500)
    masked = tuple((at, at + 100) for at in range(500, 30_000, 500))
    assert "holes" in _reasons(tmp_path / "a.wav", holed, voice(30, seed=2))
    assert not _reasons(tmp_path / "a.wav", holed, voice(30, seed=2), masked=masked)


def test_silence_before_the_bridge_is_not_judged(tmp_path: Path) -> None:
    """A caller who hears it ring for long, and hangs up, has said nothing."""
    sides = (noise(20), voice(20))
    assert not _reasons(tmp_path / "a.wav", *sides, talk_ms=0)
    assert "nothing is heard of" in _reasons(tmp_path / "a.wav", *sides, talk_ms=15_000)


def test_rate_change_told_by_events(tmp_path: Path) -> None:
    """With the word of events, an early end of one side is put down to the change, wherever it is."""
    sides = (voice(29), voice(40, seed=2))
    assert not _reasons(tmp_path / "a.wav", *sides)
    assert not _reasons(tmp_path / "a.wav", *sides, rates_hz=(8_000, 8_000))
    assert "changed (8000 and 16000 Hz)" in _reasons(tmp_path / "a.wav", *sides, rates_hz=(8_000, 16_000))
    whole = (voice(40), voice(40, seed=2))
    assert not _reasons(tmp_path / "a.wav", *whole, rates_hz=(8_000, 16_000))


@pytest.mark.parametrize(("expected_ms", "hint"), [(24_000, True), (6_000, True), (20_000, False)])
def test_length_of_another_rate(tmp_path: Path, expected_ms: int, hint: bool) -> None:
    """A file twice or half as long as it should be says what that looks like."""
    reasons = _reasons(tmp_path / "a.wav", voice(12), voice(12, seed=2), expected_ms=expected_ms)
    assert "than the time it was recorded for" in reasons
    assert ("written at another rate" in reasons) is hint
