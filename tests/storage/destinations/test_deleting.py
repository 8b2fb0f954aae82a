"""Copies removed from where they were delivered, for good; what is gone already is no failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.destination import Deletable, Media, Receipt
from storage.destinations.folder import FolderDestination
from storage.destinations.http import HttpDestination
from storage.destinations.local import LocalDestination
from storage.errors import DeliveryFailed, NotFound
from storage.folder import FolderStore
from storage.tombstone import bury, is_tombstone
from tests.storage.destinations.test_local import (
    DATABASE,
    METADATA,
    RECORDING,
    media,
    store,
)
from tests.storage.destinations.test_reading_back import STORES, ftp, root, sftp, store_of
from tests.storage.object_store import s3_judge
from tests.storage.receiver import Answer, context_of, serving

__all__ = ["ftp", "media", "root", "sftp", "store"]  # fixtures

OURS = {**METADATA, "pvt_account_id": "acc", "from": "ada@a", "callflows": {"recording_id": "r", "uuid": "u"}}


def delete(destination: object, media: Media, parameters: dict[str, Any], location: str = "") -> str:
    """Remove a copy."""
    assert isinstance(destination, Deletable)
    return destination.delete_copy(media, OURS, parameters, Receipt(location))


@pytest.mark.parametrize(
    ("kind", "status"),
    [("s3", 204), ("gs", 204), ("azure", 202), *((kind, 404) for kind in sorted(STORES))],
)
def test_objects_are_deleted(media: Media, kind: str, status: int) -> None:
    """By one DELETE of what was put; one that is not there is as good."""
    with serving(Answer(status, {"x-ms-error-code": "BlobNotFound"})) as receiver:
        destination, parameters = store_of(kind, receiver)
        assert delete(destination, media, parameters) == ""
        (asked,) = receiver.requests
        assert (asked.method, asked.target.split("?")[0].endswith("/calls/in/call.mp3")) == ("DELETE", True)


@pytest.mark.parametrize("kind", sorted(STORES))
def test_objects_that_are_not_to_be_deleted_are_told(media: Media, kind: str) -> None:
    """A key that may only write says so."""
    with serving(Answer(403)) as receiver:
        destination, parameters = store_of(kind, receiver)
        with pytest.raises(DeliveryFailed):
            delete(destination, media, parameters)


def test_deleting_at_s3_is_signed(media: Media) -> None:
    """As the store's own library signs."""
    with serving() as receiver:
        receiver.judge = s3_judge({})
        assert delete(*_with(media, store_of("s3", receiver))) == ""


def _with(media: Media, store: tuple[object, dict[str, Any]]) -> tuple[object, Media, dict[str, Any]]:
    return store[0], media, store[1]


@pytest.mark.parametrize("kind", ["sftp", "ftp"])
def test_files_are_deleted(request: pytest.FixtureRequest, media: Media, root: Path, kind: str) -> None:
    """On a server of files; a second time there is nothing to do."""
    destination, url = request.getfixturevalue(kind)
    destination.deliver(media, METADATA, {"url": url})
    assert (root / "in" / media.name).exists()
    for _ in range(2):
        assert delete(destination, media, {"url": url}) == ""
        assert not (root / "in" / media.name).exists()


def test_a_copy_in_a_folder_is_deleted(tmp_path: Path, media: Media) -> None:
    """That file and no other: not one that has its name by now, nor one outside."""
    destination = FolderDestination(context_of(folder_root=tmp_path / "root"))
    receipt = destination.deliver(media, METADATA, {})
    copy = Path(receipt.location)
    for _ in range(2):
        assert delete(destination, media, {}, receipt.location) == ""
        assert not copy.exists()
    copy.write_bytes(b"another")
    assert delete(destination, media, {}, receipt.location) == ""
    assert copy.read_bytes() == b"another"
    with pytest.raises(NotFound):
        delete(destination, media, {}, str(media.path))
    assert media.path.exists()


def test_a_document_becomes_its_tombstone(store: FolderStore, media: Media) -> None:
    """Without media, and without a word about the call; it stays deleted, whoever delivers it again."""
    destination = LocalDestination(context_of(store))
    receipt = destination.deliver(media, OURS, {"database": DATABASE})
    for _ in range(2):
        assert delete(destination, media, {"database": DATABASE}, receipt.location) == ""
    left = store.get(DATABASE, RECORDING)
    assert is_tombstone(left)
    ours = left.pop("callflows")
    assert (ours["recording_id"], ours["deleted_at"] > 0) == ("r", True)
    assert set(left) == {"_id", "_rev", "pvt_type", "pvt_account_id", "pvt_deleted", "pvt_modified"}
    with pytest.raises(NotFound):
        store.open_attachment(DATABASE, RECORDING, "call.mp3")
    again = destination.deliver(media, OURS, {"database": DATABASE})
    assert again.detail == "it was deleted meanwhile"
    assert "_attachments" not in store.get(DATABASE, RECORDING)
    assert destination.holds(media, OURS, {"database": DATABASE}, receipt)


def test_media_of_a_handler_are_deleted_with_their_document(
    tmp_path: Path, store: FolderStore, media: Media
) -> None:
    """First the media, then what tells of them."""
    destination = LocalDestination(context_of(store, folder_root=tmp_path / "root"))
    parameters = {"database": DATABASE, "media": {"kind": "folder", "parameters": {}}}
    receipt = destination.deliver(media, OURS, parameters)
    assert delete(destination, media, parameters, receipt.location) == ""
    assert not Path(receipt.location).exists()
    assert is_tombstone(store.get(DATABASE, RECORDING))


def test_what_cannot_be_removed_is_told(store: FolderStore, media: Media) -> None:
    """A web server that took a recording has it for good; the document goes all the same."""
    assert not isinstance(HttpDestination(context_of()), Deletable)
    with serving(Answer(200)) as receiver:
        destination = LocalDestination(context_of(store))
        there = {"url": f"http://127.0.0.1:{receiver.port}/in"}
        parameters = {"database": DATABASE, "media": {"kind": "http", "parameters": there}}
        receipt = destination.deliver(media, OURS, parameters)
        left = delete(destination, media, parameters, receipt.location)
    assert "cannot be removed from here" in left
    assert is_tombstone(store.get(DATABASE, RECORDING))


def test_burying_what_is_not_there_is_no_failure(store: FolderStore) -> None:
    """Nothing is made of nothing."""
    store.create_database(DATABASE)
    assert not bury(store, DATABASE, RECORDING)
