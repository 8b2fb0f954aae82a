"""Takes due deliveries out of the outbox and attempts them, several at once, each destination in its turn.

One greenlet hands out the work, one for each attempt does it, one keeps the leases alive and the house
clean. Whatever dies here, the outbox knows what is left to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from storage import outbox_owner, outbox_retention
from storage.destination import Destination, Receipt
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged, StoreError, StoreUnavailable
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryJob, DeliveryState
from storage.outbox_health import Finding, Health
from storage.outbox_retention import Retention
from storage.work_rounds import WorkRounds

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
        self._rounds: WorkRounds[DeliveryJob] = WorkRounds(self, self._settings, "outbox_unavailable")
        self._last_key = ""
        self._attempted = self._failed = self._delivered_bytes = 0
        outbox.subscribe(self._rounds.wake.set)

    def start(self) -> None:
        """Take back what dead processes held, then deliver until stopped."""
        self._rounds.start()

    def stop(self, deadline_s: float = 30.0) -> bool:
        """See storage.work_rounds.WorkRounds.stop."""
        return self._rounds.stop(deadline_s)

    def is_running(self) -> bool:
        """Whether deliveries are being made; False after `start` means something of ours broke."""
        return self._rounds.is_running()

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
            in_flight=len(self._rounds.under_way),
            destinations_down=len(self._health.open_keys()),
            attempts_total=self._attempted,
            failures_total=self._failed,
            delivered_bytes_total=self._delivered_bytes,
        )

    def recover(self) -> None:
        """See storage.work_rounds.Duties."""
        self._outbox.recover(self._settings.lease_s)

    def hand_out(self) -> float:
        """See storage.work_rounds.Duties."""
        while self._rounds.room > 0:
            avoid = self._health.avoid(self._clock())
            job = self._outbox.claim(self._owner, self._settings.lease_s, avoid=avoid, after=self._last_key)
            if job is None:
                due_at = self._outbox.next_due_at(avoid)
                now = self._clock()
                return self._rounds.idle_s(now, due_at, self._health.reopens_at(now))
            self._last_key = job.key
            self._health.started(job.key)
            self._rounds.begin(job.attempt_id, job, self._attempt)
        return self._settings.poll_s  # or until an attempt ends, which wakes us

    def renew(self, under_way: Sequence[DeliveryJob]) -> None:
        """See storage.work_rounds.Duties."""
        self._outbox.renew(under_way, self._settings.lease_s)

    def sweep(self) -> None:
        """See storage.work_rounds.Duties."""
        outbox_retention.sweep(self._outbox, self._settings.retention)

    def _attempt(self, job: DeliveryJob) -> None:
        started = time.monotonic()
        ending = _Ending(Finding.NOTHING, reason="cut off")
        try:
            ending = self._delivered(job)
            state = self._rounds.told(lambda: self._settled(job, ending), delivery_id=job.delivery_id)
        finally:
            self._rounds.under_way.pop(job.attempt_id, None)
            came_back = self._health.finished(job.key, ending.finding, self._clock(), ending.asked_s)
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

    def _settled(self, job: DeliveryJob, ending: _Ending) -> DeliveryState | None:
        if ending.receipt is not None:
            self._outbox.succeeded(job, ending.receipt)
            return DeliveryState.DELIVERED
        return self._outbox.failed(
            job, ending.reason, retryable=ending.retryable, retry_after_s=ending.asked_s
        )

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
