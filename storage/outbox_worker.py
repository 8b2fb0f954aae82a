"""Takes due deliveries out of the outbox and attempts them, several at once, each destination in its turn.

One greenlet hands out the work, one for each attempt does it, one keeps the leases alive and the house
clean. Whatever dies here, the outbox knows what is left to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import gevent
import structlog
from gevent.event import Event
from gevent.pool import Pool

from storage import outbox_owner, outbox_retention
from storage.destination import Destination, Receipt
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged, StoreError, StoreUnavailable
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryJob, DeliveryState
from storage.outbox_health import Finding, Health
from storage.outbox_retention import Retention

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works.

    Attributes: concurrency: attempts at once; lease_s: how long a dead process keeps a delivery from the
    others (renewed while alive); poll_s: longest wait for work that another process queued;
    housekeeping_s: between two looks at what retention lets go.
    """

    concurrency: int = 4
    lease_s: float = 60.0
    poll_s: float = 1.0
    housekeeping_s: float = 30.0
    retention: Retention = field(default_factory=Retention)

    @property
    def per_key(self) -> int:
        """Attempts at once on one destination: half of all, so that one slow place never has them all."""
        return max(1, self.concurrency // 2)


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """One attempt that has ended, for whoever observes: `state` None means it no longer counted."""

    job: DeliveryJob
    state: DeliveryState | None
    receipt: Receipt | None
    reason: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """Plain numbers for metrics; those of the outbox hold for all processes, the rest for this one."""

    pending: int
    delivering: int
    delivered: int
    dead: int
    oldest_unsettled_s: float
    in_flight: int
    destinations_down: int
    attempts_total: int
    failures_total: int
    delivered_bytes_total: int


@dataclass(frozen=True, slots=True)
class _Ending:
    """What became of an attempt, before the outbox has been told."""

    finding: Finding
    receipt: Receipt | None = None
    reason: str = ""
    retryable: bool = True
    asked_s: float = 0.0


class DeliveryWorker:
    """Delivers, from `start` to `stop`."""

    def __init__(
        self,
        outbox: Outbox,
        destinations: Mapping[str, Destination],
        settings: WorkerSettings | None = None,
        *,
        health: Health | None = None,
        clock: Callable[[], float] = time.time,
        observe: Callable[[AttemptReport], object] | None = None,
    ) -> None:
        """Take what is needed. Args: clock: the outbox's; observe: called after each attempt."""
        self._outbox = outbox
        self._destinations = destinations
        self._settings = settings or WorkerSettings()
        self._health = health or Health(self._settings.per_key)
        self._clock = clock
        self._observe = observe
        self._owner = outbox_owner.this_process()
        self._wake = Event()
        self._stopping = Event()
        self._attempts = Pool(self._settings.concurrency)
        self._under_way: dict[int, DeliveryJob] = {}
        self._rounds: list[gevent.Greenlet] = []
        self._last_key = ""
        self._attempted = self._failed = self._delivered_bytes = 0
        outbox.subscribe(self._wake.set)

    def start(self) -> None:
        """Take back what dead processes held, then deliver until stopped."""
        self._rounds = [gevent.spawn(self._hand_out), gevent.spawn(self._keep_house)]

    def stop(self, deadline_s: float = 30.0) -> bool:
        """Start no further attempt and let those under way end.

        Returns: whether all did within the deadline; the others are cut off, and tried again by whoever
        finds their lease ended or this process dead.
        """
        self._stopping.set()
        self._wake.set()
        ends_at = time.monotonic() + deadline_s
        gevent.joinall(self._rounds[:1], timeout=deadline_s)  # it may be about to begin an attempt
        finished = bool(self._attempts.join(timeout=max(0.0, ends_at - time.monotonic())))
        self._attempts.kill()
        gevent.killall(self._rounds)
        return finished

    def is_running(self) -> bool:
        """Whether deliveries are being made; False after `start` means something of ours broke."""
        return bool(self._rounds) and not any(each.ready() for each in self._rounds)

    def stats(self) -> WorkerStats:
        """Return numbers for metrics. Raises: StoreUnavailable."""
        counts = self._outbox.counts()
        oldest_at = counts.oldest_unsettled_at
        return WorkerStats(
            pending=counts.pending,
            delivering=counts.delivering,
            delivered=counts.delivered,
            dead=counts.dead,
            oldest_unsettled_s=max(0.0, self._clock() - oldest_at) if oldest_at is not None else 0.0,
            in_flight=len(self._under_way),
            destinations_down=len(self._health.open_keys()),
            attempts_total=self._attempted,
            failures_total=self._failed,
            delivered_bytes_total=self._delivered_bytes,
        )

    def _hand_out(self) -> None:
        recovered = False
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if not recovered:
                    self._outbox.recover(self._settings.lease_s)
                    recovered = True
                wait_s = self._hand_out_due()
            except StoreUnavailable as exc:
                _log.error(
                    "outbox_unavailable", reason=str(exc), next="tried again", in_s=self._settings.poll_s
                )
                wait_s = self._settings.poll_s
            self._wake.wait(wait_s)

    def _hand_out_due(self) -> float:
        """Start attempts while there is room and work. Returns: how long to wait for more."""
        while self._attempts.free_count() > 0 and not self._stopping.is_set():
            avoid = self._health.avoid(self._clock())
            job = self._outbox.claim(self._owner, self._settings.lease_s, avoid=avoid, after=self._last_key)
            if job is None:
                return self._idle_s(self._outbox.next_due_at(avoid))
            self._last_key = job.key
            self._health.started(job.key)
            self._under_way[job.attempt_id] = job
            self._attempts.start(gevent.Greenlet(self._attempt, job))
        return self._settings.poll_s  # or until an attempt ends, which wakes us

    def _idle_s(self, due_at: float | None) -> float:
        now = self._clock()
        times = [at for at in (due_at, self._health.reopens_at(now)) if at is not None]
        return min([self._settings.poll_s, *(max(0.0, at - now) for at in times)])

    def _attempt(self, job: DeliveryJob) -> None:
        started = time.monotonic()
        ending = _Ending(Finding.NOTHING, reason="cut off")
        try:
            ending = self._delivered(job)
            state = self._told(job, ending)
        finally:
            self._under_way.pop(job.attempt_id, None)
            came_back = self._health.finished(job.key, ending.finding, self._clock(), ending.asked_s)
            self._wake.set()
        report = AttemptReport(job, state, ending.receipt, ending.reason, time.monotonic() - started)
        self._account_for(report, ending)
        if came_back and ending.receipt is not None:
            self._hasten(job.key)

    def _delivered(self, job: DeliveryJob) -> _Ending:
        """Attempt one delivery and say what that means for it and for its destination."""
        destination = self._destinations.get(job.target.kind)
        if destination is None:
            return _Ending(
                Finding.NOTHING,
                reason=f"no destination of kind {job.target.kind!r} is installed",
                retryable=False,
            )
        faults = destination.validate(job.target.parameters)
        if faults:
            return _Ending(Finding.NOTHING, reason="; ".join(faults), retryable=False)
        try:
            receipt = destination.deliver(job.media, job.metadata, job.target.parameters)
        except DeliveryFailed as exc:
            finding = Finding.FAILED if exc.retryable else Finding.ANSWERED
            return _Ending(finding, None, str(exc), exc.retryable, exc.retry_after_s or 0.0)
        except (MediaDamaged, AddressRefused) as exc:
            return _Ending(Finding.NOTHING, reason=str(exc), retryable=False)
        except StoreError as exc:
            return _Ending(Finding.NOTHING, reason=str(exc))
        except Exception as exc:  # noqa: BLE001 - one attempt is a boundary: its bug must not stop the others
            _log.exception("delivery_crashed", delivery_id=job.delivery_id, recording_id=job.recording_id)
            return _Ending(Finding.NOTHING, reason=f"{type(exc).__name__} in destination {job.target.kind}")
        return _Ending(Finding.ANSWERED, receipt)

    def _told(self, job: DeliveryJob, ending: _Ending) -> DeliveryState | None:
        """Tell the outbox, until it has heard: what was delivered must not be delivered again."""
        while True:
            try:
                if ending.receipt is not None:
                    self._outbox.succeeded(job, ending.receipt)
                    return DeliveryState.DELIVERED
                return self._outbox.failed(
                    job, ending.reason, retryable=ending.retryable, retry_after_s=ending.asked_s
                )
            except StoreUnavailable as exc:
                _log.error(
                    "outbox_unavailable", reason=str(exc), delivery_id=job.delivery_id, next="told again"
                )
                if self._stopping.wait(self._settings.poll_s):
                    return None

    def _account_for(self, report: AttemptReport, ending: _Ending) -> None:
        job = report.job
        self._attempted += 1
        facts = {
            "delivery_id": job.delivery_id,
            "recording_id": job.recording_id,
            "account_id": job.account_id,
            "destination": job.key,
            "attempt": job.number,
            "duration_s": round(report.duration_s, 3),
        }
        if ending.receipt is not None:
            self._delivered_bytes += job.media.size_bytes
            _log.info("recording_delivered", size_bytes=job.media.size_bytes, **facts)
        else:
            self._failed += 1
            log = _log.error if report.state is DeliveryState.DEAD else _log.warning
            log("delivery_failed", reason=ending.reason, state=report.state and str(report.state), **facts)
        if self._observe is not None:
            self._observe(report)

    def _hasten(self, key: str) -> None:
        try:
            hastened = self._outbox.hasten(key)
        except StoreUnavailable as exc:
            _log.warning("deliveries_not_hastened", destination=key, reason=str(exc))
        else:
            _log.info("destination_came_back", destination=key, deliveries=hastened)

    def _keep_house(self) -> None:
        """Renew leases three times within their length, and let retention go what it may."""
        swept_at = float("-inf")
        while True:
            try:
                if self._under_way:
                    self._outbox.renew(list(self._under_way.values()), self._settings.lease_s)
                if time.monotonic() - swept_at >= self._settings.housekeeping_s:
                    outbox_retention.sweep(self._outbox, self._settings.retention)
                    swept_at = time.monotonic()
            except StoreUnavailable as exc:
                _log.warning("outbox_unavailable", reason=str(exc), next="tried again")
            gevent.sleep(min(self._settings.lease_s / 3, self._settings.housekeeping_s))
