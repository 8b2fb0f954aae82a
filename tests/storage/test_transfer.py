"""Documents and media from store to directory and back: all of it, once, and with a list of what is wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.couchdb import CouchStore
from storage.document import Document, DocumentStore
from storage.errors import NotFound
from storage.folder import FolderStore
from storage.open_store import open_store
from storage.revision import content_of
from storage.transfer import TransferReport, export, import_
from tests.storage.couch_double import CouchDouble

ACCOUNT = "account/ab/cd/0123456789012345678901234567"
MONTH = f"{ACCOUNT}-202411"


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FolderStore]:
    """A store with an account, a month, a recording."""
    opened = FolderStore(tmp_path / "source")
    for database in (ACCOUNT, MONTH, "system_config"):
        opened.create_database(database)
    opened.save(ACCOUNT, {"_id": "flow", "pvt_type": "callflow", "numbers": ["1"]})
    opened.save(ACCOUNT, {"_id": "en-us/menu", "pvt_type": "media"})
    opened.save(MONTH, {"_id": "202411-a", "pvt_type": "call_recording"})
    opened.put_attachment(MONTH, "202411-a", "r.mp3", "audio/mpeg", io.BytesIO(b"abc"), 3)
    yield opened
    opened.close()


def content(store: DocumentStore) -> dict[str, dict[str, Document]]:
    """Everything in a store but revisions."""
    return {
        database: {document["_id"]: content_of(document) for document in store.all_documents(database)}
        for database in store.databases()
    }


def counts(report: TransferReport) -> tuple[int, int, int, int, int]:
    """The numbers of a report."""
    return report.created, report.updated, report.unchanged, report.media, report.fault_count


def test_there_and_back(source: FolderStore, tmp_path: Path) -> None:
    """What is exported and imported elsewhere is the same, media too; doing it again changes nothing."""
    dump, target = tmp_path / "dump", FolderStore(tmp_path / "target")
    seen: list[int] = []
    report = export(source, dump, progress=lambda so_far: seen.append(so_far.created))
    assert counts(report) == (3, 0, 0, 1, 0)
    assert report.databases == 3
    assert seen == [1, 2, 3]
    assert counts(import_(target, dump)) == (3, 0, 0, 1, 0)
    assert content(target) == content(source)
    with target.open_attachment(MONTH, "202411-a", "r.mp3") as media:
        assert media.read() == b"abc"
    revision = target.get(ACCOUNT, "flow")["_rev"]
    assert counts(import_(target, dump)) == (0, 0, 3, 0, 0)
    assert target.get(ACCOUNT, "flow")["_rev"] == revision
    target.close()


def test_a_change_is_an_update(source: FolderStore, tmp_path: Path) -> None:
    """Over whatever revision the target has; what only the target has stays."""
    dump = tmp_path / "dump"
    export(source, dump)
    source.save(ACCOUNT, {**source.get(ACCOUNT, "flow"), "name": "x"})
    source.put_attachment(MONTH, "202411-a", "r.mp3", "audio/mpeg", io.BytesIO(b"xyz"), 3)
    target = FolderStore(dump)
    target.save(ACCOUNT, {**target.get(ACCOUNT, "flow"), "name": "y"})
    target.save(ACCOUNT, {"_id": "mine"})
    assert counts(export(source, dump)) == (0, 2, 1, 1, 0)
    assert target.get(ACCOUNT, "flow")["name"] == "x"
    assert target.get(ACCOUNT, "mine")["_id"] == "mine"
    with target.open_attachment(MONTH, "202411-a", "r.mp3") as media:
        assert media.read() == b"xyz"


def test_media_that_went_go_there_too(source: FolderStore, tmp_path: Path) -> None:
    """A document without its attachment is another document."""
    dump = tmp_path / "dump"
    export(source, dump)
    source.save(
        MONTH,
        content_of(source.get(MONTH, "202411-a"))
        | {"_id": "202411-a", "_rev": source.get(MONTH, "202411-a")["_rev"]},
    )
    assert counts(export(source, dump, [MONTH])) == (0, 1, 0, 0, 0)
    assert "_attachments" not in FolderStore(dump).get(MONTH, "202411-a")


def test_named_databases_only(source: FolderStore, tmp_path: Path) -> None:
    """One that is not there is NotFound, and is not made over there."""
    export(source, tmp_path / "dump", [MONTH])
    assert FolderStore(tmp_path / "dump").databases() == [MONTH]
    with pytest.raises(NotFound):
        export(source, tmp_path / "dump", ["account/nobody"])
    assert FolderStore(tmp_path / "dump").databases() == [MONTH]


def test_faults_are_listed_with_their_place(source: FolderStore, tmp_path: Path) -> None:
    """One bad file does not keep the others back."""
    directory = tmp_path / "source" / "system_config"
    (directory / "media.json").write_text('{"default": {}}')
    (directory / "broken.json").write_text('{"default":\n}')
    (directory / "mis named.json").write_text("{}")
    (directory / "hidden.json").write_text('{"_hidden": 1}')
    report = import_(FolderStore(tmp_path / "target"), tmp_path / "source", ["system_config"])
    assert counts(report) == (1, 0, 0, 0, 3)
    listed = "\n".join(report.faults)
    assert f"{directory / 'broken.json'}:2:" in listed
    assert "mis%20named" in listed
    assert "system_config/hidden" in listed


def test_from_a_couchdb(tmp_path: Path) -> None:
    """Design documents stay where they are; ids that cannot be files are listed, not guessed at."""
    couch = CouchDouble()
    couch.put("accounts", {"_id": "_design/accounts", "views": {}})
    couch.put("accounts", {"_id": "demo", "pvt_type": "account"})
    couch.put("accounts", {"_id": "../evil"})
    store = open_store(couch.url, cache=False)
    assert isinstance(store, CouchStore)
    report = export(store, tmp_path / "dump", ["accounts"])
    store.close()
    couch.close()
    assert counts(report) == (1, 0, 0, 0, 1)
    assert "../evil" in report.faults[0]
    written = json.loads((tmp_path / "dump" / "accounts" / "demo.json").read_text())
    assert content_of(written) == {"pvt_type": "account"}
