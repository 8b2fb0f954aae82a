"""The simulated switch's clock: real time unless a speed or a wall-clock start is given.

One clock serves one Switch. `speed` lets long waits pass faster than they would; a peer under test keeps
its own timers on real time, so anything but 1.0 is for looking at flows, not for timing them.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from simulator.loop import Task, current, sleep, spawn

# Documents may ask for absurd times; the event loop counts in doubles and would wrap.
_FOREVER_S = 1e8


class Timer:
    """One pending call of `Clock.later`; cancelling it after it ran does nothing."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def cancel(self) -> None:
        """Make sure that the call does not happen any more, unless it is the caller itself."""
        if current() is not self._task:
            self._task.kill(block=False)


class Clock:
    """Seconds since the clock was made, and the wall clock that goes with them.

    Args: speed: simulated seconds per real second; epoch_us: wall-clock microseconds at simulated
    second 0, None takes the real ones. Limits of FreeSWITCH are counted in whole epoch seconds, so the
    fraction of a second at which a call begins matters; a replay sets it.
    """

    def __init__(self, *, speed: float = 1.0, epoch_us: int | None = None) -> None:
        self.speed = speed
        self._started = time.monotonic()
        self._epoch_us = time.time_ns() // 1000 if epoch_us is None else epoch_us

    def now(self) -> float:
        """Simulated seconds since the start, monotonic."""
        return (time.monotonic() - self._started) * self.speed

    def epoch_us(self) -> int:
        """Simulated wall clock, in microseconds."""
        return self._epoch_us + int(self.now() * 1_000_000)

    def epoch_s(self) -> int:
        """Simulated wall clock in whole seconds: what FreeSWITCH compares its limits with."""
        return self.epoch_us() // 1_000_000

    def until_epoch(self, second: int) -> float:
        """Simulated seconds from now until that epoch second begins; never negative."""
        return max(0.0, (second * 1_000_000 - self.epoch_us()) / 1_000_000)

    def real(self, seconds: float) -> float:
        """How long `seconds` of simulated time take in real time."""
        return min(max(0.0, seconds) / self.speed, _FOREVER_S)

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass for the calling greenlet; never less than asked.

        gevent counts from the time its loop last looked at the clock, which may be a while ago.
        """
        end = self.now() + seconds
        sleep(self.real(seconds))
        while (left := end - self.now()) > 0:
            sleep(self.real(left))

    def later(self, seconds: float, call: Callable[..., object], *args: object) -> Timer:
        """Call `call(*args)` in a greenlet of its own after that many simulated seconds."""
        return Timer(spawn(self._call_after, seconds, call, *args))

    def _call_after(self, seconds: float, call: Callable[..., object], *args: object) -> None:
        self.sleep(seconds)
        call(*args)
