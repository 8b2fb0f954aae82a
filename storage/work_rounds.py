"""The greenlets of a worker that takes due work out of the outbox: handing out, attempting, keeping house.

One hands out the work, one for each attempt does it, one keeps the leases alive and the house clean. Whatever
dies here, the outbox knows what is left to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import gevent
import structlog
from gevent.event import Event
from gevent.pool import Pool

from storage.errors import StoreUnavailable

J = TypeVar("J")
R = TypeVar("R")
Work_contra = TypeVar("Work_contra", contravariant=True)

_log = structlog.get_logger(__name__)


class Duties(Protocol[Work_contra]):
    """What a worker does in its rounds; each may raise StoreUnavailable, and is done again."""

    def recover(self) -> object:
        """Take back what dead processes held; once, before anything is handed out."""

    def hand_out(self) -> float:
        """Begin attempts while there is room and work. Returns: how long to wait for more."""

    def renew(self, under_way: Sequence[Work_contra]) -> object:
        """Prolong the leases of attempts under way."""

    def sweep(self) -> object:
        """Let go what is old."""


class Pace(Protocol):
    """How fast the rounds go: the settings of a worker (storage.outbox_worker, storage.notice_worker)."""

    @property
    def concurrency(self) -> int:
        """Attempts at once."""

    @property
    def lease_s(self) -> float:
        """How long a dead process keeps work from the others; renewed three times within it."""

    @property
    def poll_s(self) -> float:
        """Longest wait for what another process queued, and between two tries at a file that is away."""

    @property
    def housekeeping_s(self) -> float:
        """Between two sweeps."""


class WorkRounds(Generic[J]):
    """Runs a worker's duties from `start` to `stop`.

    Args: unavailable: the event that is logged when the outbox cannot be used.
    Attributes: wake: set it when there may be work; under_way: attempts, by what names each.
    """

    def __init__(self, duties: Duties[J], pace: Pace, unavailable: str) -> None:
        self.wake = Event()
        self.under_way: dict[Hashable, J] = {}
        self._duties = duties
        self._pace = pace
        self._unavailable = unavailable
        self._stopping = Event()
        self._attempts = Pool(pace.concurrency)
        self._rounds: list[gevent.Greenlet] = []

    @property
    def room(self) -> int:
        """How many attempts may begin now."""
        return 0 if self._stopping.is_set() else int(self._attempts.free_count())

    def start(self) -> None:
        """Begin."""
        self._rounds = [gevent.spawn(self._hand_out), gevent.spawn(self._keep_house)]

    def stop(self, deadline_s: float) -> bool:
        """Start no further attempt and let those under way end.

        Returns: whether all did within the deadline; the others are cut off, and made again by whoever finds
        their lease ended or this process dead.
        """
        self._stopping.set()
        self.wake.set()
        ends_at = time.monotonic() + deadline_s
        gevent.joinall(self._rounds[:1], timeout=deadline_s)  # it may be about to begin an attempt
        finished = bool(self._attempts.join(timeout=max(0.0, ends_at - time.monotonic())))
        self._attempts.kill()
        gevent.killall(self._rounds)
        return finished

    def is_running(self) -> bool:
        """Whether rounds are made; False after `start` means something of ours broke."""
        return bool(self._rounds) and not any(each.ready() for each in self._rounds)

    def begin(self, name: Hashable, job: J, attempt: Callable[[J], object]) -> None:
        """Make an attempt in a greenlet of its own; the next may begin when it has ended."""
        self.under_way[name] = job
        greenlet = gevent.Greenlet(attempt, job)
        self._attempts.start(greenlet)
        greenlet.rawlink(lambda _: self.wake.set())  # behind the pool's own, which makes room

    def told(self, tell: Callable[[], R], **facts: Any) -> R | None:
        """Tell the outbox until it has heard, so that nothing is done twice; None where this process ends."""
        while True:
            try:
                return tell()
            except StoreUnavailable as exc:
                _log.error(self._unavailable, reason=str(exc), next="told again", **facts)
                if self._stopping.wait(self._pace.poll_s):
                    return None

    def idle_s(self, now: float, *times: float | None) -> float:
        """Return how long to wait for the first of some moments, None for one that is not known."""
        return min([self._pace.poll_s, *(max(0.0, at - now) for at in times if at is not None)])

    def _hand_out(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            self.wake.clear()
            try:
                if not recovered:
                    self._duties.recover()
                    recovered = True
                wait_s = self._duties.hand_out()
            except StoreUnavailable as exc:
                wait_s = self._pace.poll_s
                _log.error(self._unavailable, reason=str(exc), next="tried again", in_s=wait_s)
                self._stopping.wait(wait_s)  # whoever queues meanwhile must not make us spin
            self.wake.wait(wait_s)

    def _keep_house(self) -> None:
        """Renew leases three times within their length, and let go what is old."""
        swept_at = float("-inf")
        while True:
            try:
                if self.under_way:
                    self._duties.renew(list(self.under_way.values()))
                if time.monotonic() - swept_at >= self._pace.housekeeping_s:
                    self._duties.sweep()
                    swept_at = time.monotonic()
            except StoreUnavailable as exc:
                _log.warning(self._unavailable, reason=str(exc), next="tried again")
            gevent.sleep(min(self._pace.lease_s / 3, self._pace.housekeeping_s))
