"""What this package asks of gevent's event loop, with types.

gevent's own functions are not typed; this is the one place where that shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import gevent
import gevent.event

_gevent: Any = gevent
_READ, _WRITE = 1, 2  # libev's names for what to watch


class Watcher(Protocol):
    """Something the loop waits for. Both are called at its end, in this order."""

    def stop(self) -> None:
        """No more callbacks."""

    def close(self) -> None:
        """Let go of what the loop holds."""


class Signal(Protocol):
    """A thing that happens, and greenlets waiting for it."""

    def is_set(self) -> bool:
        """Whether it has happened."""

    def set(self) -> None:
        """It happens."""

    def clear(self) -> None:
        """It has not happened yet, again."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it, at most so many seconds; whether it has happened."""


def new_signal() -> Signal:
    """A signal for this thread's greenlets."""
    signal: Signal = _gevent.event.Event()
    return signal


def when_readable(fd: int, callback: Callable[[], None]) -> Watcher:
    """Call back in the hub whenever a file descriptor has something to read."""
    return _started(_gevent.get_hub().loop.io(fd, _READ), callback)


def when_writable(fd: int, callback: Callable[[], None]) -> Watcher:
    """Call back in the hub whenever a file descriptor takes something."""
    return _started(_gevent.get_hub().loop.io(fd, _WRITE), callback)


def after(seconds: float, callback: Callable[[], None]) -> Watcher:
    """Call back in the hub once, after so many seconds."""
    return _started(_gevent.get_hub().loop.timer(seconds), callback)


def is_hub() -> bool:
    """Whether the caller runs in the hub, where nothing may wait."""
    current: object = _gevent.getcurrent()
    return current is _gevent.get_hub()


def spawn(function: Callable[..., None], *args: object) -> None:
    """Run a function in a greenlet of its own."""
    _gevent.spawn(function, *args)


def stop(watcher: Watcher | None) -> None:
    """Stop a watcher, if there is one, for good."""
    if watcher is not None:
        watcher.stop()
        watcher.close()


def _started(watcher: Any, callback: Callable[[], None]) -> Watcher:
    watcher.start(callback)
    started: Watcher = watcher
    return started
