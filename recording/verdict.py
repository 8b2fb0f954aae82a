"""Whether a recording is what it should be: one table over what was asked, what was told, what is there.

A verdict never throws anything away: a degraded recording is delivered like a good one, with its reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recording.outcome import EndedBy, Verdict
from recording.probe import Findings
from recording.request import AudioFormat, Direction, RecordingRequest

SHORT_SLACK_MS = 400
"""A file may lack so much of the time between RECORD_START and RECORD_STOP: frames in flight at both ends."""

LONG_SLACK_MS = {AudioFormat.WAV: 400, AudioFormat.MP3: 900}
"""... or exceed it by so much: an MP3 encoder pads 0.2 to 0.5 s."""

DRIFT = 0.01
"""... or by this part of a long one: the media's clock is the far end's, not ours."""

MIN_JUDGED_MS = 2_000
"""Silence of a side says nothing about a shorter recording."""

SIDES = ("the leg's own voice (left)", "what the leg hears (right)")


@dataclass(frozen=True, slots=True)
class Case:
    """One recording to judge.

    Attributes: expected_ms: between RECORD_START and RECORD_STOP by FreeSWITCH's clock, 0 when unknown;
    empty: FreeSWITCH says it received no audio at all.
    """

    request: RecordingRequest
    ended_by: EndedBy
    findings: Findings
    expected_ms: int = 0
    empty: bool = False


def judge(case: Case) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict, and why it is not OK."""
    if case.ended_by is EndedBy.TOO_SHORT:
        return Verdict.DISCARDED, (f"shorter than the minimum of {case.request.min_s} s",)
    if case.empty and case.expected_ms < MIN_JUDGED_MS:
        return Verdict.DISCARDED, ("it was over before any audio came",)
    if not case.findings.readable:
        return Verdict.FAILED, tuple(_why_unusable(case))
    reasons = tuple(reason for check in CHECKS for reason in check(case))
    return (Verdict.DEGRADED, reasons) if reasons else (Verdict.OK, ())


def _why_unusable(case: Case) -> Iterator[str]:
    if case.ended_by is EndedBy.NOT_STARTED:
        yield "FreeSWITCH never began to record"
    elif case.empty:
        yield "FreeSWITCH received no audio, and deleted the empty file"
    else:
        yield from case.findings.faults


def _header(case: Case) -> Iterator[str]:
    if case.findings.repaired:
        yield "its header was put right: " + "; ".join(case.findings.faults)
    else:
        yield from case.findings.faults


def _length(case: Case) -> Iterator[str]:
    if not case.expected_ms:
        return
    off_ms = case.findings.duration_ms - case.expected_ms
    drift_ms = int(case.expected_ms * DRIFT)
    if off_ms < -(SHORT_SLACK_MS + drift_ms):
        yield f"{-off_ms} ms shorter than the time it was recorded for"
    elif off_ms > LONG_SLACK_MS[case.request.format] + drift_ms:
        yield f"{off_ms} ms longer than the time it was recorded for"


def _layout(case: Case) -> Iterator[str]:
    both = case.request.direction is Direction.BOTH
    wanted = 2 if case.request.stereo and both else 1
    if case.findings.channels != wanted:
        yield f"{case.findings.channels} channels, {wanted} were asked for"


def _rate(case: Case) -> Iterator[str]:
    wanted_hz, is_hz = case.request.sample_rate_hz, case.findings.sample_rate_hz
    if wanted_hz is not None and is_hz != wanted_hz:
        yield f"{is_hz} samples per second, {wanted_hz} were asked for"


def _silence(case: Case) -> Iterator[str]:
    findings = case.findings
    if findings.duration_ms < MIN_JUDGED_MS or not findings.silent:
        return
    if len(findings.silent) == findings.channels:
        yield "nothing is heard in it"
        return
    for number in findings.silent:
        yield f"nothing is heard of {SIDES[number] if number < len(SIDES) else f'channel {number}'}"


def _interrupted(case: Case) -> Iterator[str]:
    """A WAV file whose header is right was closed by FreeSWITCH, whoever else died; an MP3 does not tell."""
    closed = case.request.format is AudioFormat.WAV and not case.findings.faults
    if case.ended_by is EndedBy.ABANDONED and not closed:
        yield "FreeSWITCH or the engine died while it was recorded: its end may be missing"
    elif case.ended_by is EndedBy.WRITE_ERROR:
        yield "FreeSWITCH could not go on writing it"


CHECKS: tuple[Callable[[Case], Iterator[str]], ...] = (
    _header,
    _length,
    _layout,
    _rate,
    _silence,
    _interrupted,
)
"""Each looks at one thing and yields what is wrong with it."""
