"""Whether a recording is what it should be: one table over what was asked, what was told, what is there.

A verdict never throws anything away: a degraded recording is delivered like a good one, with its reasons. A
reason that is often wrong is read by nobody, hence limits that ordinary calls stay clear of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recording import sound_verdict
from recording.outcome import EndedBy, Verdict
from recording.probe import Findings
from recording.request import AudioFormat, Direction, RecordingRequest
from recording.sound_verdict import Masked, Sound

SHORT_SLACK_MS = 400
"""A file may lack so much of the time between RECORD_START and RECORD_STOP: frames in flight at both ends."""

LONG_SLACK_MS = {AudioFormat.WAV: 400, AudioFormat.MP3: 900, AudioFormat.MP4: 400}
"""... or exceed it by so much: an MP3 encoder pads 0.2 to 0.5 s."""

DRIFT = 0.01
"""... or by this part of a long one: the media's clock is the far end's, not ours."""

MIN_EMPTY_MS = 2_000
"""A recording without any audio that lasted less is no failure: the call was over before media came."""

RATES = (2.0, 3.0, 6.0, 0.5, 1 / 3, 1 / 6)
"""How much longer than it should be a file is whose samples were written at another rate: 8, 16, 24 and
48 kHz for each other."""

RATE_SLACK = 0.03
MIN_RATE_MS = 5_000
"""From here on a length that is off by one of RATES is no coincidence of slacks."""


@dataclass(frozen=True, slots=True)
class Case:
    """One recording to judge.

    Attributes: expected_ms: between RECORD_START and RECORD_STOP by FreeSWITCH's clock, less what it was
    paused, 0 when unknown; empty: FreeSWITCH says it received no audio at all; format: of the file the
    findings are of, None for the one that was captured; masked: stretches of the audio, (from, to) in ms, in
    which silence was written; talk_ms: how long the leg was bridged to another, None when that is not known;
    rates_hz: of the channel's audio, as events told it, in order.
    """

    request: RecordingRequest
    ended_by: EndedBy
    findings: Findings
    expected_ms: int = 0
    empty: bool = False
    format: AudioFormat | None = None
    masked: Masked = ()
    talk_ms: int | None = None
    rates_hz: tuple[int, ...] = ()

    @property
    def file_format(self) -> AudioFormat:
        """The format of the file."""
        return self.format or self.request.capture_format


def judge(case: Case) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict, and why it is not OK."""
    if case.ended_by is EndedBy.TOO_SHORT:
        return Verdict.DISCARDED, (f"shorter than the minimum of {case.request.min_s} s",)
    if case.empty and case.expected_ms < MIN_EMPTY_MS:
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
        yield f"{-off_ms} ms shorter than the time it was recorded for{_as_of_another_rate(case)}"
    elif off_ms > LONG_SLACK_MS[case.file_format] + drift_ms:
        yield f"{off_ms} ms longer than the time it was recorded for{_as_of_another_rate(case)}"


def _as_of_another_rate(case: Case) -> str:
    if case.expected_ms < MIN_RATE_MS:
        return ""
    ratio = case.findings.duration_ms / case.expected_ms
    if any(abs(ratio / rate - 1) <= RATE_SLACK for rate in RATES):
        return ", as if its samples had been written at another rate"
    return ""


def _layout(case: Case) -> Iterator[str]:
    both = case.request.direction is Direction.BOTH
    wanted = 2 if case.request.stereo and both else 1
    if case.findings.channels != wanted:
        yield f"{case.findings.channels} channels, {wanted} were asked for"


def _rate(case: Case) -> Iterator[str]:
    wanted_hz, is_hz = case.request.sample_rate_hz, case.findings.sample_rate_hz
    if wanted_hz is not None and is_hz != wanted_hz:
        yield f"{is_hz} samples per second, {wanted_hz} were asked for"


def _sound(case: Case) -> Iterator[str]:
    wanted_stereo = case.request.stereo and case.request.direction is Direction.BOTH
    nobody_spoke = case.ended_by is EndedBy.NO_INPUT
    sound = Sound(
        case.findings, case.masked, case.talk_ms, case.rates_hz, stereo=wanted_stereo, silent=nobody_spoke
    )
    yield from sound_verdict.reasons(sound)


def _interrupted(case: Case) -> Iterator[str]:
    """A WAV file whose header is right was closed by FreeSWITCH, whoever else died; an MP3 does not tell."""
    closed = case.file_format is AudioFormat.WAV and not case.findings.faults
    if case.ended_by is EndedBy.ABANDONED and not closed:
        yield "FreeSWITCH or the engine died while it was recorded: its end may be missing"
    elif case.ended_by is EndedBy.WRITE_ERROR:
        yield "FreeSWITCH could not go on writing it"


CHECKS: tuple[Callable[[Case], Iterator[str]], ...] = (
    _header,
    _length,
    _layout,
    _rate,
    _sound,
    _interrupted,
)
"""Each looks at one thing and yields what is wrong with it."""
