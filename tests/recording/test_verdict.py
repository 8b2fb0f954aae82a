"""Verdicts follow from what was asked, told and found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recording.outcome import EndedBy, Verdict
from recording.probe import Findings
from recording.request import AudioFormat, Direction
from recording.verdict import Case, judge
from tests.recording.samples import MP3, WAV

GOOD = Findings(
    exists=True, readable=True, duration_ms=10_000, channels=2, sample_rate_hz=8000, speech_heard=True
)
NO_FILE = Findings(exists=False)
CASE = Case(WAV, EndedBy.HANGUP, GOOD, expected_ms=10_020)


@pytest.mark.parametrize(
    ("case", "verdict", "reason"),
    [
        (CASE, Verdict.OK, ""),
        (replace(CASE, expected_ms=0), Verdict.OK, ""),
        (replace(CASE, expected_ms=11_000), Verdict.DEGRADED, "1000 ms shorter"),
        (replace(CASE, expected_ms=9_000), Verdict.DEGRADED, "1000 ms longer"),
        (replace(CASE, request=MP3, expected_ms=9_300), Verdict.OK, ""),
        (replace(CASE, request=MP3, expected_ms=8_900), Verdict.DEGRADED, "1100 ms longer"),
        (replace(CASE, request=replace(WAV, stereo=False)), Verdict.DEGRADED, "2 channels, 1 were asked for"),
        (
            replace(CASE, request=replace(WAV, direction=Direction.HEAR)),
            Verdict.DEGRADED,
            "2 channels, 1 were",
        ),
        (
            replace(CASE, request=replace(WAV, sample_rate_hz=16000)),
            Verdict.DEGRADED,
            "8000 samples per second",
        ),
        (replace(CASE, findings=replace(GOOD, silent=(0,))), Verdict.DEGRADED, "the leg's own voice"),
        (replace(CASE, findings=replace(GOOD, silent=(1,))), Verdict.DEGRADED, "what the leg hears"),
        (replace(CASE, findings=replace(GOOD, silent=(0, 1))), Verdict.DEGRADED, "nothing is heard in it"),
        (
            replace(CASE, expected_ms=0, findings=replace(GOOD, silent=(0, 1), duration_ms=500)),
            Verdict.OK,
            "",
        ),
        (
            replace(CASE, findings=replace(GOOD, repaired=True, faults=("sizes",))),
            Verdict.DEGRADED,
            "put right: sizes",
        ),
        (replace(CASE, ended_by=EndedBy.ABANDONED), Verdict.OK, ""),
        (
            replace(CASE, ended_by=EndedBy.ABANDONED, request=MP3),
            Verdict.DEGRADED,
            "died while it was recorded",
        ),
        (replace(CASE, ended_by=EndedBy.WRITE_ERROR), Verdict.DEGRADED, "could not go on writing"),
        (replace(CASE, ended_by=EndedBy.TOO_SHORT), Verdict.DISCARDED, "shorter than the minimum"),
        (
            replace(CASE, findings=Findings(exists=False, faults=("the file is not there",))),
            Verdict.FAILED,
            "not there",
        ),
        (
            replace(CASE, ended_by=EndedBy.NOT_STARTED, findings=NO_FILE),
            Verdict.FAILED,
            "never began",
        ),
        (
            replace(CASE, empty=True, expected_ms=40, findings=NO_FILE),
            Verdict.DISCARDED,
            "it was over before any audio came",
        ),
        (replace(CASE, empty=True, findings=NO_FILE), Verdict.FAILED, "received no audio"),
    ],
)
def test_judgement(case: Case, verdict: Verdict, reason: str) -> None:
    """Each thing that can be wrong is told in words; nothing wrong has none."""
    judged, reasons = judge(case)
    assert judged is verdict
    assert reason in " ".join(reasons)
    assert bool(reasons) is (verdict is not Verdict.OK)


def test_all_reasons_are_told() -> None:
    """A recording with several faults names each."""
    case = replace(CASE, expected_ms=20_000, findings=replace(GOOD, silent=(1,), channels=2))
    assert len(judge(case)[1]) == 2


EMPTY = replace(CASE, empty=True, expected_ms=40, findings=NO_FILE)
LOST = replace(CASE, findings=Findings(exists=False, faults=("the file is not there",)))
SHORT = replace(CASE, expected_ms=11_000)


def test_length_is_judged_by_the_format_of_the_file() -> None:
    """An MP3 made of a WAV afterwards is judged as the WAV it was captured as, unless told otherwise."""
    trimmed = replace(CASE, request=replace(MP3, trim_silence=True), expected_ms=9_300)
    assert judge(trimmed)[0] is Verdict.DEGRADED
    assert judge(replace(trimmed, format=AudioFormat.MP3))[0] is Verdict.OK
