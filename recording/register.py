"""The register as recordings see it: each is noted when it is asked for, and again when its fate is known.

Neither may hurt a call. A note is queued and written by a greenlet of its own, everything that waits in one
transaction; whoever made it waits until it is on disk, but not for long. A register that cannot be written
is tried again, with the newest notes kept: what is lost in the end is a row, never a recording, for the
manifest (recording.journal) and the outbox do not depend on it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import gevent
import structlog
from gevent.event import Event

from recording.outcome import RecordingOutcome, Verdict
from recording.ticket import Ticket
from storage import outbox_owner
from storage.errors import StoreError
from storage.register_row import Expected, Fate, Settled

Note = Expected | Settled

EXPECTED_WAIT_S = 0.5
"""What a recording's own greenlet waits for the disk at its start; its limit runs meanwhile."""

SETTLED_WAIT_S = 10.0
"""At its end nothing else is waiting; its manifest should go only after this."""

RETRY_FIRST_S = 1.0
RETRY_LAST_S = 60.0
"""Pauses between two tries at a register that cannot be written, doubling."""

MAX_WAITING = 20_000
"""Notes kept for a register that is away: an hour of a busy host, some 20 MB."""

BATCH = 500
"""Notes in one transaction."""

_FATES = {Verdict.DISCARDED: Fate.DISCARDED, Verdict.FAILED: Fate.FAILED}

log = structlog.get_logger(__name__)


class Register(Protocol):
    """Where every recording that was asked for is noted."""

    def expected(self, ticket: Ticket) -> None:
        """Note that a recording was asked for; may block the calling greenlet for a moment, never raises."""

    def settled(self, ticket: Ticket, outcome: RecordingOutcome, rule: str, reason: str) -> None:
        """Note what became of it, also of one that was never expected; as `expected`.

        Args: rule, reason: of storage (recording.storage_decision).
        """


class NoRegister:
    """Notes nothing."""

    def expected(self, ticket: Ticket) -> None:
        """Note nothing."""

    def settled(self, ticket: Ticket, outcome: RecordingOutcome, rule: str, reason: str) -> None:
        """Note nothing."""


class Rows(Protocol):
    """What writes notes down (storage.outbox_register.StoredRegister)."""

    def write(self, notes: Sequence[Note]) -> None:
        """Write them, all or none. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class RegisterStats:
    """How writing goes: notes written and lost, times it failed, notes that wait now."""

    written_total: int
    lost_total: int
    failures_total: int
    waiting: int


class OutboxRegister:
    """A Register over the outbox's file. Args: rows: what writes; expected_wait_s: see EXPECTED_WAIT_S."""

    def __init__(self, rows: Rows, *, expected_wait_s: float = EXPECTED_WAIT_S) -> None:
        self._rows = rows
        self._expected_wait_s = expected_wait_s
        self._owner = outbox_owner.this_process()
        self._waiting: deque[tuple[Note, Event]] = deque()
        self._wake = Event()
        self._closing = False
        self._written = self._lost = self._failures = 0
        self._writer = gevent.spawn(self._write_all)

    def expected(self, ticket: Ticket) -> None:
        """See Register."""
        self._note(expected_of(ticket, self._owner), self._expected_wait_s)

    def settled(self, ticket: Ticket, outcome: RecordingOutcome, rule: str, reason: str) -> None:
        """See Register."""
        self._note(settled_of(ticket, outcome, rule, reason), SETTLED_WAIT_S)

    def stats(self) -> RegisterStats:
        """Return numbers for metrics."""
        return RegisterStats(self._written, self._lost, self._failures, len(self._waiting))

    def close(self, timeout_s: float = 5.0) -> int:
        """Write what waits, as far as that is possible in time. Returns: notes that are lost."""
        self._closing = True
        self._wake.set()
        self._writer.join(timeout_s)
        self._writer.kill()
        if self._waiting:
            log.error("register_notes_lost", recordings=len(self._waiting), next="see recordings audit")
        return len(self._waiting)

    def _note(self, note: Note, wait_s: float) -> None:
        written = Event()
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append((note, written))
        self._wake.set()
        written.wait(wait_s)

    def _write_all(self) -> None:
        pause_s = RETRY_FIRST_S
        while self._waiting or not self._closing:
            if not self._waiting:
                self._wake.clear()
                self._wake.wait()
                continue
            if self._try_write():
                pause_s = RETRY_FIRST_S
                continue
            if self._closing:
                return
            self._pause(pause_s)
            pause_s = min(pause_s * 2, RETRY_LAST_S)

    def _try_write(self) -> bool:
        """Write the oldest notes in one transaction. Returns: whether they are on disk."""
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        try:
            self._rows.write([note for note, _ in batch])
        except StoreError as exc:
            self._failures += 1
            self._waiting.extendleft(reversed(batch))
            log.warning("register_not_written", reason=str(exc), notes=len(self._waiting), next="tried again")
            return False
        self._written += len(batch)
        for _, written in batch:
            written.set()
        return True

    def _pause(self, pause_s: float) -> None:
        """Let time pass, unless the register is closed meanwhile."""
        ends_at = time.monotonic() + pause_s
        while not self._closing and time.monotonic() < ends_at:
            self._wake.clear()
            self._wake.wait(ends_at - time.monotonic())


def expected_of(ticket: Ticket, owner: str) -> Expected:
    """Return what the register says of a recording that was asked for."""
    return Expected(
        recording_id=ticket.name.recording_id,
        requested_at=ticket.requested_at_us / 1e6,
        document_id=ticket.document_id,
        call_id=ticket.call_id,
        uuid=ticket.uuid,
        account_id=ticket.account_id,
        origin=ticket.request.origin,
        owner=owner,
        limit_s=ticket.request.time_limit_s,
    )


def settled_of(ticket: Ticket, outcome: RecordingOutcome, rule: str, reason: str) -> Settled:
    """Return what the register says of a recording that is over.

    Whether audio stays here or is handed over is the outbox's own knowledge: it notes what it takes
    (storage.outbox_register.taken_over), and its word stands.
    """
    return Settled(
        expected=expected_of(ticket, owner=""),
        fate=_FATES.get(outcome.verdict, Fate.KEPT),
        started_at=outcome.started_at_us / 1e6 if outcome.started_at_us else None,
        ended_by=outcome.ended_by.value,
        verdict=outcome.verdict.value,
        reasons=outcome.reasons,
        duration_ms=outcome.duration_ms,
        size_bytes=outcome.size_bytes,
        path=str(outcome.path) if outcome.path else "",
        rule=rule,
        rule_reason=reason,
    )
