"""Says what became of a recording that is over: why it ended, and what the file is worth.

Everything known comes in as an `Ending`, wherever that was put together: beside the live call, from a
RECORD_STOP that reached only the inbound link, or from a manifest after a crash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import gevent

from recording import ending, timeline, verdict
from recording.ending import Asked, RawCause
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.probe import Examiner, Findings
from recording.segment import Segment, gaps_ms
from recording.stop_event import Stop
from recording.ticket import Ticket
from recording.timeline import Mark, Stretch, What

APPEAR_S = 2.0
"""How long a file that should be there may take to appear: a shared directory's cache may lag."""

DELIVERABLE = frozenset({Verdict.OK, Verdict.DEGRADED})
"""Verdicts of recordings that go to their destinations."""


UNMET = {
    EndedBy.NOT_ANSWERED: "it was to begin with the answer, and the call was never answered",
    EndedBy.NOT_BRIDGED: "it was to begin with the bridge, and the call was never bridged",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is known of a recording that is over.

    Attributes: asked: what we last told FreeSWITCH; started_at_us: epoch us of RECORD_START, 0: not seen;
    stop: its RECORD_STOP, None when nobody got it; hung_up: CHANNEL_HANGUP was seen before that; notes: what
    else an operator should know, in sentences; marks: its timeline; answered_at_us, bridged_at_us: when its
    leg was, 0: never, as far as is known; unwanted: why it is to be thrown away, "" when it is not;
    segments: its files, () for the one that its ticket names.
    """

    ticket: Ticket
    asked: Asked = Asked.NOTHING
    started_at_us: int = 0
    stop: Stop | None = None
    hung_up: bool = False
    notes: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    answered_at_us: int = 0
    bridged_at_us: int = 0
    unwanted: str = ""
    segments: tuple[Segment, ...] = ()

    @property
    def raw_cause(self) -> str:
        """FreeSWITCH's completion cause, "" when it said none."""
        return self.stop.raw_cause if self.stop else ""

    @property
    def written_from_us(self) -> int:
        """When audio began, by FreeSWITCH's clock: at its start, or with the answer it had to wait for."""
        request = self.ticket.request
        waits = request.on_answer and request.on_bridge
        return max(self.started_at_us, self.answered_at_us) if waits else self.started_at_us

    @property
    def expected_ms(self) -> int:
        """What should be in its files by FreeSWITCH's clock, pauses left out; 0 when that is not known."""
        if not self.stop or not self.stop.at_us or not self.started_at_us:
            return 0
        first, *others = self.segments or (Segment(self.ticket.uuid),)
        if others and not all(one.started_at_us for one in others):
            return 0
        paused_ms = sum(one.length_ms for one in self.stretches(What.PAUSED, What.RESUMED))
        held_ms = sum(one.length_ms for one in self.held())
        until_us = first.ended_at_us if others and first.ended_at_us else self.stop.at_us
        written_us = until_us - self.written_from_us
        for one in others:
            written_us += (one.ended_at_us or self.stop.at_us) - one.started_at_us
        return max(0, written_us // 1000 - paused_ms - held_ms)

    @property
    def gaps_ms(self) -> tuple[int, ...]:
        """How long nothing was written between one of its files and the next."""
        return gaps_ms(self.segments)

    def held(self) -> tuple[Stretch, ...]:
        """Return when FreeSWITCH wrote nothing because the recorded leg held the other."""
        if not self.stop or not self.stop.at_us:
            return ()
        return timeline.gaps(self.marks, self.written_from_us, self.stop.at_us)

    def paths(self, recordings_dir: Path) -> tuple[Path, ...]:
        """Where its files are, in order."""
        name, audio_format = self.ticket.name, self.ticket.request.capture_format
        segments = self.segments or (Segment(self.ticket.uuid),)
        return tuple(one.path(name, recordings_dir, audio_format) for one in segments)

    @property
    def talk_ms(self) -> int | None:
        """How long the leg was bridged to another, None when nobody was told of a bridge."""
        if not any(mark.what is What.BRIDGED for mark in self.marks):
            return None
        return sum(one.length_ms for one in self.stretches(What.BRIDGED, What.UNBRIDGED))

    def stretches(self, begin: What, end: What) -> tuple[Stretch, ...]:
        """Return what lies between such marks while it was written; () while its end is not known."""
        if not self.stop or not self.stop.at_us:
            return ()
        return timeline.stretches(self.marks, begin, end, self.written_from_us, self.stop.at_us)

    @property
    def unmet(self) -> EndedBy | None:
        """What it was to begin with and never came; None for nothing.

        A file that was opened and has nothing in it, for want of the answer it waited for, is the same.
        """
        request = self.ticket.request
        began = self.started_at_us or self.stop is not None
        if request.on_answer and not self.answered_at_us and (not began or self.raw_cause == RawCause.EMPTY):
            return EndedBy.NOT_ANSWERED
        if request.on_bridge and not self.bridged_at_us and not began:
            return EndedBy.NOT_BRIDGED
        return None


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of a recording, as its captured files have it, and what is known of each that is usable.

    Attributes: files: path and findings, in order; gaps_ms: what lies between them.
    """

    outcome: RecordingOutcome
    files: tuple[tuple[Path, Findings], ...]
    gaps_ms: tuple[int, ...] = ()


class Finisher:
    """Looks at recordings that are over, any number at a time, each in the greenlet that calls."""

    def __init__(self, recordings_dir: Path, examiner: Examiner) -> None:
        self._recordings_dir = recordings_dir
        self._examiner = examiner

    def verify(self, over: Ending) -> Verified:
        """Look at what there is and say what became of the recording. Blocks while the file is read."""
        name = over.ticket.name
        found = [(path, self._examine(over, path)) for path in over.paths(self._recordings_dir)]
        path, findings = found[0][0], together([one for _, one in found])
        ended_by = ending.decide(_facts(over, findings))
        judged, reasons = verdict.judge(_case(over, ended_by, findings))
        if over.unmet is not None and not findings.readable:
            judged, reasons = Verdict.DISCARDED, (UNMET[over.unmet],)
        outcome = RecordingOutcome(
            recording_id=name.recording_id,
            document_id=over.ticket.document_id,
            ended_by=ended_by,
            verdict=judged,
            raw_cause=over.raw_cause,
            path=path if findings.exists and judged is not Verdict.DISCARDED else None,
            duration_ms=findings.duration_ms,
            channels=findings.channels,
            sample_rate_hz=findings.sample_rate_hz,
            started_at_us=over.written_from_us,
            reasons=(*reasons, *over.notes),
            is_inaccessible=findings.inaccessible,
            timeline=_timeline(over, ended_by),
            leftovers=tuple(each for each, _ in found[1:]),
        )
        usable = [at for at, (_, one) in enumerate(found) if one.readable] or [0]
        gaps = (0, *over.gaps_ms)
        return Verified(
            outcome,
            tuple(found[at] for at in usable),
            tuple(sum(gaps[before + 1 : at + 1]) for before, at in pairwise(usable)),
        )

    def _examine(self, over: Ending, path: Path) -> Findings:
        audio_format = over.ticket.request.capture_format
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
        unmet=over.unmet,
    )


def _case(over: Ending, ended_by: EndedBy, findings: Findings) -> verdict.Case:
    return verdict.Case(
        over.ticket.request,
        ended_by,
        findings,
        over.expected_ms,
        over.raw_cause == RawCause.EMPTY,
        masked=()
        if over.segments[1:]
        else tuple(
            ((one.from_us - over.written_from_us) // 1000, (one.to_us - over.written_from_us) // 1000)
            for one in over.stretches(What.MASKED, What.UNMASKED)
        ),
        talk_ms=over.talk_ms,
    )


def _timeline(over: Ending, ended_by: EndedBy) -> tuple[Mark, ...]:
    """Return the marks, the end of the recording behind them."""
    if over.stop is None or not over.stop.at_us:
        return over.marks
    last = over.segments[-1] if over.segments else Segment(over.ticket.uuid)
    detail = {"uuid": last.uuid, "ended_by": ended_by.value}
    if last.number > 1:
        detail["segment"] = str(last.number)
    end = Mark(over.stop.at_us, What.ENDED, detail)
    return (*(mark for mark in over.marks if mark.at_us <= end.at_us), end)


def together(findings: Sequence[Findings]) -> Findings:
    """Return what is known of several files as of one; each side is as the longest of them has it."""
    if len(findings) == 1:
        return findings[0]
    longest = max(findings, key=lambda one: one.duration_ms)
    heard = [one for one in findings if one.readable] or list(findings)
    return replace(
        longest,
        exists=any(one.exists for one in findings),
        duration_ms=sum(one.duration_ms for one in findings),
        silent=tuple(side for side in longest.silent if all(side in one.silent for one in heard)),
        speech_heard=any(one.speech_heard for one in findings),
        faults=tuple(
            f"segment {number}: {fault}" for number, one in enumerate(findings, 1) for fault in one.faults
        ),
        repaired=any(one.repaired for one in findings),
        inaccessible=any(one.inaccessible for one in findings),
    )
