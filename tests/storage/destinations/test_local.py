"""Recordings kept in the document store: document first, then the media, compared."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.destination import Media, Receipt
from storage.destinations.local import LocalDestination
from storage.document import Document, DocumentStore
from storage.errors import Conflict, DeliveryFailed, MediaDamaged, NotFound, StoreUnavailable
from storage.folder import FolderStore
from tests.storage.receiver import context_of, media_of

DATABASE = "account/ab/cd/ef0123456789abcdef0123456789-202611"
RECORDING = "202611-0123456789abcdef0123456789abcdef"
METADATA = {"_id": RECORDING, "pvt_type": "call_recording", "name": "call.mp3", "call_id": "7"}
CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    """A document store in a folder."""
    (tmp_path / "documents").mkdir()
    one = FolderStore(tmp_path / "documents")
    yield one
    one.close()


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording."""
    return media_of(tmp_path / "a.mp3", CONTENT, name="call.mp3")


def deliver(store: DocumentStore, media: Media, **parameters: Any) -> Receipt:
    """Deliver to the month's database."""
    destination = LocalDestination(context_of(store))
    wanted = {"database": DATABASE, **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


def attached(store: DocumentStore, name: str = "call.mp3") -> bytes:
    """What is attached to the recording's document."""
    with store.open_attachment(DATABASE, RECORDING, name) as stream:
        return stream.read()


def test_the_document_and_its_media_are_in_the_months_database(store: FolderStore, media: Media) -> None:
    """The database is made when it is the first of the month."""
    receipt = deliver(store, media)
    document = store.get(DATABASE, RECORDING)
    assert {key: document[key] for key in METADATA} == METADATA
    assert attached(store) == CONTENT
    assert receipt.location == f"{DATABASE}/{RECORDING}/call.mp3"


def test_names_may_be_given(store: FolderStore, media: Media) -> None:
    """Attachment names from outside are made safe."""
    deliver(store, media, attachment="../../x.mp3")
    assert attached(store, "x.mp3") == CONTENT


def test_a_second_attempt_sends_nothing_again(store: FolderStore, media: Media) -> None:
    """Found there with the right length and digest: the document's revision does not even change."""
    deliver(store, media)
    revision = store.get(DATABASE, RECORDING)["_rev"]
    assert deliver(store, media).detail == "was there already"
    assert store.get(DATABASE, RECORDING)["_rev"] == revision


def test_a_document_that_is_there_is_kept(store: FolderStore, media: Media) -> None:
    """Killed between document and media, or edited meanwhile: the media is attached to what is there."""
    store.create_database(DATABASE)
    store.save(DATABASE, {**METADATA, "note": "by hand"})
    deliver(store, media)
    assert store.get(DATABASE, RECORDING)["note"] == "by hand"
    assert attached(store) == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[::-1]])
def test_other_media_under_the_name_is_replaced(
    store: FolderStore, media: Media, tmp_path: Path, content: bytes
) -> None:
    """Of another length, or of the same with another digest: it is not this recording."""
    deliver(store, media_of(tmp_path / "b.mp3", content, name="call.mp3"))
    deliver(store, media)
    assert attached(store) == CONTENT


@pytest.mark.parametrize("change", ["gone", "cut", "altered"])
def test_damaged_media_is_not_attached(store: FolderStore, media: Media, change: str) -> None:
    """The document may be there, the false media is not."""
    if change == "gone":
        media.path.unlink()
    else:
        media.path.write_bytes(CONTENT[:-1] + (b"" if change == "cut" else b"x"))
    with pytest.raises(MediaDamaged):
        deliver(store, media)
    with pytest.raises(NotFound):
        attached(store)


class Troubled:
    """A document store that stands before a real one and has trouble of its own."""

    def __init__(self, store: DocumentStore, **trouble: Any) -> None:
        self._store = store
        self._trouble = trouble

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, database: str, document: Document) -> Document:
        """Save, unless in trouble."""
        if failure := self._trouble.get("save"):
            raise failure
        return self._store.save(database, document)

    def put_attachment(self, database: str, doc_id: str, name: str, *media: Any) -> Document:
        """Attach, and report what the trouble says."""
        if failure := self._trouble.get("attach"):
            raise failure
        saved = self._store.put_attachment(database, doc_id, name, *media)
        stub = {**saved["_attachments"][name], **self._trouble.get("stub", {})}
        return {**saved, "_attachments": {name: stub}}


@pytest.mark.parametrize(
    "trouble",
    [
        {"save": StoreUnavailable("down")},
        {"attach": StoreUnavailable("down")},
        {"attach": Conflict(DATABASE, RECORDING)},
        {"attach": NotFound(DATABASE, RECORDING)},
        {"stub": {"length": 5}},
        {"stub": {"digest": "md5-AAAAAAAAAAAAAAAAAAAAAA=="}},
    ],
    ids=["cannot save", "cannot attach", "always in conflict", "document gone", "cut", "corrupted"],
)
def test_trouble_of_the_store_is_worth_another_attempt(
    store: FolderStore, media: Media, trouble: dict[str, Any]
) -> None:
    """Down, overrun by others, or holding something else than was sent: not delivered, tried again."""
    troubled: Any = Troubled(store, **trouble)
    with pytest.raises(DeliveryFailed) as caught:
        deliver(troubled, media)
    assert caught.value.retryable
    deliver(store, media)
    assert attached(store) == CONTENT


def test_a_compressed_attachment_is_compared_by_length(store: FolderStore, media: Media) -> None:
    """CouchDB's digest is then of what it compressed, and says nothing."""
    troubled: Any = Troubled(store, stub={"encoding": "gzip", "digest": "md5-AAAAAAAAAAAAAAAAAAAAAA=="})
    assert deliver(troubled, media).location


def test_the_stores_digest_is_of_the_media(store: FolderStore, media: Media) -> None:
    """The comparison above compares something."""
    deliver(store, media)
    stub = store.get(DATABASE, RECORDING)["_attachments"]["call.mp3"]
    assert stub["digest"] == "md5-" + base64.b64encode(hashlib.md5(CONTENT).digest()).decode()


def test_a_name_no_store_takes_is_final(store: FolderStore, media: Media) -> None:
    """No later attempt would make it better."""
    with pytest.raises(DeliveryFailed) as caught:
        deliver(store, media, database="../../etc")
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [({}, "must be named"), ({"database": 5}, "must be text"), ({"database": "a", "url": "b"}, "unknown")],
)
def test_faults_of_a_target_are_named(store: FolderStore, parameters: dict[str, Any], fault: str) -> None:
    """Each bad parameter yields exactly one sentence."""
    (told,) = LocalDestination(context_of(store)).validate(parameters)
    assert fault in told
