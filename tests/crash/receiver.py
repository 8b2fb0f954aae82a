"""Where recordings with a URL go: an HTTP server as unreliable as the real ones, which notes what it got.

It refuses, cuts connections in the middle of a body, answers late, and stores what it does not acknowledge.
A body counts as stored when all of it arrived and the server decided to keep it, acknowledged or not.
"""

from __future__ import annotations

import hashlib
import random
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

import gevent
from gevent.server import StreamServer

LATE_S = 0.3
MAX_LINE = 65_536


class Mood(StrEnum):
    """What is done with one request."""

    TAKES = "takes it"
    LATE = "takes it late"
    REFUSES = "refuses it"
    CUTS = "cuts the connection"
    FORGETS = "stores it and cuts the connection"


MOODS = {Mood.TAKES: 76, Mood.LATE: 8, Mood.REFUSES: 6, Mood.CUTS: 5, Mood.FORGETS: 5}
"""How often, in a hundred."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One body that was kept, and the target it was sent to."""

    target: str
    digest: str
    size: int
    method: str = ""

    @property
    def name(self) -> str:
        """The file's name: at the end of the path, or in the query's `file`."""
        parts = urlsplit(self.target)
        in_path = unquote(parts.path.rsplit("/", 1)[-1])
        return parse_qs(parts.query).get("file", [in_path])[0]

    @property
    def document_id(self) -> str:
        """What the sender calls the recording."""
        return parse_qs(urlsplit(self.target).query).get("recording_id", [""])[0]


@dataclass(slots=True)
class Receiver:
    """Listens from `start` to `stop`. `calm`: every request is taken at once."""

    directory: Path
    chance: random.Random
    calm: bool = False
    stored: list[Stored] = field(default_factory=list)
    moods: dict[Mood, int] = field(default_factory=dict)
    _server: StreamServer | None = None

    def start(self) -> None:
        """Begin to listen on any free port."""
        self.directory.mkdir(exist_ok=True)
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()

    @property
    def url(self) -> str:
        """Where recordings are to be sent."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/in"

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.stop(timeout=1)

    def file_of(self, stored: Stored) -> Path:
        """Return the file a body was kept in."""
        return self.directory / stored.digest

    def _serve(self, sock: socket.socket, _address: tuple[str, int]) -> None:
        try:
            with sock, sock.makefile("rb") as stream:
                while self._take(sock, stream):
                    pass
        except OSError:
            return  # the engine was killed in the middle of it

    def _take(self, sock: socket.socket, stream: BinaryIO) -> bool:
        """Take one request; whether the connection goes on."""
        words = stream.readline(MAX_LINE).decode("latin-1").split()
        if len(words) != 3:
            return False
        length = 0
        while (line := stream.readline(MAX_LINE)).strip():
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() == "content-length":
                length = int(value)
        mood = Mood.TAKES if self.calm else self.chance.choices(list(MOODS), list(MOODS.values()))[0]
        self.moods[mood] = self.moods.get(mood, 0) + 1
        body = stream.read(length // 2 if mood is Mood.CUTS else length)
        if len(body) < length:
            return False
        if mood is Mood.LATE:
            gevent.sleep(LATE_S)
        if mood is not Mood.REFUSES:
            self._store(words[0], words[1], body)
        if mood is not Mood.FORGETS:
            status = "503 Later" if mood is Mood.REFUSES else "201 Created"
            sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        return mood is not Mood.FORGETS

    def _store(self, method: str, target: str, body: bytes) -> None:
        stored = Stored(target, hashlib.sha256(body).hexdigest(), len(body), method)
        self.file_of(stored).write_bytes(body)
        self.stored.append(stored)
