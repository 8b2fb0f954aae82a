"""What the calls of a load do, what they measured, and the one timer that serves them all."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.load_template import LoadTemplate
from simulator.loop import new_signal


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What every call does.

    Attributes: hold_s: until the caller hangs up; prompt_s: length of a prompt; digits: what collecting
    gets; linger_s: most time a controller may keep the socket after the end; recording: 16-bit PCM at
    8 kHz that fills recordings, b"" writes no files.
    """

    template: LoadTemplate
    hold_s: float
    prompt_s: float = 1.0
    digits: str = "1"
    linger_s: float = 5.0
    recording: bytes = b""


@dataclass(slots=True)
class Measures:
    """What one call saw.

    Attributes: accept_s: from the connection to the first command; first_app_s: from the answer to that to
    the first application; next_app_s: from each completion to the command after it; failure: why it did
    not end well, "" when it did.
    """

    accept_s: float | None = None
    first_app_s: float | None = None
    next_app_s: list[float] = field(default_factory=list)
    commands: int = 0
    finished: bool = False
    failure: str = ""
    lived_s: float = 0.0


class Agenda:
    """Calls functions at their times, all from one greenlet; they must not wait for anything."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = new_signal()
        self._running = True

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call `call` at that time.monotonic()."""
        heapq.heappush(self._due, (when, next(self._numbers), call))
        if self._due[0][0] == when:
            self._changed.set()

    def run(self) -> None:
        """Serve until `stop`."""
        while self._running:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                heapq.heappop(self._due)[2]()
            self._changed.clear()
            self._changed.wait(max(0.0005, self._due[0][0] - time.monotonic()) if self._due else None)

    def stop(self) -> None:
        """Serve no more."""
        self._running = False
        self._changed.set()
