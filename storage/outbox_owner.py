"""Names the process that holds a lease, so that another can tell for certain when it is dead.

A pid alone is reused, and means nothing in another container. The name therefore has the host with its
process namespace, the pid, and the boot with the tick at which the process started. Whatever cannot be
told for certain is left to the lease's expiry.
Source: proc(5), /proc/pid/stat field 22 (starttime).
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str:
    """Return the name of this process: `host[namespace]:pid:start`. Ask again after a fork."""
    return f"{_place()}:{os.getpid()}:{_boot()}.{_start_tick(os.getpid())}"


def is_gone(owner: str) -> bool:
    """Whether a process named by `this_process` is dead for certain."""
    try:
        place, pid, start = owner.rsplit(":", 2)
        number = int(pid)
    except ValueError:
        return False
    if place != _place() or number <= 0:
        return False
    return start != f"{_boot()}.{_start_tick(number)}"


def _place() -> str:
    try:
        namespace = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:  # no proc file system: the host's name must do
        namespace = 0
    return f"{socket.gethostname()}[{namespace}]"


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return ""


def _start_tick(pid: int) -> str:
    """Return when a process started, in ticks since boot; `gone` when there is no such process."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except FileNotFoundError:
        return _presence(pid)
    except OSError:
        return "gone"
    fields = stat.rsplit(")", 1)[-1].split()
    return "gone" if fields[0] in ("Z", "X") else fields[19]  # a zombie works no more


def _presence(pid: int) -> str:
    """Without a proc file system: whether the process is there, which must do for its identity."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        pass
    return "here"
