"""What the engine counts, for Prometheus; every name says its unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from callflows.runner import CallReport
from recording.audit import Standing
from recording.outcome import RecordingOutcome
from recording.register import RegisterStats
from storage.disk_guard import ORDER, PlaceState
from storage.errors import StoreError
from storage.notice_poster import PosterStats
from storage.notice_worker import NoticeReport, NoticeStats
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
        self.notice_attempts = Histogram(
            "callflows_notice_attempt_seconds",
            "Attempts at webhooks and callbacks",
            ["outcome"],
            registry=self.registry,
            buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20),
        )
        self.requests = Histogram(
            "callflows_api_request_seconds",
            "Requests of call control, by page and status",
            ["page", "status"],
            registry=self.registry,
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 5),
        )

    def live_calls(self, count: Callable[[], int]) -> None:
        """Report the live calls, asked at each scrape."""
        Gauge("callflows_live_calls", "Calls in progress", registry=self.registry).set_function(count)

    def deliveries(self, stats: Callable[[], WorkerStats]) -> None:
        """Report the outbox, asked at each scrape."""
        self.registry.register(OutboxCollector(stats))

    def register(
        self, stats: Callable[[], RegisterStats], gaps: Callable[[], Mapping[Standing, int]]
    ) -> None:
        """Report the register and the gaps found in it, asked at each scrape."""
        self.registry.register(RegisterCollector(stats, gaps))

    def notices(self, stats: Callable[[], NoticeStats], poster: Callable[[], PosterStats]) -> None:
        """Report webhooks and status callbacks, asked at each scrape."""
        self.registry.register(NoticeCollector(stats, poster))

    def disks(self, states: Callable[[], Mapping[str, PlaceState]]) -> None:
        """Report the room on disks, asked at each scrape."""
        self.registry.register(DiskCollector(states))

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

    def notice_ended(self, report: NoticeReport) -> None:
        """One attempt at a webhook or callback is over."""
        outcome = report.state.value if report.state else "superseded"
        self.notice_attempts.labels(outcome).observe(report.duration_s)

    def api_answered(self, page: str, status: int, took_s: float) -> None:
        """One request of call control is answered."""
        self.requests.labels(page, status).observe(took_s)


class NoticeCollector(Collector):
    """How notices stand; what is in the outbox's file is absent while that cannot be read."""

    def __init__(self, stats: Callable[[], NoticeStats], poster: Callable[[], PosterStats]) -> None:
        self._stats = stats
        self._poster = poster

    def collect(self) -> Iterable[Metric]:
        """Yield the numbers."""
        poster = self._poster()
        yield GaugeMetricFamily(
            "callflows_notices_unwritten",
            "Webhooks and callbacks that wait to be written to disk",
            value=poster.waiting,
        )
        yield CounterMetricFamily(
            "callflows_notices_lost",
            "Webhooks and callbacks that could not be written",
            value=poster.lost_total,
        )
        try:
            stats = self._stats()
        except StoreError:
            return
        states = GaugeMetricFamily("callflows_notices", "Webhooks and callbacks by state", labels=["state"])
        for state in ("pending", "delivering", "delivered", "dead"):
            states.add_metric([state], getattr(stats, state))
        yield states
        yield GaugeMetricFamily(
            "callflows_notices_oldest_unsettled_seconds",
            "Age of the oldest webhook or callback that has not arrived",
            value=stats.oldest_unsettled_s,
        )
        yield GaugeMetricFamily(
            "callflows_notice_receivers_down",
            "Receivers of webhooks and callbacks held back after failures",
            value=stats.receivers_down,
        )


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


class RegisterCollector(Collector):
    """How writing the register goes, and the gaps of the last day."""

    def __init__(
        self, stats: Callable[[], RegisterStats], gaps: Callable[[], Mapping[Standing, int]]
    ) -> None:
        self._stats = stats
        self._gaps = gaps

    def collect(self) -> Iterable[Metric]:
        """Yield the numbers."""
        stats = self._stats()
        yield CounterMetricFamily(
            "callflows_register_writes_failed",
            "Times the register could not be written; it is tried again",
            value=stats.failures_total,
        )
        yield CounterMetricFamily(
            "callflows_register_notes_lost",
            "Notes given up because too many waited; the recordings are not affected",
            value=stats.lost_total,
        )
        yield GaugeMetricFamily(
            "callflows_register_notes_waiting", "Notes not yet written", value=stats.waiting
        )
        gaps = GaugeMetricFamily(
            "callflows_recording_gaps",
            "Recordings of the last day that should be stored and are not, nor on their way",
            labels=["kind"],
        )
        for standing, count in self._gaps().items():
            gaps.add_metric([standing.value], count)
        yield gaps


class DiskCollector(Collector):
    """The room where recordings and the outbox are; a place that cannot be measured is absent."""

    def __init__(self, states: Callable[[], Mapping[str, PlaceState]]) -> None:
        self._states = states

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        free = GaugeMetricFamily(
            "callflows_disk_free_bytes", "Room where recordings and outbox are", labels=["place"]
        )
        ratio = GaugeMetricFamily(
            "callflows_disk_free_ratio", "The free share, 0 to 1; of bytes or files", labels=["place"]
        )
        level = GaugeMetricFamily(
            "callflows_disk_level", "0: there is room, 1: low, 2: critical", labels=["place"]
        )
        for name, state in self._states().items():
            if state.room is not None:
                free.add_metric([name], state.room.free_bytes)
                ratio.add_metric([name], state.room.share)
            level.add_metric([name], ORDER.index(state.level))
        yield from (free, ratio, level)
