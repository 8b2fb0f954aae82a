"""Storage plans: which documents count, what they merge to, what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.document import Document, DocumentStore
from storage.errors import BadDocument, StoreUnavailable
from storage.folder import FolderStore
from storage.plan import DATABASE, Plans, StoragePlan, faults_of, laid_over, resolve
from storage.plan_path import DEFAULT_FIELDS

ACCOUNT_ID = "c0ffee00c0ffee00c0ffee00c0ffee00"
ID = "a" * 32
OTHER = "b" * 32
S3 = {"handler": "s3", "name": "ours", "settings": {"bucket": "records", "key": "K", "secret": "S"}}
HTTP = {"handler": "http", "settings": {"url": "http://a.example/in", "verb": "post"}}


def document(handlers: dict[str, Any], connections: dict[str, Any] | None = None, **of_type: Any) -> Document:
    """A plan document that speaks of recordings alone."""
    return {
        "attachments": handlers,
        "connections": connections or {},
        "plan": {"modb": {"types": {"call_recording": of_type}}},
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FolderStore]:
    """A document store in a folder."""
    (tmp_path / "documents").mkdir()
    one = FolderStore(tmp_path / "documents")
    yield one
    one.close()


def put(store: FolderStore, doc_id: str, content: Document) -> None:
    """Save one document of system_data."""
    store.create_database(DATABASE)
    store.save(DATABASE, {**content, "_id": doc_id})


def test_without_documents_there_is_no_plan(store: FolderStore) -> None:
    """Kazoo's default, everything local, decides nothing."""
    assert Plans(store).of(ACCOUNT_ID) == StoragePlan()
    assert not StoragePlan().decides


def test_the_systems_plan_holds_for_everybody(store: FolderStore) -> None:
    """An account without a document of its own has it."""
    put(store, "system", document({ID: S3}, attachments={"handler": ID}))
    plan = Plans(store).of(ACCOUNT_ID)
    assert plan.decides
    assert not plan.fault
    assert plan.elsewhere is not None
    assert (plan.elsewhere.handler, plan.elsewhere.name) == ("s3", "ours")
    assert plan.elsewhere.target.kind == "s3"


def test_the_accounts_own_goes_over_the_offered_one_and_that_over_the_systems(store: FolderStore) -> None:
    """Key by key: the account takes a plan by name and changes its folder only."""
    put(store, "system", document({ID: HTTP}, attachments={"handler": ID}))
    put(store, "offer", document({OTHER: S3}, attachments={"handler": OTHER, "stub": True}))
    put(
        store,
        ACCOUNT_ID,
        {"pvt_plan_id": "offer", **document({}, attachments={"params": {"folder_path": "/mine/"}})},
    )
    plan = Plans(store).of(ACCOUNT_ID)
    assert plan.elsewhere is not None
    assert plan.elsewhere.keeps_copy
    assert plan.elsewhere.target.kind == "s3"
    assert plan.elsewhere.target.parameters["folder_path"] == "mine"


def test_an_offered_plan_that_is_gone_is_passed_over(store: FolderStore) -> None:
    """As Kazoo does: the account's own and the system's are what is left."""
    put(store, ACCOUNT_ID, {"pvt_plan_id": "gone", **document({ID: HTTP}, attachments={"handler": ID})})
    plan = Plans(store).of(ACCOUNT_ID)
    assert plan.elsewhere is not None
    assert plan.elsewhere.target.kind == "http"


def test_what_stands_beside_the_types_is_their_default() -> None:
    """`plan.modb.connection` and `.attachments` hold for every type that says nothing."""
    modb = {"connection": "away", "attachments": {"handler": ID, "params": {"folder_path": "x"}}}
    away = {"settings": {"ip": "couch.example", "port": 5984}}
    handlers = {"attachments": {ID: HTTP}, "connections": {"away": away}}
    plan = resolve({**handlers, "plan": {"modb": modb}})
    assert plan.connection == "away"
    assert plan.elsewhere is not None
    local = resolve(
        {**handlers, "plan": {"modb": {**modb, "types": {"call_recording": {"connection": "local"}}}}}
    )
    assert local.couchdb is None
    assert local.elsewhere is not None
    other = resolve({**handlers, "plan": {"modb": {**modb, "types": {"fax": {"connection": "local"}}}}})
    assert other.couchdb is not None


@pytest.mark.parametrize(
    ("entry", "couchdb"),
    [
        (
            {
                "driver": "kazoo_couch",
                "settings": {
                    "ip": "couch.example",
                    "port": 5985,
                    "credentials": {"username": "u", "password": "p"},
                },
            },
            {"url": "http://couch.example:5985", "user": "u", "password": "p"},
        ),
        (
            {"protocol": "https", "settings": {"host": "2001:db8::1", "username": "u", "password": 5}},
            {"url": "https://[2001:db8::1]:5984", "user": "u", "password": "5"},
        ),
    ],
)
def test_a_connection_is_another_couchdb(entry: dict[str, Any], couchdb: dict[str, str]) -> None:
    """By ip or host, credentials in an object of their own or beside it."""
    plan = resolve(document({}, {"away": entry}, connection="away"))
    assert plan.couchdb == couchdb
    assert "u:" not in plan.described


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (document({}, attachments={"handler": ID}), "not among its attachments"),
        (document({}, connection="away"), "not among its connections"),
        (document({}, {"away": {"driver": "x", "settings": {}}}, connection="away"), "driver"),
        (document({}, {"away": {"settings": {"ip": "a/b"}}}, connection="away"), "ip and port"),
        (document({}, {"away": {"settings": {"ip": "a", "port": 0}}}, connection="away"), "ip and port"),
        (document({ID: {"handler": "floppy", "settings": {}}}, attachments={"handler": ID}), "floppy"),
        (
            document({ID: {"handler": "dropbox", "settings": {}}}, attachments={"handler": ID}),
            "handler dropbox: it needs an OAuth document",
        ),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_used_says_why(content: Document, fault: str) -> None:
    """Where Kazoo would crash, too."""
    plan = resolve(content)
    assert plan.decides
    assert fault in plan.fault


def test_null_takes_away_what_was_said_below() -> None:
    """An account can go back to its own CouchDB."""
    merged = laid_over(
        document({ID: S3}, attachments={"handler": ID}), document({}, attachments={"handler": None})
    )
    assert resolve(merged) == StoragePlan()


def test_documents_are_checked_one_by_one_beforehand() -> None:
    """Every handler and connection of a document is named with what is wrong."""
    faults = faults_of(
        {
            "attachments": {ID: S3, OTHER: {"handler": "s3", "settings": {}}},
            "connections": {"local": {}, "away": {"settings": {}}},
        }
    )
    assert len(faults) == 2
    assert "bucket is missing" in faults[0]
    assert "connections.away" in faults[1]


class Broken:
    """A store with trouble."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble

    def get(self, database: str, doc_id: str) -> Document:
        """Fail."""
        raise self.trouble


def test_a_document_that_cannot_be_read_is_a_fault_and_a_store_that_is_away_is_not() -> None:
    """The one waits for somebody to mend it, the other passes."""
    unreadable: DocumentStore = Broken(BadDocument("no JSON"))  # type: ignore[assignment]
    assert "cannot be read" in Plans(unreadable).of(ACCOUNT_ID).fault
    away: DocumentStore = Broken(StoreUnavailable("down"))  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        Plans(away).of(ACCOUNT_ID)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=4)


@given(st.dictionaries(st.sampled_from(["plan", "attachments", "connections", "x"]), JSON, max_size=4))
def test_any_document_is_a_plan_or_has_a_fault(content: Document) -> None:
    """Whatever somebody wrote into it."""
    assert isinstance(resolve(content), StoragePlan)
    assert isinstance(faults_of(content), list)


@given(JSON, JSON, st.sampled_from(["s3", "azure", "google_storage", "http", "ftp", "dropbox", "x"]))
def test_any_settings_are_a_target_or_have_a_fault(value: Any, other: Any, handler: str) -> None:
    """Of every handler, whatever stands in place of texts and numbers."""
    settings = {
        "bucket": value,
        "key": value,
        "secret": other,
        "url": value,
        "port": other,
        "container": value,
    }
    settings |= {"account": other, "field_list": other, "folder_path": value, "scheme": other}
    plan = resolve(document({ID: {"handler": handler, "settings": settings}}, attachments={"handler": ID}))
    assert plan.decides


@given(OBJECTS, OBJECTS)
def test_merging_changes_nothing_in_place(under: Document, over: Document) -> None:
    """Documents of a store are shared; and what was merged once does not change when merged again."""
    before = repr((under, over))
    merged = laid_over(under, over)
    assert repr((under, over)) == before
    assert laid_over(merged, over) == merged


def test_defaults_of_naming_are_the_handlers() -> None:
    """Kazoo's field lists, by destination."""
    plan = resolve(document({ID: S3}, attachments={"handler": ID}))
    assert plan.elsewhere is not None
    assert plan.elsewhere.target.parameters["field_list"] == DEFAULT_FIELDS["s3"]
