"""The other end of a connection, scripted line by line over a real loopback socket."""

from __future__ import annotations

import socket
from collections.abc import Callable

import gevent
from gevent.event import Event as Signal

from esl.event import encode_headers

DEADLINE_S = 5.0
OK = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
AUTH_REQUEST = b"Content-Type: auth/request\n\n"
UUID = "3e69dcc5-283d-4712-b208-b2b7771bdcab"
CHANNEL_DATA = (
    b"Event-Name: CHANNEL_DATA\nUnique-ID: " + UUID.encode() + b"\nCaller-Caller-ID-Name: Ada%20L\n"
    b"Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n"
)
DISCONNECT = (
    b"Content-Type: text/disconnect-notice\nContent-Disposition: disconnect\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)


def event_frame(name: str, body: bytes = b"", **headers: str) -> bytes:
    """An event as it crosses the wire; underscores in header names stand for dashes."""
    named = {"Event-Name": name} | {key.replace("_", "-"): value for key, value in headers.items()}
    block = encode_headers(named)
    block += f"Content-Length: {len(body)}\n\n".encode() + body if body else b"\n"
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(block) + block


def reply_frame(text: str) -> bytes:
    """A command/reply."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_frame(text: str) -> bytes:
    """An api/response."""
    return f"Content-Type: api/response\nContent-Length: {len(text.encode())}\n\n{text}".encode()


opened: list[Peer] = []  # closed by conftest.py


class Peer:
    """A connected socket with FreeSWITCH's habits left to the test."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._received = b""
        sock.settimeout(DEADLINE_S)
        opened.append(self)

    @classmethod
    def dial(cls, address: tuple[str, int]) -> Peer:
        """Connect to a listener, as FreeSWITCH's `socket` application does."""
        return cls(socket.create_connection(address, DEADLINE_S))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def command(self) -> str:
        """The next command, without its blank line; "" when the other side has closed."""
        while b"\n\n" not in self._received:
            data = self.sock.recv(65536)
            if not data:
                return ""
            self._received += data
        line, _, self._received = self._received.partition(b"\n\n")
        return line.decode()

    def commands(self, count: int) -> list[str]:
        """The next commands."""
        return [self.command() for _ in range(count)]

    def play(self, data: bytes) -> None:
        """Send recorded messages, each reply after a command has come."""
        while data:
            head = data.partition(b"\n\n")[0]
            if head.startswith(b"Content-Type: command/reply"):
                self.command()
            lengths = [
                line.split(b": ")[1] for line in head.split(b"\n") if line.startswith(b"Content-Length")
            ]
            size = len(head) + 2 + sum(map(int, lengths))
            self.send(data[:size])
            data = data[size:]

    def hand_over(self, channel_data: bytes = CHANNEL_DATA) -> None:
        """Answer `connect`."""
        assert self.command() == "connect"
        self.send(channel_data)

    def wait_closed(self) -> bool:
        """Whether the other side closes within the deadline; what it still sends is dropped."""
        try:
            while self.sock.recv(65536):
                continue
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Close, as FreeSWITCH does at the channel's end."""
        self.sock.close()

    def reset(self) -> None:
        """Vanish with a reset, as a host does that has restarted."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()


class Switch:
    """A FreeSWITCH that is called: each connection is served by `script` in a greenlet of its own."""

    def __init__(self, script: Callable[[Peer], None], port: int = 0) -> None:
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", port), reuse_port=True)
        self.port = self._listening.getsockname()[1]
        self._greenlets = [gevent.spawn(self._accept)]
        self.failures: list[BaseException] = []

    def _accept(self) -> None:
        while True:
            sock, _ = self._listening.accept()
            self._greenlets.append(gevent.spawn(self._serve, Peer(sock)))

    def _serve(self, peer: Peer) -> None:
        try:
            self._script(peer)
        except OSError:
            return  # the test closed it
        except AssertionError as exc:
            self.failures.append(exc)

    def __enter__(self) -> Switch:
        return self

    def __exit__(self, *_exc: object) -> None:
        gevent.killall(self._greenlets)
        self._listening.close()
        assert self.failures == []


class Log:
    """Things that happened, and waiting for them."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._changed = Signal()

    def __call__(self, *item: object) -> None:
        """Note one: nothing as None, one argument as itself, more as a tuple."""
        self.items.append(item[0] if len(item) == 1 else item or None)
        self._changed.set()

    def wait(self, count: int) -> list[object]:
        """The first `count` of them, once they are there."""
        with gevent.Timeout(DEADLINE_S, AssertionError(f"{len(self.items)} of {count}: {self.items}")):
            while len(self.items) < count:
                self._changed.clear()
                self._changed.wait()
        return self.items[:count]
