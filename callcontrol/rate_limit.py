"""How often a token may ask: a bucket of requests each, which fills at a steady rate.

Counted in each process by itself: one of several lets a client have its full rate, which keeps the processes
apart and bounds what one client can take of one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_BUCKETS = 10_000
"""Tokens remembered; the one longest unseen is forgotten, and its bucket is full by then."""


class RateLimit:
    """Args: rate_per_s: that a bucket fills with, 0 for no limit; burst: what it holds; clock: monotonic."""

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate_per_s = rate_per_s
        self.burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one request out of a bucket. Returns: 0.0, or seconds until there is one again."""
        if not self.rate_per_s:
            return 0.0
        now_s = self._clock()
        left, seen_s = self._buckets.get(name, (float(self.burst), now_s))
        left = min(float(self.burst), left + (now_s - seen_s) * self.rate_per_s)
        wait_s = 0.0 if left >= 1.0 else (1.0 - left) / self.rate_per_s
        self._buckets[name] = (left if wait_s else left - 1.0, now_s)
        self._buckets.move_to_end(name)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return wait_s

    def left(self, name: str) -> int:
        """Return the whole requests that were in a bucket when it was last used."""
        return int(self._buckets.get(name, (float(self.burst), 0.0))[0])
