"""Media to and from a CouchDB: proved to be there, taken back when they are not, never waited for whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from storage.couchdb import CouchStore
from storage.errors import BadDocument, Conflict, StoreUnavailable
from storage.open_store import open_store
from tests.storage.couch_double import CouchDouble

DATABASE = "account/demo-202411"
DOC = "202411-" + "0" * 32


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A server with the metadata of one recording."""
    double = CouchDouble()
    double.put(DATABASE, {"_id": DOC})
    yield double
    double.close()


@pytest.fixture
def store(couch: CouchDouble) -> Iterator[CouchStore]:
    """A client of it."""
    opened = open_store(couch.url, cache=False)
    assert isinstance(opened, CouchStore)
    yield opened
    opened.close()


class Stream(io.RawIOBase):
    """A source that cannot go back, read once."""

    def __init__(self, *blocks: bytes) -> None:
        self._blocks = list(blocks)

    def readable(self) -> bool:
        """It can only be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Whatever comes next."""
        return self._blocks.pop(0) if self._blocks else b""


def put(store: CouchStore, source: Any, size_bytes: int) -> dict[str, Any]:
    """Attach a source to the document."""
    return store.put_attachment(DATABASE, DOC, "r.mp3", "audio/mpeg", source, size_bytes)


def test_the_path_is_escaped_once_and_names_the_revision(couch: CouchDouble, store: CouchStore) -> None:
    """As Kazoo's own uploads: `account%2F...`, the id, the attachment, `?rev=`."""
    put(store, io.BytesIO(b"abc"), 3)
    path = f"/account%2Fdemo-202411/{DOC}/r.mp3?rev=1-{'0' * 32}"
    assert ("PUT", path) in couch.requests
    assert couch.media == {"r.mp3": b"abc"}


def test_a_conflict_is_tried_again_with_the_new_revision(couch: CouchDouble, store: CouchStore) -> None:
    """Somebody may save the metadata while the media travel."""
    couch.misbehaviour.extend([(200, couch.documents[DATABASE][DOC]), 409])
    assert put(store, io.BytesIO(b"abc"), 3)["_attachments"]["r.mp3"]["length"] == 3


def test_conflicts_without_end_are_one(couch: CouchDouble, store: CouchStore) -> None:
    """After some attempts it is the caller's to decide."""
    current = couch.documents[DATABASE][DOC]
    couch.misbehaviour.extend([(200, current), 409] * 9)
    with pytest.raises(Conflict):
        put(store, io.BytesIO(b"abc"), 3)
    assert couch.count(lambda method, _: method == "PUT") == 5


def test_a_stream_that_cannot_go_back_is_not_tried_again(couch: CouchDouble, store: CouchStore) -> None:
    """What was sent is gone; the caller has the source, or has not."""
    assert put(store, Stream(b"ab", b"c"), 3)["_attachments"]["r.mp3"]["length"] == 3
    couch.misbehaviour.extend([(200, couch.documents[DATABASE][DOC]), 409])
    with pytest.raises(Conflict):
        put(store, Stream(b"abc"), 3)


@pytest.mark.parametrize("announced", [2, 4])
def test_a_stream_of_another_size_than_announced(
    store: CouchStore, couch: CouchDouble, announced: int
) -> None:
    """It is noticed on the way, and the request is broken off."""
    with pytest.raises(BadDocument):
        put(store, Stream(b"ab", b"c"), announced)
    assert couch.media == {}


@pytest.mark.parametrize("spoiled", [b"", b"ab", b"abd"])
def test_media_that_did_not_arrive_whole(couch: CouchDouble, store: CouchStore, spoiled: bytes) -> None:
    """A server that says `created` and has something else is not believed."""
    couch.spoils = lambda _: spoiled
    with pytest.raises(StoreUnavailable):
        put(store, io.BytesIO(b"abc"), 3)


def test_an_answer_that_breaks_off(couch: CouchDouble, store: CouchStore) -> None:
    """A reader learns that the rest is missing; it is no end of file."""
    put(store, io.BytesIO(b"x" * 100_000), 100_000)
    with store.open_attachment(DATABASE, DOC, "r.mp3") as stream:
        assert stream.read() == b"x" * 100_000
    couch.missing_bytes = 1
    with store.open_attachment(DATABASE, DOC, "r.mp3") as stream, pytest.raises(StoreUnavailable):
        stream.read()
