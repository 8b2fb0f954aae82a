"""Takes due notices out of the outbox and sends them: many at once, streams in order, hosts in turns.

Like the worker of deliveries (storage.outbox_worker), but for thousands of small messages instead of few
large files: they are claimed several at a time, so that a burst costs a few commits. A receiver that is down
is probed and left alone in between, and its notices are given up together when they are too old.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from storage import outbox_owner
from storage.errors import StoreUnavailable
from storage.notice import NoticeJob, NoticeState, Try, TryOutcome
from storage.notice_queue import Result
from storage.notice_sender import NoticeSender
from storage.notices import StoredNotices
from storage.outbox_backoff import DAY_S
from storage.outbox_health import Finding, Health
from storage.work_rounds import WorkRounds

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
        self._rounds: WorkRounds[NoticeJob] = WorkRounds(self, self._settings, "notices_unavailable")
        self._last_key = ""
        self._attempted = self._failed = 0
        notices.subscribe(self._rounds.wake.set)

    def start(self) -> None:
        """Take back what dead processes held, then send until stopped."""
        self._rounds.start()

    def stop(self, deadline_s: float = 15.0) -> bool:
        """See storage.work_rounds.WorkRounds.stop."""
        finished = self._rounds.stop(deadline_s)
        self._sender.close()
        return finished

    def is_running(self) -> bool:
        """Whether notices are being sent; False after `start` means something of ours broke."""
        return self._rounds.is_running()

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
            in_flight=len(self._rounds.under_way),
            receivers_down=len(self._health.open_keys()),
            attempts_total=self._attempted,
            failures_total=self._failed,
        )

    def recover(self) -> int:
        """See storage.work_rounds.Duties."""
        return self._notices.recover(self._settings.lease_s)

    def hand_out(self) -> float:
        """See storage.work_rounds.Duties."""
        while (free := self._rounds.room) > 0:
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
                due_at = self._notices.next_due_at(rooms)
                now = self._clock()
                return self._rounds.idle_s(now, due_at, self._health.reopens_at(now))
            for job in jobs:
                self._health.started(job.key)
                self._rounds.begin(job.id, job, self._attempt)
            self._last_key = jobs[-1].key
        return self._settings.poll_s  # or until an attempt ends, which wakes us

    def renew(self, under_way: Sequence[NoticeJob]) -> int:
        """See storage.work_rounds.Duties."""
        return self._notices.renew(under_way, self._settings.lease_s)

    def sweep(self) -> None:
        """See storage.work_rounds.Duties."""
        down = self._health.open_keys()
        given_up = self._notices.give_up(down) if down else 0
        if given_up:
            _log.error("notices_given_up", notices=given_up, receivers=down, next="callflows notices retry")
        settings = self._settings
        while self._notices.purge(settings.delivered_s, settings.dead_s, most=settings.most):
            pass

    def _attempt(self, job: NoticeJob) -> None:
        began_s = time.monotonic()
        finding, asked_s = Finding.NOTHING, 0.0
        try:
            result = self._sent(job)
            finding, asked_s = _finding(result), result.asked_s
            state = self._rounds.told(lambda: self._notices.settle(job, result, self._owner), notice=job.id)
        finally:
            self._rounds.under_way.pop(job.id, None)
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
            log(
                "notice_failed",
                reason=report.result.reason,
                state=report.state and str(report.state),
                **facts,
            )
        if self._observe is not None:
            self._observe(report)

    def _hasten(self, key: str) -> None:
        try:
            hastened = self._notices.hasten(key)
        except StoreUnavailable as exc:
            _log.warning("notices_not_hastened", receiver=key, reason=str(exc))
        else:
            _log.info("receiver_came_back", receiver=key, notices=hastened)
            self._rounds.wake.set()


def _finding(result: Result) -> Finding:
    if result.is_our_fault:
        return Finding.NOTHING
    return Finding.ANSWERED if result.is_delivered or result.is_refused else Finding.FAILED
