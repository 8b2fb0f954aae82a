"""One measured peer: a child process, what it has used so far, how much memory it holds."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
READY = "ready"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: CPU seconds since it began, resident bytes now."""

    cpu_s: float
    rss_bytes: int


class Peer:
    """A server under measurement, started as `python -m MODULE PORT` on a processor of its own."""

    def __init__(self, module: str, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._process = subprocess.Popen(  # the module is one of ours, named in bench/__main__.py
            [sys.executable, "-m", module, str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        pin(self._process.pid, 0)

    def __enter__(self) -> Peer:
        """Wait until the peer says that it listens."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == READY:
                return self
        raise RuntimeError(f"{self.address}: the peer ended before it was ready")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the peer; it holds nothing that matters."""
        self._process.kill()
        self._process.wait()

    def usage(self) -> Usage:
        """See usage_of."""
        return usage_of(self._process.pid)


def usage_of(pid: int) -> Usage:
    """Read what the kernel has accounted so far. Source: proc(5), stat and statm."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = stat.rsplit(")", 1)[1].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return Usage(cpu_s, pages * os.sysconf("SC_PAGE_SIZE"))


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def pin(pid: int, processor: int) -> None:
    """Keep a process on one processor, where the machine has two, so that load and peer do not mix."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {processor})
