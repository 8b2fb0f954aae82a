"""A real HTTP server for deliveries, which answers as it is told: well, badly, late, or not at all."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

from storage.address import AddressPolicy
from storage.destination import DestinationContext, Media
from storage.document import DocumentStore
from storage.media import measure

TLS = Path(__file__).parent.parent / "data" / "tls"
PATIENCE_S = 10.0
KEPT_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What to do with one request.

    Attributes: early: answer and close before reading the body; cut_after: close without an answer after
    so many bytes of the body; hangs: read it all and say nothing; trickles: answer a byte at a time, never
    done.
    """

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    early: bool = False
    cut_after: int | None = None
    hangs: bool = False
    trickles: bool = False


@dataclass
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    peer: str
    size: int = 0
    sha256: str = ""
    body: bytes = b""


class Receiver:
    """Serves on a loopback port until closed; answers are used in order, the last one for ever.

    `judge` may be set to look at each request as it came, and answer otherwise.
    """

    def __init__(self, *answers: Answer, tls: bool = False) -> None:
        self.answers = list(answers) or [Answer()]
        self.requests: list[Received] = []
        self.judge: Callable[[Received], Answer | None] = lambda _received: None
        self._arrived = Event()
        self._closing = Event()
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(TLS / "receiver.pem", TLS / "receiver.key")
        options = {"ssl_context": context} if context else {}
        self._server = StreamServer(("127.0.0.1", 0), self._serve, **options)
        self._server.start()
        self.port = self._server.server_port

    def url(self, path: str = "/recordings", host: str = "127.0.0.1", scheme: str = "http") -> str:
        """A URL of this server."""
        return f"{scheme}://{host}:{self.port}{path}"

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds, looking whenever a request has arrived."""
        while not condition():
            self._arrived.clear()
            if not self._arrived.wait(PATIENCE_S):
                raise AssertionError(f"not within {PATIENCE_S} s; {len(self.requests)} requests came")

    def close(self) -> None:
        """Stop serving, hanging requests included."""
        self._closing.set()
        self._server.stop(timeout=1)

    def _serve(self, sock: socket.socket, address: tuple[str, int]) -> None:
        stream = sock.makefile("rb")
        try:
            while (received := _head(stream, address[0])) is not None:
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if not self._answered(sock, stream, received, answer):
                    return
        except OSError:
            return  # the client cut the connection, as some tests want
        finally:
            stream.close()
            sock.close()

    def _answered(self, sock: socket.socket, stream: BinaryIO, received: Received, answer: Answer) -> bool:
        length = int(received.headers.get("content-length", "0"))
        if not answer.early:
            _take_body(stream, received, length if answer.cut_after is None else answer.cut_after)
        self.requests.append(received)
        self._arrived.set()
        answer = self.judge(received) or answer
        if answer.cut_after is not None:
            return False
        if answer.hangs:
            self._closing.wait(PATIENCE_S)
            return False
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Told", *(f"{name}: {value}" for name, value in headers.items())]
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        while answer.trickles and not self._closing.wait(0.05):
            sock.sendall(b"x")
        sock.sendall(answer.body)
        return not answer.early


def _head(stream: BinaryIO, peer: str) -> Received | None:
    line = stream.readline(65536)
    if not line:
        return None
    method, target, _version = line.decode("latin-1").split()
    headers = {}
    while (line := stream.readline(65536)) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Received(method, target, headers, peer)


def _take_body(stream: BinaryIO, received: Received, length: int) -> None:
    digest = hashlib.sha256()
    while received.size < length:
        block = stream.read1(min(KEPT_BYTES, length - received.size))  # type: ignore[attr-defined]
        if not block:
            break
        received.size += len(block)
        digest.update(block)
        received.body += block[: KEPT_BYTES - len(received.body)]
    received.sha256 = digest.hexdigest()


@contextmanager
def serving(*answers: Answer, tls: bool = False) -> Iterator[Receiver]:
    """A receiver for the length of a `with` block."""
    receiver = Receiver(*answers, tls=tls)
    try:
        yield receiver
    finally:
        receiver.close()


def resolved_here(host: str, port: int) -> list[tuple[Any, ...]]:
    """Resolve every name to this host, as a policy's lookup."""
    del host
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def resolved_in_public(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Resolve names to an address of the internet, without asking anybody, as a policy's lookup."""
    with suppress(socket.gaierror):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port))]


def loopback(*networks: str) -> AddressPolicy:
    """A policy that lets tests reach this host, and nothing else that is not public."""
    return AddressPolicy(networks or ("127.0.0.0/8",))


def context_of(
    documents: DocumentStore | None = None, *, policy: AddressPolicy | None = None, **options: object
) -> DestinationContext:
    """What destinations get in tests: short deadlines, this host reachable."""
    settings = {"connect_timeout_s": 2.0, "stall_timeout_s": 2.0, "response_timeout_s": 2.0, **options}
    return DestinationContext(documents, policy or loopback(), **settings)  # type: ignore[arg-type]


def media_of(path: Path, content: bytes | None = None, name: str = "call_recording_1.mp3") -> Media:
    """Measured media, of the given content when there is one."""
    if content is not None:
        path.write_bytes(content)
    measured = measure(path)
    return Media(path, "audio/mpeg", measured.size_bytes, measured.sha256, name)
