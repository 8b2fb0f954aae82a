"""Takes due notices out of the outbox and sends them: many at once, streams in order, hosts in turns.

Like the worker of deliveries (storage.outbox_worker), but for thousands of small messages instead of few
large files: they are claimed several at a time, so that a burst costs a few commits. A receiver that is down
is probed and left alone in between, and its notices are given up together when they are too old.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import gevent
import structlog
from gevent.event import Event
from gevent.pool import Pool

from storage import outbox_owner
from storage.errors import StoreUnavailable
from storage.notice import NoticeJob, NoticeState, Try, TryOutcome
from storage.notice_queue import Result
from storage.notice_sender import NoticeSender
from storage.notices import StoredNotices
from storage.outbox_backoff import DAY_S
from storage.outbox_health import Finding, Health

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """How a worker works.

    Attributes: concurrency: requests at once; lease_s: how long a dead process keeps a notice from the others
    (renewed while alive); poll_s: longest wait for what another process posted; housekeeping_s: between two
    looks at what is old; delivered_s, dead_s: how long what is settled is kept; most: of each of the two, and
    no more (a kilobyte each, as a rule).
    """

    concurrency: int = 64
    lease_s: float = 60.0
    poll_s: float = 0.5
    housekeeping_s: float = 10.0
    delivered_s: float = 7 * DAY_S
    dead_s: float = 30 * DAY_S
    most: int = 100_000

    @property
    def per_key(self) -> int:
        """Requests at once to one receiver: half of all, so that one slow place never has them all."""
        return max(1, self.concurrency // 2)


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """One attempt that has ended, for whoever observes: `state` None means it no longer counted."""

    job: NoticeJob
    state: NoticeState | None
    result: Result
    duration_s: float


@dataclass(frozen=True, slots=True)
class NoticeStats:
    """Plain numbers for metrics; those of the outbox hold for all processes, the rest for this one."""

    pending: int
    delivering: int
    delivered: int
    dead: int
    dead_lately: int
    oldest_unsettled_s: float
    in_flight: int
    receivers_down: int
    attempts_total: int
    failures_total: int


class NoticeWorker:
    """Sends notices, from `start` to `stop`."""

    def __init__(
        self,
        notices: StoredNotices,
        sender: NoticeSender,
        settings: NoticeSettings | None = None,
        *,
        health: Health | None = None,
        clock: Callable[[], float] = time.time,
        observe: Callable[[NoticeReport], object] | None = None,
    ) -> None:
        """Take what is needed. Args: clock: the outbox's; observe: called after each attempt."""
        self._notices = notices
        self._sender = sender
        self._settings = settings or NoticeSettings()
        self._health = health or Health(self._settings.per_key)
        self._clock = clock
        self._observe = observe
        self._owner = outbox_owner.this_process()
        self._wake = Event()
        self._stopping = Event()
        self._attempts = Pool(self._settings.concurrency)
        self._under_way: dict[int, NoticeJob] = {}
        self._rounds: list[gevent.Greenlet] = []
        self._last_key = ""
        self._attempted = self._failed = 0
        notices.subscribe(self._wake.set)

    def start(self) -> None:
        """Take back what dead processes held, then send until stopped."""
        self._rounds = [gevent.spawn(self._hand_out), gevent.spawn(self._keep_house)]

    def stop(self, deadline_s: float = 15.0) -> bool:
        """Start no further attempt and let those under way end.

        Returns: whether all did within the deadline; the others are cut off, and made again by whoever finds
        their lease ended or this process dead.
        """
        self._stopping.set()
        self._wake.set()
        ends_at = time.monotonic() + deadline_s
        gevent.joinall(self._rounds[:1], timeout=deadline_s)  # it may be about to begin an attempt
        finished = bool(self._attempts.join(timeout=max(0.0, ends_at - time.monotonic())))
        self._attempts.kill()
        gevent.killall(self._rounds)
        self._sender.close()
        return finished

    def is_running(self) -> bool:
        """Whether notices are being sent; False after `start` means something of ours broke."""
        return bool(self._rounds) and not any(each.ready() for each in self._rounds)

    def stats(self) -> NoticeStats:
        """Return numbers for metrics. Raises: StoreUnavailable."""
        counts = self._notices.counts()
        oldest_at = counts.oldest_unsettled_at
        return NoticeStats(
            pending=counts.pending,
            delivering=counts.delivering,
            delivered=counts.delivered,
            dead=counts.dead,
            dead_lately=counts.dead_lately,
            oldest_unsettled_s=max(0.0, self._clock() - oldest_at) if oldest_at is not None else 0.0,
            in_flight=len(self._under_way),
            receivers_down=len(self._health.open_keys()),
            attempts_total=self._attempted,
            failures_total=self._failed,
        )

    def _hand_out(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not recovered:
                    self._notices.recover(self._settings.lease_s)
                    recovered = True
                wait_s = self._hand_out_due()
            except StoreUnavailable as exc:
                wait_s = self._settings.poll_s
                _log.error("notices_unavailable", reason=str(exc), next="tried again", in_s=wait_s)
                self._stopping.wait(wait_s)  # whoever posts meanwhile must not make us spin
            self._wake.wait(wait_s)

    def _hand_out_due(self) -> float:
        """Start attempts while there is room and work. Returns: how long to wait for more."""
        while (free := self._attempts.free_count()) > 0 and not self._stopping.is_set():
            rooms = self._health.rooms(self._clock())
            jobs = self._notices.claim(
                self._owner,
                self._settings.lease_s,
                limit=free,
                rooms=rooms,
                room=self._settings.per_key,
                after=self._last_key,
            )
            if not jobs:
                return self._idle_s(self._notices.next_due_at(rooms))
            for job in jobs:
                self._health.started(job.key)
                self._under_way[job.id] = job
                attempt = gevent.Greenlet(self._attempt, job)
                self._attempts.start(attempt)
                attempt.rawlink(lambda _: self._wake.set())  # behind the pool's own, which makes room
            self._last_key = jobs[-1].key
        return self._settings.poll_s  # or until an attempt ends, which wakes us

    def _idle_s(self, due_at: float | None) -> float:
        now = self._clock()
        times = [at for at in (due_at, self._health.reopens_at(now)) if at is not None]
        return min([self._settings.poll_s, *(max(0.0, at - now) for at in times)])

    def _attempt(self, job: NoticeJob) -> None:
        began_s = time.monotonic()
        finding, asked_s = Finding.NOTHING, 0.0
        try:
            result = self._sent(job)
            finding, asked_s = _finding(result), result.asked_s
            state = self._told(job, result)
        finally:
            self._under_way.pop(job.id, None)
            came_back = self._health.finished(job.key, finding, self._clock(), asked_s)
        self._account_for(NoticeReport(job, state, result, time.monotonic() - began_s))
        if came_back:
            self._hasten(job.key)

    def _sent(self, job: NoticeJob) -> Result:
        began = self._clock()
        try:
            return self._sender.send(job)
        except Exception as exc:  # noqa: BLE001 - one attempt is a boundary: its bug must not stop the others
            _log.exception("notice_crashed", notice=job.id, stream=job.stream)
            reason = f"{type(exc).__name__} while it was sent"
            tried = Try(job.number, "", began, self._clock() - began, 0, TryOutcome.FAILED, reason)
            return Result((tried,), is_our_fault=True)

    def _told(self, job: NoticeJob, result: Result) -> NoticeState | None:
        """Tell the outbox, until it has heard: what was delivered should not be delivered again."""
        while True:
            try:
                return self._notices.settle(job, result, self._owner)
            except StoreUnavailable as exc:
                _log.error("notices_unavailable", reason=str(exc), notice=job.id, next="told again")
                if self._stopping.wait(self._settings.poll_s):
                    return None

    def _account_for(self, report: NoticeReport) -> None:
        job, last = report.job, report.result.last
        self._attempted += 1
        facts = {
            "notice": job.id,
            "kind": job.kind,
            "stream": job.stream,
            "account_id": job.account_id,
            "receiver": job.key,
            "attempt": job.number,
            "status": last.status,
            "duration_s": round(report.duration_s, 3),
        }
        if report.result.is_delivered:
            _log.debug("notice_delivered", target=last.target, **facts)
        else:
            self._failed += 1
            log = _log.error if report.state is NoticeState.DEAD else _log.warning
            log("notice_failed", reason=last.reason, state=report.state and str(report.state), **facts)
        if self._observe is not None:
            self._observe(report)

    def _hasten(self, key: str) -> None:
        try:
            hastened = self._notices.hasten(key)
        except StoreUnavailable as exc:
            _log.warning("notices_not_hastened", receiver=key, reason=str(exc))
        else:
            _log.info("receiver_came_back", receiver=key, notices=hastened)
            self._wake.set()

    def _keep_house(self) -> None:
        """Renew leases three times within their length, and let go what is old."""
        swept_at = float("-inf")
        while True:
            try:
                if self._under_way:
                    self._notices.renew(list(self._under_way.values()), self._settings.lease_s)
                if time.monotonic() - swept_at >= self._settings.housekeeping_s:
                    self._sweep()
                    swept_at = time.monotonic()
            except StoreUnavailable as exc:
                _log.warning("notices_unavailable", reason=str(exc), next="tried again")
            gevent.sleep(min(self._settings.lease_s / 3, self._settings.housekeeping_s))

    def _sweep(self) -> None:
        down = self._health.open_keys()
        given_up = self._notices.give_up(down) if down else 0
        if given_up:
            _log.error("notices_given_up", notices=given_up, receivers=down, next="callflows notices retry")
        settings = self._settings
        while self._notices.purge(settings.delivered_s, settings.dead_s, most=settings.most):
            pass


def _finding(result: Result) -> Finding:
    if result.is_our_fault:
        return Finding.NOTHING
    return Finding.ANSWERED if result.is_delivered or result.is_refused else Finding.FAILED
