"""Posts notices for those who must not wait: what is posted is on disk a moment later, in its order.

One greenlet writes everything that waits in one transaction, so that a burst of calls costs a few syncs. A
disk that refuses is tried again while the newest are kept; what is lost in the end, a bounded queue being
full or the process ending, is said loudly and counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import gevent
import structlog
from gevent.event import Event

from storage.errors import BadNotice, StoreError, StoreUnavailable
from storage.notice import NewNotice, WrittenNotice

RETRY_FIRST_S = 0.5
RETRY_LAST_S = 15.0
"""Pauses between two tries at an outbox that cannot be written, doubling."""

MAX_WAITING = 20_000
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Kept for an outbox that is away: some minutes of a busy host, and no more than it can spare."""

BATCH = 500
"""Notices in one transaction: some milliseconds, in which nobody else reads or writes the outbox here."""

_log = structlog.get_logger(__name__)


class Rows(Protocol):
    """What writes notices down (storage.notices.StoredNotices)."""

    def post_all(self, notices: Sequence[WrittenNotice]) -> Sequence[bool]:
        """Write them, all or none. Raises: StoreError."""


@dataclass(frozen=True, slots=True)
class PosterStats:
    """How writing goes: notices written and lost, times it failed, notices that wait now."""

    written_total: int
    lost_total: int
    failures_total: int
    waiting: int


@dataclass(slots=True)
class _Ticket:
    """One notice on its way to disk, and what became of that."""

    notice: WrittenNotice
    done: Event = field(default_factory=Event)
    is_lost: bool = False


class NoticePoster:
    """Posts notices of one process. Args: rows: what writes them."""

    def __init__(
        self,
        rows: Rows,
        *,
        max_waiting: int = MAX_WAITING,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        retry_first_s: float = RETRY_FIRST_S,
    ) -> None:
        self._rows = rows
        self._max_waiting = max_waiting
        self._max_waiting_bytes = max_waiting_bytes
        self._retry_first_s = retry_first_s
        self._waiting: deque[_Ticket] = deque()
        self._waiting_bytes = 0
        self._wake = Event()
        self._is_closing = False
        self._written = self._lost = self._failures = 0
        self._writer = gevent.spawn(self._write_all)

    def post(self, notice: NewNotice) -> None:
        """Have a notice sent. Never waits, never raises; what cannot be taken is logged."""
        try:
            self._put(notice.written())
        except BadNotice as exc:
            self._lost += 1
            _log.error(
                "notice_not_taken", reason=str(exc), stream=notice.stream, kind=notice.kind, outcome="lost"
            )

    def commit(self, notice: NewNotice) -> None:
        """Post it, and wait until it is on disk: for as long as that takes.

        Raises: BadNotice; StoreUnavailable: it was not written, and will not be.
        """
        ticket = self._put(notice.written())
        ticket.done.wait()
        if ticket.is_lost:
            raise StoreUnavailable(
                "a notice could not be written before this process ended, or had to make room"
            )

    def stats(self) -> PosterStats:
        """Return numbers for metrics."""
        return PosterStats(self._written, self._lost, self._failures, len(self._waiting))

    def close(self, timeout_s: float = 5.0) -> int:
        """Write what waits, as far as that is possible in time. Returns: notices that are lost."""
        self._is_closing = True
        self._wake.set()
        self._writer.join(timeout_s)
        self._writer.kill()
        left = len(self._waiting)
        if left:
            _log.error("notices_lost", notices=left, reason="the outbox could not be written")
        while self._waiting:
            self._give_up(self._waiting.popleft())
        return left

    def _put(self, notice: WrittenNotice) -> _Ticket:
        ticket = _Ticket(notice)
        size = self._waiting_bytes + len(notice.body)
        is_full = len(self._waiting) >= self._max_waiting or size > self._max_waiting_bytes
        if is_full or self._writer.dead:
            self._give_up(ticket)
            _log.error(
                "notice_not_taken",
                reason="too many wait for the outbox" if is_full else "this process ends",
                stream=notice.stream,
                kind=notice.kind,
                outcome="lost",
            )
            return ticket
        self._waiting.append(ticket)
        self._waiting_bytes = size
        self._wake.set()
        return ticket

    def _give_up(self, ticket: _Ticket) -> None:
        self._lost += 1
        ticket.is_lost = True
        ticket.done.set()

    def _write_all(self) -> None:
        pause_s = self._retry_first_s
        while self._waiting or not self._is_closing:
            if not self._waiting:
                self._wake.clear()
                self._wake.wait()
            elif self._is_written():
                pause_s = self._retry_first_s
            else:
                self._pause(min(pause_s, RETRY_LAST_S))
                pause_s *= 2

    def _is_written(self) -> bool:
        """Write the oldest notices in one transaction. Returns: whether they are on disk."""
        batch = [self._waiting[at] for at in range(min(BATCH, len(self._waiting)))]
        try:
            self._rows.post_all([ticket.notice for ticket in batch])
        except StoreError as exc:
            self._failures += 1
            _log.error("notices_not_written", reason=str(exc), notices=len(self._waiting), next="tried again")
            return False
        self._written += len(batch)
        for ticket in batch:
            self._waiting.popleft()
            self._waiting_bytes -= len(ticket.notice.body)
            ticket.done.set()
        return True

    def _pause(self, pause_s: float) -> None:
        """Let time pass; a process that ends has none to spare, but for one more try now and then."""
        ends_at = time.monotonic() + (min(pause_s, self._retry_first_s) if self._is_closing else pause_s)
        was_closing = self._is_closing
        while time.monotonic() < ends_at and self._is_closing == was_closing:
            self._wake.clear()
            self._wake.wait(ends_at - time.monotonic())
