"""What the engine counts, for Prometheus; every name says its unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callflows.runner import CallReport
from recording.outcome import RecordingOutcome
from storage.errors import StoreError
from storage.outbox_worker import AttemptReport, WorkerStats


class Metrics:
    """The counters of one process; also the tally that recordings are told to (recording.tally.Tally)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter("callflows_calls", "Calls that ended", ["verdict"], registry=self.registry)
        self.recordings = Counter(
            "callflows_recordings", "Recordings that ended", ["ended_by", "verdict"], registry=self.registry
        )
        self.started = Counter("callflows_recordings_started", "Recordings begun", registry=self.registry)
        self.refused = Counter(
            "callflows_recording_handovers_failed",
            "Times the outbox could not take a recording; it is asked again",
            registry=self.registry,
        )
        self.attempts = Histogram(
            "callflows_delivery_attempt_seconds",
            "Attempts at deliveries",
            ["kind", "outcome"],
            registry=self.registry,
            buckets=(0.05, 0.2, 1, 5, 20, 60, 300),
        )

    def live_calls(self, count: Callable[[], int]) -> None:
        """Report the live calls, asked at each scrape."""
        Gauge("callflows_live_calls", "Calls in progress", registry=self.registry).set_function(count)

    def deliveries(self, stats: Callable[[], WorkerStats]) -> None:
        """Report the outbox, asked at each scrape."""
        self.registry.register(OutboxCollector(stats))

    def call_ended(self, report: CallReport) -> None:
        """One call is over."""
        self.calls.labels(report.verdict.value).inc()

    def recording_started(self) -> None:
        """FreeSWITCH has begun to write one."""
        self.started.inc()

    def recording_finished(self, outcome: RecordingOutcome) -> None:
        """One is over."""
        self.recordings.labels(outcome.ended_by.value, outcome.verdict.value).inc()

    def recording_handover_failed(self) -> None:
        """The outbox could not take one now."""
        self.refused.inc()

    def attempt_ended(self, report: AttemptReport) -> None:
        """One attempt at a delivery is over."""
        outcome = report.state.value if report.state else "superseded"
        self.attempts.labels(report.job.target.kind, outcome).observe(report.duration_s)


class OutboxCollector(Collector):
    """The outbox's state at the moment of a scrape; absent while the file cannot be read."""

    def __init__(self, stats: Callable[[], WorkerStats]) -> None:
        self._stats = stats

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        try:
            stats = self._stats()
        except StoreError:
            return
        states = GaugeMetricFamily("callflows_deliveries", "Deliveries by state", labels=["state"])
        for state in ("pending", "delivering", "delivered", "dead"):
            states.add_metric([state], getattr(stats, state))
        yield states
        yield GaugeMetricFamily(
            "callflows_deliveries_oldest_unsettled_seconds",
            "Age of the oldest delivery that has not arrived",
            value=stats.oldest_unsettled_s,
        )
        yield GaugeMetricFamily(
            "callflows_destinations_down",
            "Destinations held back after failures",
            value=stats.destinations_down,
        )
