"""The 20 ms grid on which a channel's thread does its work.

FreeSWITCH's channel thread looks at its queues once per media frame. Simulating every frame of every call
would cost a processor per few hundred calls, so a thread here sleeps until something is due or queued, and
wakes exactly where the real one would have looked: on the next edge of its grid.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.clock import Clock
from simulator.loop import new_signal

SLOT_S = 0.020
SLOT_MS = 20
# Two float readings of the same edge may differ by rounding; far below any timer's resolution.
_EPSILON_S = 0.0005


class Slots:
    """The grid of one channel: edges at `origin_s` + n * 20 ms."""

    def __init__(self, origin_s: float) -> None:
        self.origin_s = origin_s

    def index(self, at_s: float) -> int:
        """Number of the slot that contains `at_s`."""
        return int((at_s - self.origin_s + _EPSILON_S) // SLOT_S)

    def edge(self, index: int) -> float:
        """Where slot `index` begins."""
        return self.origin_s + index * SLOT_S

    def following(self, at_s: float) -> float:
        """The first edge after `at_s`."""
        return self.edge(self.index(at_s) + 1)

    def nearest(self, at_s: float) -> float:
        """The edge next to `at_s`, before or after it: where a late wake-up belongs."""
        return self.edge(round((at_s - self.origin_s) / SLOT_S))


class Pacer:
    """Lets one channel thread sleep until it has something to do.

    `stir` is called by whoever queues something for the thread.
    """

    def __init__(self, clock: Clock, slots: Slots) -> None:
        self._clock = clock
        self._slots = slots
        self._stirred = new_signal()

    def stir(self) -> None:
        """Something was queued, or the channel is going away: look again."""
        self._stirred.set()

    def wait(self, until_s: float | None, pending: Callable[[], bool], urgent: Callable[[], bool]) -> None:
        """Sleep until `until_s`, or to the edge after something becomes pending.

        Args: until_s: simulated time, None for no end; pending: whether the thread's queues hold work;
        urgent: whether the thread must look at once (the channel is down).
        """
        while not urgent():
            now = self._clock.now()
            if until_s is not None and now >= until_s - _EPSILON_S:
                return
            if pending():
                edge = self._slots.following(now)
                self._sleep_to(edge if until_s is None else min(edge, until_s), urgent)
                return
            self._stirred.clear()
            self._stirred.wait(None if until_s is None else self._clock.real(until_s - now))

    def _sleep_to(self, target_s: float, urgent: Callable[[], bool]) -> None:
        while not urgent():
            left = target_s - self._clock.now()
            if left <= _EPSILON_S:
                return
            self._stirred.clear()
            self._stirred.wait(self._clock.real(left))
