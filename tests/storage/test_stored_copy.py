"""A copy in a document store is asked about later: there, gone, changed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage import stored_copy
from storage.destination import Media, Receipt
from storage.folder import FolderStore
from tests.storage.receiver import media_of

DATABASE = "account/ab/cd/ef0123456789abcdef0123456789-202611"
PLACE = (DATABASE, "202611-a", "call.mp3")
CONTENT = bytes(range(256)) * 30


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


@pytest.fixture
def receipt(store: FolderStore) -> Receipt:
    """Of its delivery."""
    store.create_database(DATABASE)
    store.save(DATABASE, {"_id": PLACE[1]})
    return attach(store, CONTENT)


def attach(store: FolderStore, content: bytes) -> Receipt:
    """Put the attachment, as anybody may."""
    saved = store.put_attachment(*PLACE, "audio/mpeg", io.BytesIO(content), len(content))
    return Receipt("/".join(PLACE), f"rev {saved['_rev']}")


@pytest.mark.parametrize("is_here", [True, False])
def test_it_is_there(store: FolderStore, media: Media, receipt: Receipt, is_here: bool) -> None:
    """Whether the file is still here or long gone; also after the document was edited."""
    if not is_here:
        media.path.unlink()
    assert stored_copy.holds(store, PLACE, media, receipt)
    store.save(DATABASE, {**store.get(DATABASE, PLACE[1]), "note": "heard"})
    assert stored_copy.holds(store, PLACE, media, receipt)


@pytest.mark.parametrize("is_here", [True, False])
def test_another_of_the_same_length_is_not_it(
    store: FolderStore, media: Media, receipt: Receipt, is_here: bool
) -> None:
    """By its digest while the file is here, by its revision afterwards."""
    attach(store, CONTENT[::-1])
    if not is_here:
        media.path.unlink()
    assert not stored_copy.holds(store, PLACE, media, receipt)


def test_one_of_another_length_is_not_it(store: FolderStore, media: Media, receipt: Receipt) -> None:
    """Cut, or replaced."""
    assert not stored_copy.holds(store, PLACE, replace(media, size_bytes=5), receipt)


def test_what_is_gone_is_not_there(store: FolderStore, media: Media, receipt: Receipt) -> None:
    """The attachment, the document, the database."""
    document = store.get(DATABASE, PLACE[1])
    document = store.save(DATABASE, {key: value for key, value in document.items() if key != "_attachments"})
    assert not stored_copy.holds(store, PLACE, media, receipt)
    store.delete(DATABASE, PLACE[1], document["_rev"])
    assert not stored_copy.holds(store, PLACE, media, receipt)
    assert not stored_copy.holds(store, ("account/other-202611", *PLACE[1:]), media, receipt)


@pytest.mark.parametrize("detail", ["was there already", "", "rev x", "rev 0-a"])
def test_a_receipt_without_a_revision_leaves_the_length(
    store: FolderStore, media: Media, receipt: Receipt, detail: str
) -> None:
    """Nobody can say more."""
    media.path.unlink()
    attach(store, CONTENT[::-1])
    assert stored_copy.holds(store, PLACE, media, replace(receipt, detail=detail))
