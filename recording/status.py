"""What observers of a recording are told: that it runs, pauses, goes on, and how it ended, exactly once.

| state | told when | final |
|---|---|---|
| recording | FreeSWITCH said RECORD_START; again when a pause is over | |
| paused | nothing is written any more (a mask is no pause: silence is written) | |
| finished | there is a file to be had, whatever ended it | x |
| no_input | nobody ever spoke; there is a file of silence | x |
| error | it never began, could not be written, or was thrown away, as too short or unwanted | x |

Law
1. Everything is told in order, each observer in a greenlet beside the recording: neither the call nor the
   recording waits for whoever is told, nor is hurt by it.
2. What is told follows from what the manifest has (`milestones`), and each thing has a name of its own
   (`RecordingStatus.notice_id`). So the engine that takes a recording over tells everything again, and
   whoever is told takes each thing once.
3. The manifest goes only when every observer has been told of the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import gevent
import structlog
from gevent.pool import Group

from recording.finisher import Ending
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.request import Observer
from recording.standing import Standing
from recording.ticket import Ticket
from recording.timeline import Mark, What
from storage.errors import BadNotice, StoreError, StoreUnavailable

TELL_S = 30.0
"""What telling one thing may take: it is written to this host's disk, as a rule."""

RETRY_FIRST_S = 0.5
RETRY_LAST_S = 60.0
"""Pauses between two tries to tell an end, doubling."""

MAX_FAULTS = 5
"""Tries at a sink that fails by a bug of its own, which more would not mend."""

log = structlog.get_logger(__name__)


class StatusState(StrEnum):
    """See the table at the top."""

    RECORDING = "recording"
    PAUSED = "paused"
    FINISHED = "finished"
    NO_INPUT = "no_input"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """One thing to tell one observer.

    Attributes: at_us: when it was so (epoch microseconds); outcome: of an end, None before; notice_id: names
    this alone, whoever tells it, and how often.
    """

    ticket: Ticket
    observer: Observer
    state: StatusState
    at_us: int
    notice_id: str
    outcome: RecordingOutcome | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be told."""
        return self.outcome is not None


class StatusSink(Protocol):
    """Tells observers of one kind."""

    def tell(self, status: RecordingStatus, /) -> None:
        """Tell one thing; may block, and is asked again for what it has told already (notice_id).

        Raises: StoreError: it could not be told. An end is told again until it was.
        """


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing there is to tell. `name`: the same in every process that tells it."""

    state: StatusState
    at_us: int
    name: str


@dataclass(slots=True)
class _Line:
    """What one recording has to tell. `told`: milestones that were put in, of all there are."""

    told: int = 0
    waiting: deque[RecordingStatus] = field(default_factory=deque)
    greenlet: gevent.Greenlet | None = None


def milestones(started_at_us: int, marks: Sequence[Mark]) -> list[Milestone]:
    """Return what there is to tell of a recording that is not over, in order; nothing before it began.

    Args: marks: its timeline, by time. A pause that was asked for before it began is told behind its
    beginning.
    """
    if not started_at_us:
        return []
    found = [Milestone(StatusState.RECORDING, started_at_us, "recording")]
    early: list[Mark] = []
    for mark in marks:
        if mark.what is What.PAUSED and mark.at_us < started_at_us:
            early = [mark]
        elif mark.what is What.RESUMED and mark.at_us < started_at_us:
            early = []
        elif mark.what in (What.PAUSED, What.RESUMED):
            found += map(_milestone, (*early, mark))
            early = []
    return [*found, *map(_milestone, early)]


def state_of(outcome: RecordingOutcome) -> StatusState:
    """Return how a recording ended, as it is told."""
    if outcome.verdict in (Verdict.FAILED, Verdict.DISCARDED):
        return StatusState.ERROR
    if outcome.ended_by in (EndedBy.WRITE_ERROR, EndedBy.NOT_STARTED):
        return StatusState.ERROR
    return StatusState.NO_INPUT if outcome.ended_by is EndedBy.NO_INPUT else StatusState.FINISHED


class Statuses:
    """Tells the observers of all recordings of this process. Args: sinks: by the kind of observers."""

    def __init__(self, sinks: Mapping[str, StatusSink] | None = None) -> None:
        self._sinks = {} if sinks is None else sinks
        self._lines: dict[str, _Line] = {}
        self._greenlets = Group()

    def changed(self, recording: Standing) -> None:
        """Have told what is new of a recording. Returns at once, never raises."""
        if recording.ticket.request.observers:
            self._put(recording.ticket, recording.started_at_us, recording.diary.marks)

    def settled(self, over: Ending, outcome: RecordingOutcome, ended_at_us: int) -> None:
        """Tell how a recording ended, behind everything else; blocks until every observer has been told.

        What can be looked at only later has not ended yet: nothing is told.
        """
        ticket = over.ticket
        recording_id = ticket.name.recording_id
        if not ticket.request.observers or outcome.is_inaccessible:
            self._lines.pop(recording_id, None)
            return
        line = self._put(ticket, over.started_at_us, over.marks)
        if line.greenlet is not None:
            line.greenlet.join()
        end = Milestone(state_of(outcome), ended_at_us, "end")
        for status in _statuses(ticket, end, outcome):
            self._tell_for_certain(status)
        self._lines.pop(recording_id, None)

    def close(self) -> None:
        """Tell nothing more; what is left is told by the next engine."""
        self._greenlets.kill()

    def _put(self, ticket: Ticket, started_at_us: int, marks: Sequence[Mark]) -> _Line:
        line = self._lines.setdefault(ticket.name.recording_id, _Line())
        known = milestones(started_at_us, marks)
        for milestone in known[line.told :]:
            line.waiting.extend(_statuses(ticket, milestone))
        line.told = max(line.told, len(known))
        if line.waiting and (line.greenlet is None or line.greenlet.dead):
            line.greenlet = self._greenlets.spawn(self._tell_all, line)
        return line

    def _tell_all(self, line: _Line) -> None:
        while line.waiting:
            status = line.waiting.popleft()
            try:
                self._tell(status)
            except Exception as exc:  # noqa: BLE001 - a sink's bug must hurt nobody, and what follows is told
                _failed(status, exc, next_="not told")

    def _tell_for_certain(self, status: RecordingStatus) -> None:
        pause_s, faults = RETRY_FIRST_S, 0
        while True:
            try:
                self._tell(status)
            except Exception as exc:  # noqa: BLE001 - as above
                faults += 0 if _is_passing(exc) else 1
                _failed(status, exc, next_="told again" if faults < MAX_FAULTS else "not told")
                if faults >= MAX_FAULTS:
                    return
            else:
                return
            gevent.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_LAST_S)

    def _tell(self, status: RecordingStatus) -> None:
        sink = self._sinks.get(status.observer.kind)
        if sink is None:
            log.error("recording_status_without_sink", **_facts(status))
            return
        with gevent.Timeout(TELL_S, StoreUnavailable(f"not told within {TELL_S:g} s")):
            sink.tell(status)
        log.debug("recording_status_told", **_facts(status))


def _statuses(
    ticket: Ticket, milestone: Milestone, outcome: RecordingOutcome | None = None
) -> Iterator[RecordingStatus]:
    """Yield one milestone for each observer."""
    for number, observer in enumerate(ticket.request.observers):
        name = f"recording:{ticket.name.recording_id}:{number}:{milestone.name}"
        yield RecordingStatus(ticket, observer, milestone.state, milestone.at_us, name, outcome)


def _milestone(mark: Mark) -> Milestone:
    is_pause = mark.what is What.PAUSED
    state = StatusState.PAUSED if is_pause else StatusState.RECORDING
    return Milestone(state, mark.at_us, f"{'paused' if is_pause else 'resumed'}:{mark.at_us}")


def _facts(status: RecordingStatus) -> dict[str, str]:
    return {
        "recording_id": status.ticket.name.recording_id,
        "kind": status.observer.kind,
        "state": status.state.value,
    }


def _is_passing(failure: Exception) -> bool:
    """Whether it is no bug: the disk is full, or slow."""
    return isinstance(failure, StoreError) and not isinstance(failure, BadNotice)


def _failed(status: RecordingStatus, failure: Exception, next_: str) -> None:
    """Log once that something could not be told; a bug with where it is."""
    where = {} if _is_passing(failure) else {"exc_info": failure}
    reason = str(failure) or type(failure).__name__
    log.error("recording_status_not_told", reason=reason, next=next_, **_facts(status), **where)
