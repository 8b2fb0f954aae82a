"""Processes that evaluate JavaScript for us (swml.javascript), and can be killed when they do not return.

A few are kept; each serves one expression at a time. An engine that is forked begins with none, since two
engines cannot speak with one process. Whatever a process does, the answer comes within a deadline.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from gevent.lock import BoundedSemaphore
from gevent.socket import socketpair  # type: ignore[attr-defined]  # it gives away what the system has

from swml import javascript
from swml.errors import ExpressionFailed

WORKERS: Final = 2
"""An expression takes a fraction of a millisecond; more would only hide those that spin."""

DEADLINE_S: Final = 2.0
"""Of one evaluation, by the clock: four times the processor time it can use, on a busy machine."""

QUEUE_S: Final = 5.0
"""Waited for a process that is free; longer, and something evaluates nothing but endless expressions."""

START_S: Final = 10.0
"""Given to the first evaluation of a process, which must load its interpreter before."""


class Sandbox:
    """Evaluates expressions. Args: workers: processes at most."""

    def __init__(self, workers: int = WORKERS) -> None:
        self._workers = workers
        self._free = BoundedSemaphore(workers)
        self._idle: list[_Worker] = []
        self._owner = os.getpid()

    def evaluate(
        self, code: str, names: Mapping[str, Any], *, unset: Iterable[str] = (), truth: bool = False
    ) -> Any:
        """Return the value of an expression, a JSON value; of undefined, None.

        Args: names: the globals it sees; unset: those that are undefined, unless the language has them;
        truth: return whether the value is true as JavaScript has it.
        Raises: ExpressionFailed.
        """
        request = {"code": code, "globals": names, "unset": list(unset), "truth": truth}
        wire = json.dumps(request).encode()
        if os.getpid() != self._owner:
            self._owner, self._idle = os.getpid(), []
            self._free = BoundedSemaphore(self._workers)
        if not self._free.acquire(timeout=QUEUE_S):
            raise ExpressionFailed("too many expressions are being evaluated")
        try:
            reply = self._ask(wire)
        finally:
            self._free.release()
        if "error" in reply:
            raise ExpressionFailed(str(reply["error"]))
        return _without_halves(json.loads(reply["value"]))

    def close(self) -> None:
        """End the processes."""
        while self._idle:
            self._idle.pop().end()

    def _ask(self, request: bytes) -> dict[str, Any]:
        worker = self._idle.pop() if self._idle else None
        try:
            if worker is None:
                worker = _Worker()
            reply = worker.ask(request)
        except (OSError, EOFError, ValueError) as exc:  # it died of the expression
            if worker is not None:
                worker.end()
            raise ExpressionFailed("took too long or too much") from exc
        except BaseException:  # the call was killed meanwhile: half an answer may be under way
            if worker is not None:
                worker.end()
            raise
        self._idle.append(worker)
        return reply


class _Worker:
    """One process, and our end of the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socketpair()
        try:
            self._pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", str(Path(javascript.__file__))],
                {"LANG": "C.UTF-8"},  # nothing of ours: secrets are in our environment
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setpgroup=0,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        self._is_fresh = True

    def ask(self, request: bytes) -> dict[str, Any]:
        """Return the answer. Raises: OSError, EOFError, ValueError: it is dead, silent or babbles."""
        deadline_s = time.monotonic() + DEADLINE_S + (START_S if self._is_fresh else 0.0)
        self._socket.settimeout(deadline_s - time.monotonic())
        self._socket.sendall(javascript.HEADER.pack(len(request)) + request)
        (size,) = javascript.HEADER.unpack(self._read(javascript.HEADER.size, deadline_s))
        reply: dict[str, Any] = json.loads(self._read(size, deadline_s))
        self._is_fresh = False
        return reply

    def _read(self, size: int, deadline_s: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._socket.settimeout(max(deadline_s - time.monotonic(), 0.001))
            piece = self._socket.recv(min(size - len(data), 65536))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def end(self) -> None:
        """Kill it, and see it buried."""
        self._socket.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        # gevent's own watcher may have buried it before.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _without_halves(value: Any) -> Any:
    """Replace halves of surrogate pairs, which JavaScript has in its texts and nobody else."""
    if isinstance(value, str):
        return (
            value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return value


@cache
def shared() -> Sandbox:
    """Return the sandbox of this engine; its processes are few and serve every script."""
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox
