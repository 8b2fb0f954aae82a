"""What a piece of work costs everybody else: how late the hub gets, how much memory it takes.

A hub that is late because other processes had the machine is late all the same, and no fault of the work: the
kernel says how long a thread was ready and had no processor, and that is told apart.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import gevent
from gevent.event import Event

MOST_GROWTH_BYTES = 32 * 1024 * 1024
"""Extra memory that media of any size may take."""


@dataclass
class Strain:
    """What a piece of work cost.

    Attributes: lag_s: the most the hub was late; stall_s: the same without what it waited for a processor;
    growth_bytes: the most memory grew.
    """

    lag_s: float = 0.0
    stall_s: float = 0.0
    growth_bytes: int = 0


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def unscheduled_s() -> float:
    """How long this thread has been ready to run without a processor; 0 where the kernel does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


@contextmanager
def strained() -> Iterator[Strain]:
    """Watch the hub and the memory, from a greenlet that wants to run every 5 ms."""
    strain = Strain()
    before = resident_bytes()
    never = Event()

    def watch() -> None:
        while True:
            asleep_since, unscheduled_before_s = time.monotonic(), unscheduled_s()
            never.wait(0.005)
            lag_s = time.monotonic() - asleep_since - 0.005
            strain.lag_s = max(strain.lag_s, lag_s)
            strain.stall_s = max(strain.stall_s, lag_s - (unscheduled_s() - unscheduled_before_s))
            strain.growth_bytes = max(strain.growth_bytes, resident_bytes() - before)

    watcher = gevent.spawn(watch)
    yield strain
    watcher.kill()
