"""Sends a tapped side over a websocket: binary messages, each what was said since the last one, encoded.

The protocol is that of the library `websockets`, of which only the part without IO is used: the connection is
ours, so that it goes to an address that was judged (storage.guarded_socket), and lives with gevent.
Whoever takes no sound for MAX_WAITING_S misses some; whoever closes, or answers no ping, is not called again.
Source: RFC 6455; websockets, Sans-I/O integration.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from contextlib import suppress

import gevent
from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.protocol import State
from websockets.uri import parse_uri

from calls.errors import TapFailed
from calls.g711 import Codec, encode
from calls.growing_audio import Samples
from calls.tap_target import TapTarget
from esl.loop import new_signal
from storage import guarded_socket
from storage.address import AddressPolicy
from storage.errors import AddressRefused
from storage.tls_trust import context_for

CONNECT_S = 5.0
"""For the name, the connection, TLS and the handshake, each."""

MESSAGE_BYTES = 160
"""20 ms, as RTP has it unless told otherwise: speech services take such pieces."""

MAX_WAITING_S = 5.0
"""Sound that waits for the network; the oldest is dropped."""

PING_S = 20.0
"""A peer that says nothing is asked so often whether it lives; after another PING_S it does not."""

CLOSE_S = 1.0
"""For the last message; a peer that takes none is left."""

MAX_MESSAGE_BYTES = 4_096
"""Of what it sends, which nobody wants; a peer that sends more at once is left."""

_MAX_WAITING = int(MAX_WAITING_S * 8_000 / MESSAGE_BYTES)
_FAILURES = (OSError, EOFError, WebSocketException)


class WebsocketSink:
    """One connection, open. Args: sock, protocol: after the handshake."""

    def __init__(self, sock: socket.socket, protocol: ClientProtocol, codec: Codec) -> None:
        self._socket = sock
        self._protocol = protocol
        self._codec = codec
        self._rest = b""
        self._waiting: deque[bytes] = deque(maxlen=_MAX_WAITING)
        self._news = new_signal()
        self._is_closing = False
        self._heard_at_s = time.monotonic()
        self._asked_at_s = self._heard_at_s
        self._reader = gevent.spawn(self._read)
        self._writer = gevent.spawn(self._write)

    @property
    def is_open(self) -> bool:
        """Whether it still takes sound."""
        return not self._is_closing and not self._reader.dead and not self._writer.dead

    def take(self, samples: Samples, _now_s: float) -> None:
        """See calls.tap_sink.Sink."""
        sound = self._rest + encode(samples, self._codec)
        whole = len(sound) // MESSAGE_BYTES * MESSAGE_BYTES
        self._waiting.extend(sound[at : at + MESSAGE_BYTES] for at in range(0, whole, MESSAGE_BYTES))
        self._rest = sound[whole:]

    def flush(self) -> None:
        """See calls.tap_sink.Sink."""
        if self._waiting or time.monotonic() > self._asked_at_s + PING_S:
            self._news.set()

    def close(self) -> None:
        """See calls.tap_sink.Sink; what waits still goes out, for CLOSE_S."""
        self._is_closing = True
        self._news.set()
        gevent.spawn_later(CLOSE_S, self._leave)

    def _write(self) -> None:
        """Send what there is, until the end."""
        protocol = self._protocol
        with suppress(*_FAILURES):
            while protocol.state is State.OPEN:
                self._news.wait()
                self._news.clear()
                while self._waiting and protocol.state is State.OPEN:
                    protocol.send_binary(self._waiting.popleft())
                    self._send()
                if self._is_closing and protocol.state is State.OPEN:
                    protocol.send_close(1000)
                elif not self._is_alive():
                    break
                self._send()
        self._leave()

    def _is_alive(self) -> bool:
        """Whether the peer has been heard of lately; ask it when it has not."""
        now_s = time.monotonic()
        if now_s > self._heard_at_s + 2 * PING_S:
            return False
        if self._protocol.state is State.OPEN and now_s > max(self._asked_at_s, self._heard_at_s) + PING_S:
            self._protocol.send_ping(b"")
            self._asked_at_s = now_s
        return True

    def _read(self) -> None:
        """Take what the peer says: pings, which are answered, its close, and messages that nobody wants."""
        with suppress(*_FAILURES):
            while data := self._socket.recv(16_384):
                self._heard_at_s = time.monotonic()
                self._protocol.receive_data(data)
                self._protocol.events_received()
                self._news.set()
        self._leave()

    def _send(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)

    def _leave(self) -> None:
        """Let go of the connection; whoever reads or writes notices."""
        self._is_closing = True
        self._news.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def open_websocket(policy: AddressPolicy, target: TapTarget, codec: Codec) -> WebsocketSink:
    """Connect to a target; only the greenlet waits.

    Raises: TapFailed: it cannot be reached, must not be, or speaks no websocket.
    """
    try:
        uri = parse_uri(target.uri)
        protocol = ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES)
        sock = guarded_socket.connect(policy, target.host, target.port, CONNECT_S)
    except (AddressRefused, *_FAILURES) as exc:
        raise TapFailed(f"{target.host}: {_reason(exc)}") from exc
    try:
        with gevent.Timeout(2 * CONNECT_S, TimeoutError("no answer in time")):
            if uri.secure:
                sock = context_for("websocket").wrap_socket(sock, server_hostname=target.host)
            _shake_hands(sock, protocol)
            sock.settimeout(None)
    except _FAILURES as exc:
        sock.close()
        raise TapFailed(f"{target.host}: {_reason(exc)}") from exc
    except BaseException:  # the greenlet is killed: the call is over
        sock.close()
        raise
    return WebsocketSink(sock, protocol, codec)


def _shake_hands(sock: socket.socket, protocol: ClientProtocol) -> None:
    """Become a websocket. Raises: _FAILURES."""
    protocol.send_request(protocol.connect())
    for data in protocol.data_to_send():
        sock.sendall(data)
    while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
        data = sock.recv(16_384)
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
    protocol.events_received()
    if protocol.handshake_exc is not None:
        raise protocol.handshake_exc


def _reason(exc: BaseException) -> str:
    """Return why, without the URI, which may hold a password."""
    return f"{type(exc).__name__}" if isinstance(exc, WebSocketException) else str(exc)
