"""Several engine processes on one host: started, watched, restarted, drained together.

The children share the event socket's listening port (SO_REUSEPORT: the kernel spreads the calls) and the
outbox file. Each has its own inbound link, for the recordings of its own calls. They share the HTTP address
in the same way, and each has a port of its own besides, so that it can be scraped (service.pages).
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass, field

import gevent
import structlog
from gevent.event import Event

log = structlog.get_logger(__name__)

RESTART_FIRST_S = 1.0  # a child that dies at once must not make the host spin
RESTART_MOST_S = 30.0
HEALTHY_AFTER_S = 60.0  # a child that lived this long is restarted without delay again


@dataclass(slots=True)
class Child:
    """One engine process and how its last lives went."""

    index: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    delay_s: float = field(default=RESTART_FIRST_S)


class Supervisor:
    """Keeps `count` children running until told to stop."""

    def __init__(self, command: list[str], count: int) -> None:
        self._command = command
        self._children = [Child(index) for index in range(count)]
        self._stopping = Event()
        self._signum = 0

    def run(self) -> int:
        """Start the children and watch them until `stop`; return 0 when all ended in order."""
        watchers = [gevent.spawn(self._watch, child) for child in self._children]
        gevent.joinall(watchers)
        return 1 if any(watcher.value for watcher in watchers) else 0

    def stop(self, signum: int) -> None:
        """Pass a signal on to every child; they drain, then end."""
        self._signum = signum
        self._stopping.set()
        for child in self._children:
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(signum)

    def _watch(self, child: Child) -> int:
        while True:
            if self._stopping.is_set():
                return 0
            child.started_at = time.monotonic()
            child.process = self._begin(child)
            log.info("process_started", index=child.index, pid=child.process.pid)
            code = child.process.wait()
            if self._stopping.is_set():
                return code
            if time.monotonic() - child.started_at > HEALTHY_AFTER_S:
                child.delay_s = RESTART_FIRST_S
            log.error("process_died", index=child.index, exit_code=code, restart_in_s=child.delay_s)
            if self._stopping.wait(child.delay_s):
                return 0
            child.delay_s = min(RESTART_MOST_S, child.delay_s * 2)

    def _begin(self, child: Child) -> subprocess.Popen[bytes]:
        """Start a child; in a session of its own, or Ctrl-C would reach it twice, which means: at once."""
        command = [*self._command, "--process", str(child.index)]
        process = subprocess.Popen(command, start_new_session=True)
        if self._stopping.is_set():  # while it was being started, and so not passed on to it
            process.send_signal(self._signum)
        return process


def command_line(settings_file: str | None) -> list[str]:
    """Return how a child is started: the same program, the same settings."""
    command = [sys.executable, "-m", "service", "serve"]
    return [*command, "--settings", settings_file] if settings_file else command
