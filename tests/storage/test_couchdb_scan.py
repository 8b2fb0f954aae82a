"""Views that a server does not have, answered by a scan; and whose databases are written to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage import couchdb, couchdb_scan
from storage.couchdb import CouchStore
from storage.document import Change
from storage.errors import NotFound, StoreUnavailable
from storage.names import DatabaseKind
from storage.open_store import open_store
from storage.views import design_documents
from tests.storage.contract import PATIENCE_S, eventually
from tests.storage.couch_double import CouchDouble

DATABASE = "account/demo"
VIEW = "callflows/listing_by_number"


def flow(doc_id: str, *numbers: str) -> dict[str, object]:
    """Return a callflow."""
    return {"_id": doc_id, "pvt_type": "callflow", "numbers": list(numbers)}


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A server with three callflows, a foreign design document, and no view."""
    double = CouchDouble()
    double.put(DATABASE, {"_id": "_design/callflows", "views": {}})
    for number in ("1", "2", "3"):
        double.put(DATABASE, flow(f"flow{number}", number))
    yield double
    double.close()


@pytest.fixture
def store(couch: CouchDouble) -> Iterator[CouchStore]:
    """A client of it."""
    opened = open_store(couch.url, cache=False)
    assert isinstance(opened, CouchStore)
    yield opened
    opened.close()


def scans(couch: CouchDouble) -> int:
    """How often all documents were asked for."""
    return couch.count(lambda _, path: "_all_docs" in path)


def test_a_missing_view_is_answered_by_one_scan(couch: CouchDouble, store: CouchStore) -> None:
    """The rows are those the view would have, further questions about any view cost nothing more."""
    rows = store.view(DATABASE, VIEW, key="2", include_docs=True)
    assert [(row.doc_id, row.document and row.document["numbers"]) for row in rows] == [("flow2", ["2"])]
    assert [row.key for row in store.view(DATABASE, VIEW)] == ["1", "2", "3"]
    assert store.view(DATABASE, "attributes/owned") == []
    assert scans(couch) == 1


def test_all_documents_come_page_by_page(
    couch: CouchDouble, store: CouchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, each comes once."""
    monkeypatch.setattr(couchdb, "PAGE", 2)
    assert [document["_id"] for document in store.all_documents(DATABASE)] == ["flow1", "flow2", "flow3"]
    assert scans(couch) == 3


def test_a_change_is_taken_up_without_another_scan(couch: CouchDouble, store: CouchStore) -> None:
    """The feed says which document to read again."""
    store.view(DATABASE, VIEW)
    assert couch.connected.wait(PATIENCE_S)
    couch.put(DATABASE, flow("flow4", "4"))
    couch.put(DATABASE, flow("flow1", "11"))
    eventually(lambda: [row.key for row in store.view(DATABASE, VIEW)] == ["11", "2", "3", "4"])
    assert scans(couch) == 1


def test_many_changes_are_a_new_scan(
    couch: CouchDouble, store: CouchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More changed documents than a scan is worth are not read one by one."""
    monkeypatch.setattr(couchdb_scan, "MAX_DIRTY", 1)
    store.view(DATABASE, VIEW)
    for number in range(3):
        store.save(DATABASE, flow(f"new{number}", f"10{number}"))
    assert len(store.view(DATABASE, VIEW)) == 6
    assert scans(couch) == 2


def test_a_scan_that_failed_is_not_half_an_answer(couch: CouchDouble, store: CouchStore) -> None:
    """Without all documents there are no rows; the next question scans again."""
    store.view(DATABASE, VIEW)
    assert couch.connected.wait(PATIENCE_S)
    store._scans._scanned[DATABASE].note(Change(DATABASE, ""))
    couch.misbehaviour.extend([500])
    with pytest.raises(StoreUnavailable):
        store.view(DATABASE, VIEW)
    assert len(store.view(DATABASE, VIEW)) == 3


def test_a_view_is_asked_for_again_later(
    couch: CouchDouble, store: CouchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may install it."""
    monkeypatch.setattr(couchdb, "VIEW_MISSING_S", 0.0)
    store.view(DATABASE, VIEW)
    couch.views[DATABASE, VIEW] = [{"id": "flow9", "key": "9", "value": None}]
    assert [row.doc_id for row in store.view(DATABASE, VIEW)] == ["flow9"]


def test_the_longest_unused_scan_is_given_up(
    couch: CouchDouble, store: CouchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory and feeds are bounded, whatever number of accounts there is."""
    monkeypatch.setattr(couchdb_scan, "MAX_SCANNED", 2)
    for name in ("account/a", "account/b", "account/c"):
        couch.put(name, flow("f", "1"))
        store.view(name, VIEW)
    assert list(store._scans._scanned) == ["account/b", "account/c"]
    assert len(store._followings) == 2


def test_a_missing_database_is_not_a_missing_view(couch: CouchDouble, store: CouchStore) -> None:
    """Nothing is scanned where nothing is."""
    with pytest.raises(NotFound):
        store.view("account/nobody", VIEW)
    assert scans(couch) == 0


def test_nothing_is_installed_in_a_database_of_others(couch: CouchDouble, store: CouchStore) -> None:
    """Creating a database that Kazoo has made writes nothing into it."""
    store.create_database(DATABASE)
    assert couch.count(lambda method, _: method == "POST") == 0
    assert couch.documents[DATABASE]["_design/callflows"]["views"] == {}


def test_an_empty_or_own_database_is_furnished(couch: CouchDouble, store: CouchStore) -> None:
    """Views are installed where there is nothing yet, and brought up to date where they are ours."""
    wanted = {design["_id"]: design["views"] for design in design_documents(DatabaseKind.ACCOUNT)}
    store.create_database("account/new")
    there = couch.documents["account/new"]
    assert {doc_id: document["views"] for doc_id, document in there.items()} == wanted
    couch.put("account/new", {**there["_design/callflows"], "views": {"old": {}}})
    couch.put("account/new", {"_id": "_design/lists", "views": {"theirs": {}}})
    store.create_database("account/new")
    assert there["_design/callflows"]["views"] == wanted["_design/callflows"]
    assert there["_design/lists"]["views"] == {"theirs": {}}
