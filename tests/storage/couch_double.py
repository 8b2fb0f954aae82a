"""A CouchDB as far as a client of documents needs one, which can be told to misbehave in every way."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from gevent import socket
from gevent.event import Event
from gevent.queue import Empty, Queue
from gevent.server import StreamServer

HEARTBEAT_S = 0.2
CUT = -1
HANG = -2

LARGE_BYTES = 16 * 1024 * 1024
"""Media beyond this are digested as they come, and not kept."""

Answer = tuple[int, Any]


MISSING: Answer = (404, {"error": "not_found", "reason": "missing"})


class CouchDouble:
    """Serves documents on a loopback port.

    Attributes: documents: by database (slash form) and id; views: rows by (database, `design/view`);
    requests: (method, raw path) as they came; misbehaviour: taken one by one by requests other than feeds:
    a status, or a status and a body, CUT to close without an answer, HANG to say nothing; answering: cleared
    to keep all but feeds waiting; beats: whether feeds are kept alive; born: what databases say of their
    creation; media: by attachment name; spoils: what becomes of media on their way to disk; missing_bytes:
    by how much every answer is cut short; checks_revisions: whether a document that is there is saved over
    only by who has read it, as in earnest.
    """

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, dict[str, Any]]] = {}
        self.views: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.requests: list[tuple[str, str]] = []
        self.misbehaviour: deque[int | Answer] = deque()
        self.media: dict[str, bytes] = {}
        self.spoils: Callable[[bytes], bytes] = lambda body: body
        self.answering = Event()
        self.answering.set()
        self.beats = True
        self.born = "1"
        self.missing_bytes = 0
        self.checks_revisions = False
        self.sequence = 0
        self.connected = Event()
        self._feeds: list[tuple[str, Queue]] = []
        self._sockets: set[socket.socket] = set()
        self._port = 0
        self._server: StreamServer | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Take connections, on the same port as ever."""
        self._server = StreamServer(("127.0.0.1", self._port), self._serve)
        self._server.start()
        self._port = self._server.server_port

    def stop(self) -> None:
        """Refuse connections, and drop those there are."""
        if self._server is not None:
            self._server.close()
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._feeds.clear()
        self.connected.clear()

    def close(self) -> None:
        """End."""
        self.stop()

    def put(self, database: str, document: dict[str, Any]) -> None:
        """Save a document, whatever its revision, and tell feeds."""
        self.sequence += 1
        saved = {**document, "_rev": f"{self.sequence}-{'0' * 32}"}
        self.documents.setdefault(database, {})[document["_id"]] = saved
        for name, feed in self._feeds:
            if name == database:
                feed.put(
                    {
                        "seq": f"{self.sequence}-opaque",
                        "id": document["_id"],
                        "changes": [{"rev": saved["_rev"]}],
                    }
                )

    def count(self, wanted: Callable[[str, str], bool]) -> int:
        """How many requests were of a kind."""
        return sum(wanted(method, path) for method, path in self.requests)

    def _serve(self, connection: socket.socket, address: tuple[str, int]) -> None:
        self._sockets.add(connection)
        try:
            reader = connection.makefile("rb")
            while line := reader.readline():
                method, target, _ = line.decode().split()
                length = 0
                while header := reader.readline().strip():
                    name, _, value = header.decode().partition(":")
                    length = int(value) if name.lower() == "content-length" else length
                body = reader.read(length) if length <= LARGE_BYTES else _Large(reader, length)
                self.requests.append((method, target))
                if not self._respond(connection, method, target, body):
                    return
        except (OSError, ValueError):
            return
        finally:
            self._sockets.discard(connection)

    def _respond(self, connection: socket.socket, method: str, target: str, body: bytes) -> bool:
        parts = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        names = [unquote(part) for part in parts.path.strip("/").split("/")]
        if names[-1] == "_changes":
            return self._feed(connection, names[0], asked)
        self.answering.wait()
        if self.misbehaviour:
            ill = self.misbehaviour.popleft()
            if ill == CUT:
                return False
            if ill == HANG:
                Event().wait(60)
                return False
            status, answer = (
                ill if isinstance(ill, tuple) else (ill, {"error": "told", "reason": "to say so"})
            )
        else:
            status, answer = self._answer(method, names, asked, body)
        text = json.dumps(answer).encode() if isinstance(answer, dict) else answer
        text = text.encode() if isinstance(text, str) else text
        length = len(text) + self.missing_bytes
        connection.sendall(f"HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n\r\n".encode() + text)
        return not self.missing_bytes

    def _answer(self, method: str, names: list[str], asked: dict[str, str], body: bytes) -> Answer:
        if names == [""]:
            return 200, {"couchdb": "Welcome"}
        if len(names) == 1 and method == "PUT":
            is_new = names[0] not in self.documents
            self.documents.setdefault(names[0], {})
            return (201, {"ok": True}) if is_new else (412, {"error": "file_exists", "reason": "told before"})
        documents = self.documents.get(names[0])
        if documents is None:
            return MISSING
        if len(names) == 1:
            return self._of_database(method, names[0], body)
        if names[1] == "_all_docs":
            return 200, _page(documents, asked)
        if names[1] == "_design" and "_view" in names:
            rows = self.views.get((names[0], f"{names[2]}/{names[4]}"))
            return MISSING if rows is None else (200, {"total_rows": 0, "offset": 0, "rows": rows})
        if len(names) == 3 and names[1] != "_design":
            return self._attachment(method, documents[names[1]], names[2], asked, body)
        doc_id = "/".join(names[1:])  # `_design/x` is the one id that comes in two parts
        return (200, documents[doc_id]) if doc_id in documents else MISSING

    def _of_database(self, method: str, database: str, body: bytes) -> Answer:
        documents = self.documents[database]
        if method == "GET":
            sequence = f"{self.sequence}-opaque"
            return 200, {
                "doc_count": len(documents),
                "update_seq": sequence,
                "instance_start_time": self.born,
            }
        document = json.loads(body)
        there = documents.get(document["_id"])
        if self.checks_revisions and there is not None and document.get("_rev") != there["_rev"]:
            return 409, {"error": "conflict", "reason": "told before"}
        self.put(database, document)
        saved = documents[document["_id"]]
        return 201, {"ok": True, "id": saved["_id"], "rev": saved["_rev"]}

    def _attachment(
        self, method: str, document: dict[str, Any], name: str, asked: dict[str, str], body: bytes
    ) -> Answer:
        if method == "GET":
            return 200, self.media[name]
        if asked["rev"] != document["_rev"]:
            return 409, {"error": "conflict", "reason": "told before"}
        if isinstance(body, _Large):
            length, md5 = body.length, body.md5
        else:
            self.media[name] = self.spoils(body)
            length, md5 = len(self.media[name]), hashlib.md5(self.media[name]).digest()
        digest = f"md5-{base64.b64encode(md5).decode()}"
        stub = {"content_type": "audio/mpeg", "digest": digest, "length": length, "stub": True}
        document["_attachments"] = {name: stub}
        return 201, {"ok": True}

    def _feed(self, connection: socket.socket, database: str, asked: dict[str, str]) -> bool:
        if database not in self.documents:
            connection.sendall(b"HTTP/1.1 404 x\r\nContent-Length: 2\r\n\r\n{}")
            return True
        changes: Queue = Queue()
        since = int(asked["since"].split("-")[0])
        for document in sorted(
            self.documents[database].values(), key=lambda one: int(one["_rev"].split("-")[0])
        ):
            if int(document["_rev"].split("-")[0]) > since:
                changes.put({"seq": document["_rev"], "id": document["_id"], "changes": []})
        self._feeds.append((database, changes))
        connection.sendall(b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\n\r\n")
        self.connected.set()
        while True:
            try:
                line = json.dumps(changes.get(timeout=HEARTBEAT_S), ensure_ascii=False) + "\n"
            except Empty:
                line = "\n" if self.beats else ""
            connection.sendall(line.encode())


class _Large(bytes):
    """What is known of a body that was too large to keep."""

    length: int
    md5: bytes

    def __new__(cls, reader: BinaryIO, length: int) -> _Large:
        """Read it all."""
        made = super().__new__(cls)
        md5, left = hashlib.md5(), length
        while left and (block := reader.read(min(left, 64 * 1024))):
            md5.update(block)
            left -= len(block)
        made.length, made.md5 = length - left, md5.digest()
        return made


def _page(documents: dict[str, dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    start = json.loads(asked.get("startkey", '""'))
    ids = [doc_id for doc_id in sorted(documents) if doc_id >= start][int(asked.get("skip", 0)) :]
    rows = [{"id": one, "key": one, "value": {}, "doc": documents[one]} for one in ids]
    return {"total_rows": len(documents), "offset": 0, "rows": rows[: int(asked["limit"])]}
