"""What the simulator asks of gevent, with types: gevent's own functions have none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import gevent
import gevent.event
import gevent.server

_gevent: Any = gevent
_Result = TypeVar("_Result")


class Signal(Protocol):
    """A flag greenlets wait for; it stays set until cleared."""

    def set(self) -> None:
        """Wake everybody who waits, now and later."""

    def clear(self) -> None:
        """Let the next ones wait again."""

    def is_set(self) -> bool:
        """Whether it is set."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; False when it was not within `timeout` (real) seconds."""


class Task(Protocol):
    """A running greenlet."""

    def kill(self, *, block: bool) -> None:
        """Stop it where it waits."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, no longer than `timeout` seconds."""


class Server(Protocol):
    """A listening server."""

    address: tuple[str, int]

    def start(self) -> None:
        """Begin to listen."""

    def stop(self, timeout: float) -> None:
        """Stop listening; connections get `timeout` seconds."""


def new_signal() -> Signal:
    """A Signal that is not set."""
    signal: Signal = _gevent.event.Event()
    return signal


def spawn(call: Callable[..., object], *args: object) -> Task:
    """Run `call(*args)` in a greenlet of its own."""
    return cast("Task", _gevent.spawn(call, *args))


def spawn_later(seconds: float, call: Callable[..., object], *args: object) -> Task:
    """The same, that many real seconds later."""
    return cast("Task", _gevent.spawn_later(max(0.0, seconds), call, *args))


def current() -> object:
    """The running greenlet."""
    return _gevent.getcurrent()


def sleep(seconds: float) -> None:
    """Let others run for that many real seconds."""
    _gevent.sleep(max(0.0, seconds))


def off_hub(call: Callable[..., _Result], *args: object) -> _Result:
    """Run something slow in a thread while other greenlets go on."""
    return cast("_Result", _gevent.get_hub().threadpool.apply(call, args))


def new_server(address: tuple[str, int], handle: Callable[..., None]) -> Server:
    """A server that runs `handle(sock, address)` in a greenlet for each connection; not started."""
    server: Server = _gevent.server.StreamServer(address, handle)
    return server
