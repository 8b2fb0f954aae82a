"""What one connection may ask of us: bounds in bytes and in time on everything a client sends.

| what | bound |
|---|---|
| request line | 8 kB (gevent's own), answered with 414 |
| headers | 32 kB together, 431; in fields as in service.http_headers; within 15 s of the first byte, 408 |
| body | the limit of the server, 413 before any of it is read; within 60 s |
| answer | each block taken within 60 s, or the connection is closed |
| keep-alive | 30 s without a request |
| requests at once | the limit of the server, 503; health and metrics are always answered |

What was not read of a body is not read for the sake of the connection's next request: it is closed instead.
Source: RFC 9112 sections 3, 6 and 9; gevent/pywsgi.py, whose handler this is.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import gevent
import structlog
from gevent import pywsgi
from werkzeug.exceptions import RequestEntityTooLarge

from service.http_headers import Headers, Refused, read_headers

IDLE_S = 30.0
HEADERS_S = 15.0
BODY_S = 60.0
STALL_S = 60.0
"""See the table; a block of an answer is BLOCK_BYTES at the most, and 2 kB a second are asked of a client."""

END_OF_HEADERS = b"\r\n\r\n"

DISCARDED_BYTES = 64 * 1024
"""What is read of a body nobody wanted: less than a new connection costs."""

LINGER_S = 1.0
LINGER_BYTES = 1024 * 1024
"""Read and forgotten of a client that was refused while it was still sending, so that it reads why: closing
a socket that has unread bytes resets the connection, and what was sent on it is lost (RFC 9112, 9.6)."""

LATE = " "
"""Stands for a request line that did not come."""

BAD_REQUEST, UNAVAILABLE = "10015", "10007"
"""Telnyx' codes, as call control has them."""

ALWAYS = frozenset(("/healthz", "/metrics"))

log = structlog.get_logger(__name__)


_Input: Any = pywsgi.Input
_Handler: Any = pywsgi.WSGIHandler
"""gevent says too little of their types to be held to it."""


class Host(Protocol):
    """What a connection asks of its server (service.http)."""

    application: Any
    max_body_bytes: int
    is_stopping: bool
    idle: set[gevent.Greenlet]

    def admit(self) -> bool:
        """Take a request in, unless there are too many."""

    def dismiss(self) -> None:
        """A request that was admitted is over."""


class BoundedBody(_Input):  # type: ignore[misc]  # see above
    """A request's body. `is_abandoned`: some of it was left unread, and the connection is of no more use."""

    __slots__ = ("_ends_at", "_left", "is_abandoned")

    def __init__(self, like: Any, max_bytes: int) -> None:
        super().__init__(like.rfile, like.content_length, like.socket, like.chunked_input)
        self._ends_at = time.monotonic() + BODY_S
        self._left = max_bytes
        self.is_abandoned = False

    def read(self, length: int | None = None) -> bytes:
        """Read. Raises: TimeoutError: it takes too long; RequestEntityTooLarge: its length was not told."""
        return self._bounded(super().read, length)

    def readline(self, size: int | None = None) -> bytes:
        """Read a line. Raises: as `read`."""
        return self._bounded(super().readline, size)

    def _bounded(self, read: Callable[[int | None], bytes], length: int | None) -> bytes:
        wanted = self._left + 1 if length is None or length < 0 else min(length, self._left + 1)
        too_slow = TimeoutError(f"a body that is not there within {BODY_S:.0f} s")
        with gevent.Timeout(max(0.0, self._ends_at - time.monotonic()), too_slow):
            data = read(wanted)
        self._left -= len(data)
        if self._left < 0:
            self.is_abandoned = True
            raise RequestEntityTooLarge
        return data

    def _discard(self) -> None:
        if self.chunked_input:
            self.is_abandoned |= self.chunk_length != 0
        elif (self.content_length or 0) - self.position > DISCARDED_BYTES:
            self.is_abandoned = True
        elif not self.is_abandoned:
            super()._discard()


class CarefulHandler(_Handler):  # type: ignore[misc]  # see above
    """Serves one connection, request by request; see the table at the top."""

    server: Host
    wsgi_input: Any

    _held: bytearray | None = None
    """What is to be sent in one piece, while it is gathered."""

    def handle(self) -> None:
        """Serve until the client or somebody's patience is at its end."""
        self.socket.settimeout(STALL_S)
        with suppress(OSError):  # gone already, which reading will tell
            # Else what follows an answer's first packet waits for the client's delayed acknowledgement of it.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def handle_one_request(self) -> Any:
        """Serve one request. Returns: True for more of them, None when the connection is to be closed."""
        result = super().handle_one_request()
        if isinstance(result, tuple):
            with suppress(OSError):
                self.socket.sendall(result[1])
            self._linger()
            return None
        if result is None and self.wsgi_input is not None and self.wsgi_input.is_abandoned:
            self._linger()
        return result

    def read_requestline(self) -> str:
        """Wait for a request, and read its first line."""
        current = gevent.getcurrent()
        self.server.idle.add(current)
        try:
            with gevent.Timeout(IDLE_S, TimeoutError("no request")):
                begun = self.rfile.peek(1)
        finally:
            self.server.idle.discard(current)
        self._headers_due = time.monotonic() + HEADERS_S
        self._is_at_hand = END_OF_HEADERS in begun  # as a rule: nothing will be waited for
        if self._is_at_hand:
            return str(super().read_requestline())
        line = LATE
        with gevent.Timeout(HEADERS_S, False):  # noqa: FBT003 - gevent's way to raise nothing
            line = str(super().read_requestline())
        return line  # noqa: RET504 - LATE when time was over

    def read_request(self, raw_requestline: str) -> bool:
        """Read the headers and judge them. Raises: Refused, ValueError."""
        if raw_requestline == LATE:
            raise Refused("408 Request Timeout")
        if len(raw_requestline.split()) != 3:  # HTTP/0.9
            raise Refused("400 Bad Request")
        super().read_request(raw_requestline)
        if (self.content_length or 0) > self.server.max_body_bytes:
            raise Refused("413 Content Too Large")
        return True

    def MessageClass(self, *_: object) -> Headers:  # noqa: N802 - gevent's name
        """Read headers. Raises: Refused."""
        if self._is_at_hand:
            return read_headers(self.rfile, version=self.request_version)
        left_s = max(0.0, self._headers_due - time.monotonic())
        with gevent.Timeout(left_s, Refused("408 Request Timeout")):
            return read_headers(self.rfile, version=self.request_version)

    def _headers(self) -> Iterator[tuple[str, str]]:
        told: Iterator[tuple[str, str]] = self.headers.environ()
        return told

    def _connection_upgrade_requested(self) -> bool:
        return False  # nothing here upgrades, and gevent would hand the body out without any bounds

    def log_request(self) -> None:
        """Write no line: applications log what matters of theirs, and gevent's would be made for nobody."""

    def get_environ(self) -> dict[str, Any]:
        """Return what the application gets, with a body that is bounded."""
        environ: dict[str, Any] = super().get_environ()
        body = BoundedBody(self.wsgi_input, self.server.max_body_bytes)
        if environ["wsgi.input"] is self.wsgi_input:
            environ["wsgi.input"] = body
        self.wsgi_input = body
        return environ

    def handle_one_response(self) -> None:
        """Have the application answer, if there is room for it."""
        is_counted = self._path not in ALWAYS and self.server.admit()
        is_admitted = is_counted or self._path in ALWAYS
        if not is_admitted:
            self.application = _busy
        try:
            super().handle_one_response()
        finally:
            if is_counted:
                self.server.dismiss()
            if self.wsgi_input.is_abandoned:
                self.close_connection = True

    def finalize_headers(self) -> None:
        """Say that the connection ends, where it does."""
        super().finalize_headers()
        if self.server.is_stopping or self.wsgi_input.is_abandoned:
            self.close_connection = True
        if self.close_connection and not any(
            name.lower() == b"connection" for name, _ in self.response_headers
        ):
            self.response_headers.append((b"Connection", b"close"))

    def _write_with_headers(self, data: bytes) -> None:
        """Send the headers and the first block in one piece; gevent sends two."""
        self._held = bytearray()
        try:
            super()._write_with_headers(data)
        finally:
            whole, self._held = self._held, None
        super()._sendall(whole)

    def _sendall(self, data: bytes) -> None:
        if self._held is None:
            super()._sendall(data)
        else:
            self._held += data

    def _log_error(self, kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        if issubclass(kind, OSError):
            log.debug("http_connection_lost", reason=str(error))
        elif not issubclass(kind, gevent.GreenletExit):
            log.error("http_request_failed", path=self._path, exc_info=(kind, error, traceback))

    def _handle_client_error(self, error: Exception) -> tuple[str, bytes]:
        """Return the answer to a request that cannot be read."""
        status = error.status if isinstance(error, Refused) else "400 Bad Request"
        log.info("http_request_refused", remote=self._remote, status=status, reason=str(error))
        body = _told(BAD_REQUEST, status.partition(" ")[2])
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        return status[:3], head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def _linger(self) -> None:
        """Send no more, and let the client have what was sent."""
        left = LINGER_BYTES
        with suppress(OSError), gevent.Timeout(LINGER_S, False):  # noqa: FBT003 - as above
            self.socket.shutdown(socket.SHUT_WR)
            while left > 0 and (data := self.socket.recv(65536)):
                left -= len(data)

    @property
    def _path(self) -> str:
        """The path without its query, where secrets may be."""
        return str(self.path or "").partition("?")[0][:200]

    @property
    def _remote(self) -> str:
        address = self.client_address
        return str(address[0]) if isinstance(address, tuple) else str(address)


def _told(code: str, title: str, detail: str = "") -> bytes:
    """Return an answer's body, in the one format that errors of all interfaces have."""
    return json.dumps({"errors": [{"code": code, "title": title, "detail": detail or title}]}).encode()


def _busy(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    body = _told(UNAVAILABLE, "Service unavailable", "Too many requests at once.")
    headers = [("Content-Type", "application/json"), ("Retry-After", "1"), ("Content-Length", str(len(body)))]
    start_response("503 Service Unavailable", headers)
    return [body]
