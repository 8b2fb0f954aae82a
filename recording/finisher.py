"""Says what became of a recording that is over: why it ended, and what the file is worth.

Everything known comes in as an `Ending`, wherever that was put together: beside the live call, from a
RECORD_STOP that reached only the inbound link, or from a manifest after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gevent

from recording import ending, verdict
from recording.ending import Asked, RawCause
from recording.outcome import RecordingOutcome, Verdict
from recording.probe import Examiner, Findings
from recording.stop_event import Stop
from recording.ticket import Ticket
from storage.errors import StoreError, StoreUnavailable
from storage.media import Measured, measure

APPEAR_S = 2.0
"""How long a file that should be there may take to appear: a shared directory's cache may lag."""

DELIVERABLE = frozenset({Verdict.OK, Verdict.DEGRADED})
"""Verdicts of recordings that go to their destinations."""


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is known of a recording that is over.

    Attributes: asked: what we last told FreeSWITCH; started_at_us: epoch us of RECORD_START, 0: not seen;
    stop: its RECORD_STOP, None when nobody got it; hung_up: CHANNEL_HANGUP was seen before that; notes: what
    else an operator should know, in sentences.
    """

    ticket: Ticket
    asked: Asked = Asked.NOTHING
    started_at_us: int = 0
    stop: Stop | None = None
    hung_up: bool = False
    notes: tuple[str, ...] = ()

    @property
    def raw_cause(self) -> str:
        """FreeSWITCH's completion cause, "" when it said none."""
        return self.stop.raw_cause if self.stop else ""

    @property
    def expected_ms(self) -> int:
        """Between start and stop by FreeSWITCH's clock, 0 when not both are known."""
        if not self.stop or not self.stop.at_us or not self.started_at_us:
            return 0
        return max(0, (self.stop.at_us - self.started_at_us) // 1000)


class Finisher:
    """Looks at recordings that are over, any number at a time, each in the greenlet that calls."""

    def __init__(self, recordings_dir: Path, examiner: Examiner) -> None:
        self._recordings_dir = recordings_dir
        self._examiner = examiner

    def verify(self, over: Ending) -> RecordingOutcome:
        """Look at what there is and say what became of the recording. Blocks while the file is read."""
        name, request = over.ticket.name, over.ticket.request
        path = name.media_path(self._recordings_dir, request.format)
        findings = self._examine(over, path)
        ended_by = ending.decide(_facts(over, findings))
        case = verdict.Case(request, ended_by, findings, over.expected_ms, over.raw_cause == RawCause.EMPTY)
        judged, reasons = verdict.judge(case)
        measured, inaccessible = Measured(0, ""), findings.inaccessible
        if judged in DELIVERABLE:
            try:
                measured = measure(path)
            except StoreError as exc:
                judged, reasons = Verdict.FAILED, (*reasons, str(exc))
                inaccessible = isinstance(exc, StoreUnavailable)
        return RecordingOutcome(
            recording_id=name.recording_id,
            document_id=name.document_id,
            ended_by=ended_by,
            verdict=judged,
            raw_cause=over.raw_cause,
            path=path if findings.exists and judged is not Verdict.DISCARDED else None,
            duration_ms=findings.duration_ms,
            size_bytes=measured.size_bytes,
            sha256=measured.sha256,
            channels=findings.channels,
            sample_rate_hz=findings.sample_rate_hz,
            started_at_us=over.started_at_us,
            reasons=(*reasons, *over.notes),
            is_inaccessible=inaccessible,
        )

    def _examine(self, over: Ending, path: Path) -> Findings:
        audio_format = over.ticket.request.format
        findings = self._examiner.examine(path, audio_format)
        if over.stop is not None and not over.stop.is_discarded and not findings.exists:
            gevent.sleep(APPEAR_S)
            findings = self._examiner.examine(path, audio_format)
        return findings


def _facts(over: Ending, findings: Findings) -> ending.Facts:
    """Put together what the table of recording.ending looks at.

    The length is the lesser of what FreeSWITCH counted and what is in the file: an encoder pads, and some
    ends leave no count.
    """
    told_ms = over.stop.record_ms if over.stop else 0
    lengths = [length for length in (told_ms, findings.duration_ms) if length]
    return ending.Facts(
        started=bool(over.started_at_us) or over.stop is not None or findings.readable,
        stopped=over.stop is not None,
        asked=over.asked,
        hung_up=over.stop.hung_up if over.stop else over.hung_up,
        raw_cause=over.raw_cause,
        length_ms=min(lengths, default=0),
        time_limit_s=over.ticket.request.time_limit_s,
        min_s=over.ticket.request.min_s,
        speech_heard=findings.speech_heard if findings.readable else None,
    )
