"""The sending side of a connection: whole messages in order, from any greenlet, without making it wait.

FreeSWITCH queues what a slow controller does not take and goes on; so does this.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque

from simulator.loop import Task, sleep, spawn

# A controller that leaves this much unread is cut off, as FreeSWITCH cuts off one that loses events.
MAX_BACKLOG_BYTES = 64 * 1024 * 1024


class Outlet:
    """Sends bytes on a connected socket. Args: chunk: bytes per send, 0 for no limit."""

    def __init__(self, sock: socket.socket, *, chunk: int = 0) -> None:
        self._sock = sock
        self._chunk = chunk
        self._backlog: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._writer: Task | None = None
        self._ends = False
        self.closed = False

    def send(self, data: bytes) -> None:
        """Send a message, after all messages sent before it."""
        if self.closed or self._ends:
            return
        if self._writer is None and not self._chunk:
            data = data[self._send_now(data) :]
        if not data or self.closed:
            return
        self._backlog.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MAX_BACKLOG_BYTES:
            self.cut()
        elif self._writer is None:
            self._writer = spawn(self._drain)

    def _send_now(self, data: bytes) -> int:
        """How many bytes the system took at once. gevent's sockets do not block underneath."""
        try:
            return os.write(self._sock.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError:
            self.cut()
            return 0

    def _drain(self) -> None:
        try:
            while self._backlog and not self.closed:
                data = self._backlog.popleft()
                size = self._chunk or len(data)
                for at in range(0, len(data), size):
                    self._sock.sendall(data[at : at + size])
                    if self._chunk:
                        sleep(0)
                self._waiting_bytes -= len(data)
        except OSError:
            self.cut()
        finally:
            self._writer = None
            if self._ends:
                self._shut()

    def close(self, linger_s: float = 1.0) -> None:
        """Send what waits, but no longer than `linger_s`, then close."""
        if self._writer is not None:
            self._writer.join(timeout=linger_s)
        self.cut()

    def finish(self) -> None:
        """No more is sent: end the connection once what waits is through, without closing the socket."""
        self._ends = True
        if self._writer is None:
            self._shut()

    def cut(self) -> None:
        """Close at once; what waits is lost."""
        if self.closed:
            return
        self.closed = True
        self._backlog.clear()
        self._shut()
        self._sock.close()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # the peer may have been faster
            self._sock.shutdown(socket.SHUT_RDWR)
