"""Media to and from CouchDB as streams: couchdb3 would hold an attachment in memory as a whole."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

import httpx
from couchdb3.utils import check_response

from storage.couchdb_link import PATIENCE, CouchLink, escaped
from storage.disk_work import on_disk
from storage.document import Document
from storage.errors import BadDocument, Conflict, StoreUnavailable
from storage.media_blocks import SelfHashed, blocks_of

ATTEMPTS = 5
"""At an attachment whose document is saved by others meanwhile; nobody saves a recording's five times."""

ANSWER_S = 120.0
"""From the last byte sent to the answer: a server syncs gigabytes to its disk before it says so."""

STALL_S = 30.0
"""For a server to take one block; it may be compacting."""

LEAST_BYTES_PER_S = 8 * 1024
"""Slower than this an upload is given up: it must end some time."""

Name = tuple[str, str, str]
"""Database (slash form), document id, attachment name."""


def put_media(link: CouchLink, name: Name, content_type: str, source: BinaryIO, size_bytes: int) -> Document:
    """Attach a source to a document, and make sure that what is there now is what was sent.

    Raises: as DocumentStore.put_attachment.
    """
    start = _checked_start(source, size_bytes)
    for attempt in range(ATTEMPTS):
        if attempt and start is not None:
            source.seek(start)
        sent = _Sent(source, size_bytes)
        rev = _document(link, name)["_rev"]
        try:
            _send(link, name, content_type, sent, rev)
        except Conflict:
            if start is None:
                raise
            continue
        return _verified(link, name, sent)
    raise Conflict(name[0], name[1])


def _checked_start(source: BinaryIO, size_bytes: int) -> int | None:
    """Return where a source begins, None if it cannot go back there. Raises: BadDocument: it is another size.

    What can be measured is measured before it is sent: not every server throws away what broke off.
    """
    if not source.seekable():
        return None
    start = source.tell()
    there = source.seek(0, io.SEEK_END) - start
    source.seek(start)
    if there != size_bytes:
        raise BadDocument(f"media were to have {size_bytes} bytes, and have {there}")
    return start


def open_media(link: CouchLink, database: str, doc_id: str, name: str) -> BinaryIO:
    """Return an attachment as it arrives (so reads, too, raise StoreUnavailable). Raises: NotFound."""
    with link.asked(database, f"{doc_id}/{name}"):
        request = link.client.build_request(
            "GET", link.url(database, doc_id, name), headers={"Accept": "*/*"}
        )
        response = link.client.send(request, stream=True)
        if response.status_code >= 300:
            response.read()
            response.close()
            check_response(response)
    return io.BufferedReader(_Arriving(link, (database, doc_id, name), response), buffer_size=64 * 1024)


class _Sent:
    """A source on its way out: counted, hashed off the hub, and held to the announced size (`size_bytes`)."""

    def __init__(self, source: BinaryIO, size_bytes: int) -> None:
        self._source = source
        self.size_bytes = size_bytes
        self._is_hashed = isinstance(source, SelfHashed)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.sent_bytes = 0

    @property
    def digest(self) -> str:
        if isinstance(self._source, SelfHashed):
            return f"md5-{self._source.md5_base64}"
        return f"md5-{base64.b64encode(self._md5.digest()).decode()}"

    def __iter__(self) -> Iterator[bytes]:
        for block in blocks_of(self._source):
            self.sent_bytes += len(block)
            if self.sent_bytes > self.size_bytes:
                raise BadDocument(f"media were to have {self.size_bytes} bytes, and have more")
            if not self._is_hashed:
                on_disk(partial(self._md5.update, block))
            yield block
        if self.sent_bytes < self.size_bytes:
            raise BadDocument(f"media were to have {self.size_bytes} bytes, and have {self.sent_bytes}")


def _send(link: CouchLink, name: Name, content_type: str, sent: _Sent, rev: str) -> None:
    headers = {"Content-Type": content_type, "Content-Length": str(sent.size_bytes)}
    deadline_s = ANSWER_S + sent.size_bytes / LEAST_BYTES_PER_S
    patience = {PATIENCE: {"read": ANSWER_S, "write": STALL_S}}
    with link.asked(name[0], name[1], deadline_s=deadline_s):
        response = link.client.put(
            link.url(*name), params={"rev": rev}, content=sent, headers=headers, extensions=patience
        )
        check_response(response)


def _verified(link: CouchLink, name: Name, sent: _Sent) -> Document:
    """Compare what the server has with what was sent. Raises: StoreUnavailable: it is not the same."""
    document = _document(link, name)
    stub = document.get("_attachments", {}).get(name[2], {})
    if stub.get("length") != sent.sent_bytes:
        raise StoreUnavailable(
            f"{name[0]}/{name[1]}: {stub.get('length')} bytes arrived of {sent.sent_bytes}"
        )
    if stub.get("digest") != sent.digest and not _is_compressed(link, name):
        raise StoreUnavailable(f"{name[0]}/{name[1]}: the stored media differ from what was sent")
    return document


def _is_compressed(link: CouchLink, name: Name) -> bool:
    """Whether the server keeps an attachment compressed (texts); its digest is then that of the result."""
    with link.asked(*name[:2]):
        document = link.database(name[0]).get(escaped(name[1]), att_encoding_info=True, check=True)
    return "encoding" in document.get("_attachments", {}).get(name[2], {})


def _document(link: CouchLink, name: Name) -> Document:
    with link.asked(*name[:2]):
        return dict(link.database(name[0]).get(escaped(name[1]), check=True))


class _Arriving(io.RawIOBase):
    """A readable stream over a response; closing it gives the connection back."""

    def __init__(self, link: CouchLink, name: Name, response: httpx.Response) -> None:
        self._link = link
        self._name = name
        self._response = response
        self._blocks = response.iter_raw()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            with self._link.asked(self._name[0], self._name[1]):
                try:
                    self._rest = next(self._blocks)
                except StopIteration:
                    return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def close(self) -> None:
        self._response.close()
        super().close()
