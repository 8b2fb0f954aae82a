"""Where FreeSWITCH hands its channels over: accepts, greets, and gives each session its greenlet.

Connections are accepted in the hub, many per wake-up, and have no greenlet before their hand-over is
complete; a peer that says nothing costs a socket until its deadline. Several processes may listen on the
same port (SO_REUSEPORT); the kernel spreads the calls over them.
"""

from __future__ import annotations

import _socket
import errno
import socket
from collections.abc import Callable
from typing import cast

import structlog

from config.errors import SettingsError
from esl import loop
from esl.frame import Frame
from esl.session import Session

log = structlog.get_logger(__name__)

# Calls that arrive within one wake-up; more wait for the next one, so that live calls are served too.
_ACCEPTS_PER_WAKE = 64
# How long no call is accepted when the process has no file or memory left for one.
_BACK_OFF_S = 0.2
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# Accepted sockets inherit all of these (Linux), so that a call costs no system call for them. A
# FreeSWITCH whose host has vanished is noticed after 30 + 3 * 10 s, or 30 s after a write.
_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
    (socket.SOL_SOCKET, socket.SO_REUSEPORT, 1),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
)


class Listener:
    """Listens for FreeSWITCH's `socket` application.

    Args: host: an address or a name, "" or "::" for all addresses of both families; port: 0 for any
    free one; handle: called with each session in a greenlet of its own, the connection is closed when
    it returns; backlog: hand-overs the kernel keeps while we are busy, cut by net.core.somaxconn;
    max_sessions: further ones are closed at once, so that the dialplan goes on after its `socket` line;
    handshake_timeout_s: from accept to the channel's data.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handle: Callable[[Session], None],
        *,
        backlog: int = 4096,
        max_sessions: int | None = None,
        handshake_timeout_s: float = 5.0,
    ) -> None:
        self._host, self._port = host, port
        self._handle = handle
        self._backlog = backlog
        self._max_sessions = max_sessions
        self._handshake_timeout_s = handshake_timeout_s
        self._sock: _socket.socket | None = None
        self._watcher: loop.Watcher | None = None
        self._sessions: set[Session] = set()
        self._idle = loop.new_signal()
        self._idle.set()
        self._is_exhausted = self._is_full = False

    def start(self) -> None:
        """Listen from now on.

        Raises: SettingsError: the address cannot be listened on.
        """
        hosts = [self._host] if self._host else ["::", "0.0.0.0"]  # noqa: S104 - asked for by name ""
        while True:
            host = hosts.pop(0)
            try:
                self._sock = _listening(host, self._port, self._backlog)
                break
            except OSError as exc:
                if not hosts:  # else: a host without IPv6
                    raise SettingsError([f"cannot listen on {host}:{self._port}: {exc.strerror}"]) from exc
        self._watcher = loop.when_readable(self._sock.fileno(), self._accept)
        log.info("listening", host=self.address[0], port=self.address[1])

    @property
    def address(self) -> tuple[str, int]:
        """Host and port listened on, with the port the system chose for 0."""
        if self._sock is None:
            return self._host, self._port
        host, port = self._sock.getsockname()[:2]
        return str(host), int(port)

    @property
    def live(self) -> int:
        """Connections being greeted or handled."""
        return len(self._sessions)

    def stop_accepting(self) -> None:
        """No new calls from now on; those the kernel has accepted already are still taken."""
        if self._sock is None:
            return
        while self._accept_one(self._sock):
            continue
        loop.stop(self._watcher)
        self._watcher = None
        self._sock.close()
        self._sock = None

    def wait_idle(self, deadline_s: float) -> bool:
        """Wait until no session is live, at most so long; whether that came about."""
        return self._idle.wait(deadline_s)

    def close(self) -> None:
        """Stop accepting, and close every session; their handlers see LinkLost."""
        self.stop_accepting()
        for session in list(self._sessions):
            session.close()

    def serve(self, session: Session) -> None:
        """Handle a session whose hand-over is complete, from its first line to its end."""
        try:
            self._handle(session)
        except Exception:  # the catch-all per connection; the one per call is the handler's own
            log.exception("session_failed", uuid=session.uuid, outcome="connection closed")
        finally:
            session.close()
            self.dismiss(session)

    def dismiss(self, session: Session) -> None:
        """The session is over."""
        self._sessions.discard(session)
        self._is_full = False
        if not self._sessions:
            self._idle.set()

    def _accept(self) -> None:
        """The hub's callback: somebody connects."""
        for _ in range(_ACCEPTS_PER_WAKE):
            if self._sock is None or not self._accept_one(self._sock):
                return

    def _accept_one(self, listening: _socket.socket) -> bool:
        """Accept one connection; whether there may be more."""
        try:
            fd, _peer = listening._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - all it has
        except ConnectionAbortedError:  # gone again before we came to it
            return True
        except OSError as exc:
            if exc.errno in _EXHAUSTED:
                self._back_off(exc)
            elif not isinstance(exc, BlockingIOError):
                log.warning("accept_failed", reason=exc.strerror)
            return False
        self._is_exhausted = False
        sock = _socket.socket(listening.family, listening.type, listening.proto, fileno=fd)
        if self._max_sessions is not None and len(self._sessions) >= self._max_sessions:
            sock.close()
            if not self._is_full:
                self._is_full = True
                log.warning("session_refused", live=len(self._sessions), outcome="connection closed")
            return True
        session = Session(cast("socket.socket", sock))
        self._sessions.add(session)
        self._idle.clear()
        _Handover(self, session, self._handshake_timeout_s)
        return True

    def _back_off(self, exc: OSError) -> None:
        """Accept nothing for a moment: the connection stays readable, and would wake us for ever."""
        if not self._is_exhausted:
            self._is_exhausted = True
            log.error("accept_exhausted", reason=exc.strerror, live=len(self._sessions), outcome="calls wait")
        loop.stop(self._watcher)
        self._watcher = loop.after(_BACK_OFF_S, self._resume)

    def _resume(self) -> None:
        """The hub's callback: try to accept again."""
        loop.stop(self._watcher)
        self._watcher = None
        if self._sock is not None:
            self._watcher = loop.when_readable(self._sock.fileno(), self._accept)


def _listening(host: str, port: int, backlog: int) -> _socket.socket:
    """A socket that listens there."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # Not socket.socket: gevent's costs 0.4 kB and two watchers a connection that Connection has no use for.
    sock = _socket.socket(family, kind, protocol)
    try:
        for level, option, value in _OPTIONS:
            sock.setsockopt(level, option, value)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.settimeout(0)
        sock.bind(address)
        sock.listen(backlog)
    except OSError:
        sock.close()
        raise
    return sock


class _Handover:
    """Between accept and the channel's data."""

    __slots__ = ("_deadline", "_listener", "_session")

    def __init__(self, listener: Listener, session: Session, timeout_s: float) -> None:
        self._listener = listener
        self._session = session
        self._deadline: loop.Watcher | None = loop.after(timeout_s, self._expire)
        session.greet(self)

    def settle(self, frame: Frame) -> None:
        """Take the reply to `connect`."""
        channel = frame.event()
        if channel is None or not channel.uuid:
            self._give_up("no channel data")
            return
        self._stop_clock()
        self._session.adopt(channel)
        loop.spawn(self._listener.serve, self._session)

    def fail(self, reason: str) -> None:
        """The connection closed before there was one."""
        self._give_up(reason)

    def _expire(self) -> None:
        """The hub's callback: too late."""
        self._give_up("no channel data in time")

    def _give_up(self, reason: str) -> None:
        """Close the connection; nobody has heard of it yet."""
        if self._deadline is None:
            return
        self._stop_clock()
        log.info("handover_failed", reason=reason)
        self._session.close()
        self._listener.dismiss(self._session)

    def _stop_clock(self) -> None:
        loop.stop(self._deadline)
        self._deadline = None
