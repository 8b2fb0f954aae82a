"""How late the event loop is: the proof that nothing blocks it."""

from __future__ import annotations

import time

import gevent
from prometheus_client import CollectorRegistry, Gauge, Histogram

PERIOD_S = 0.05  # two and a half frames: a stall that a caller could hear is seen at least once


class HubLag:
    """Wakes every PERIOD_S and notes how much later than asked that was."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._histogram = Histogram(
            "callflows_hub_lag_seconds",
            "How late the event loop woke a sleeper",
            registry=registry,
            buckets=(0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0),
        )
        self._worst = Gauge(
            "callflows_hub_lag_worst_seconds", "The worst lateness since the start", registry=registry
        )
        self.worst_s = 0.0
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to measure, in a greenlet of its own."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """End the measurement."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def _run(self) -> None:
        while True:
            before = time.monotonic()
            gevent.sleep(PERIOD_S)
            late_s = max(0.0, time.monotonic() - before - PERIOD_S)
            self._histogram.observe(late_s)
            if late_s > self.worst_s:
                self.worst_s = late_s
                self._worst.set(late_s)
