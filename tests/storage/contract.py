"""What every DocumentStore must do, run on each of them (a subclass provides `peer`)."""

from __future__ import annotations

import io
import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import gevent
import pytest
from gevent.event import Event

from storage.document import Change, Document, DocumentStore
from storage.errors import BadDocument, BadName, Conflict, NotFound
from storage.names import account_db, kind_of, modb
from storage.view_index import ViewIndex
from storage.views import VIEWS
from tests.storage.corpus import ODD_DOCUMENTS

IN_FORCE_S = 2.0
"""A change must be announced within this time..."""

PATIENCE_S = 10.0
"""...and this is how long a test on a busy machine waits before it says that it was not."""

ODD_IDS = [
    "en-us/menu-invalid",
    "with space",
    "plus+and&ampersand=1?x#y",
    "percent%2Fsign",
    "quote\"and'apostrophe",
    "umlaut-ü-日本",
    "comma,and;semicolon",
    "UPPER.lower-1_2~3@example.com",
    "202411-" + "0" * 32,
]

HOSTILE_IDS = [
    "",
    "..",
    ".",
    "../up",
    "a/../b",
    "a//b",
    "/a",
    "a/",
    ".hidden",
    "a\0b",
    "a\nb",
    "_design/x",
    "x" * 300,
]

HOSTILE_DATABASES = [
    "",
    "..",
    "account/../x",
    "/etc",
    "Upper",
    "a\0",
    "a b",
    "account/",
    "x" * 300,
    "_users",
    "a.b",
]


class Peer(Protocol):
    """One place of documents: opened as often as a test likes, gone when the test is."""

    def open(self) -> DocumentStore:
        """Return a store of its own connections and memory over the one place."""

    def forget(self, database: str) -> None:
        """Remove a database when the test is over."""

    def fill(self, database: str, documents: list[Document]) -> None:
        """Put new documents into a database from outside, all at once."""


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds that nobody announces."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        gevent.sleep(0.01)


class Seen:
    """A follower that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._news = Event()

    def __call__(self, change: Change) -> None:
        """Take a change as it is announced."""
        self.changes.append(change)
        self._news.set()

    def wait(self, wanted: Callable[[Change], bool]) -> Change:
        """Return the first change that is wanted, the next one if none has come yet."""
        while True:
            for change in self.changes:
                if wanted(change):
                    return change
            self._news.clear()
            assert self._news.wait(PATIENCE_S), f"not announced; seen were {self.changes}"


class StoreFixtures:
    """What each test of the contract begins with."""

    @pytest.fixture
    def store(self, peer: Peer) -> DocumentStore:
        """The store under test."""
        return peer.open()

    @pytest.fixture
    def account_id(self) -> str:
        """An account nobody else has."""
        return secrets.token_hex(16)

    @pytest.fixture
    def database(self, peer: Peer, store: DocumentStore, account_id: str) -> str:
        """An empty account database."""
        name = account_db(account_id)
        store.create_database(name)
        peer.forget(name)
        return name


class DocumentContract(StoreFixtures):
    """Documents: saved, read, replaced, deleted."""

    def test_a_saved_document_is_read_back(self, store: DocumentStore, database: str) -> None:
        """Everything JSON can say survives, and the revision is the one that save returned."""
        document = {
            "_id": "a",
            "t": True,
            "n": None,
            "f": 1.5,
            "i": -3,
            "s": "ü\U0001f4de",
            "o": {"l": [1, {}, []]},
        }
        saved = store.save(database, document)
        assert store.get(database, "a") == {**document, "_rev": saved["_rev"]}

    @pytest.mark.parametrize("doc_id", ODD_IDS)
    def test_odd_ids_are_just_ids(self, store: DocumentStore, database: str, doc_id: str) -> None:
        """Whatever an id is made of, it names one document, in all ways of asking."""
        store.save(database, {"_id": doc_id, "pvt_type": "callflow", "numbers": ["1"]})
        assert store.get(database, doc_id)["_id"] == doc_id
        assert [document["_id"] for document in store.all_documents(database)] == [doc_id]
        rows = store.view(database, "callflows/listing_by_number", key="1", include_docs=True)
        assert [(row.doc_id, row.document and row.document["_id"]) for row in rows] == [(doc_id, doc_id)]
        store.delete(database, doc_id, store.get(database, doc_id)["_rev"])
        with pytest.raises(NotFound):
            store.get(database, doc_id)

    def test_what_was_saved_is_not_changed_by_changing_the_original(
        self, store: DocumentStore, database: str
    ) -> None:
        """A saved document shares nothing with the object that was given."""
        document = {"_id": "a", "list": [1]}
        store.save(database, document)
        document["list"].append(2)  # type: ignore[attr-defined]
        assert store.get(database, "a")["list"] == [1]

    def test_replacing_needs_the_current_revision(self, store: DocumentStore, database: str) -> None:
        """No revision, a stale one, or one of a document deleted since: somebody else came first."""
        first = store.save(database, {"_id": "a", "x": 1})
        second = store.save(database, {**first, "x": 2})
        assert second["_rev"] != first["_rev"]
        for stale in ({"_id": "a", "x": 3}, {**first, "x": 3}):
            with pytest.raises(Conflict):
                store.save(database, stale)
        assert store.get(database, "a") == second
        store.delete(database, "a", second["_rev"])
        with pytest.raises(Conflict):
            store.save(database, second)

    def test_saving_the_same_content_again_is_a_new_revision(
        self, store: DocumentStore, database: str
    ) -> None:
        """A revision names one save, not only one content."""
        first = store.save(database, {"_id": "a", "x": 1})
        assert store.save(database, first)["_rev"] != first["_rev"]

    def test_deleting(self, store: DocumentStore, database: str) -> None:
        """Only the current revision can be deleted; then the document is gone, and can come anew."""
        first = store.save(database, {"_id": "a"})
        second = store.save(database, {**first, "x": 2})
        with pytest.raises(Conflict):
            store.delete(database, "a", first["_rev"])
        store.delete(database, "a", second["_rev"])
        with pytest.raises(NotFound):
            store.get(database, "a")
        with pytest.raises(NotFound):
            store.delete(database, "a", second["_rev"])
        store.save(database, {"_id": "a", "x": 3})
        assert store.get(database, "a")["x"] == 3

    def test_what_is_not_there(
        self, peer: Peer, store: DocumentStore, database: str, account_id: str
    ) -> None:
        """A missing document, and anything asked of a missing database, is NotFound."""
        missing = modb(account_id, "202401")
        with pytest.raises(NotFound):
            store.get(database, "nobody")
        asks: list[Callable[[], Any]] = [
            lambda: store.get(missing, "a"),
            lambda: store.save(missing, {"_id": "a"}),
            lambda: store.delete(missing, "a", "1-" + "0" * 32),
            lambda: store.view(missing, "recordings/crossbar_listing"),
            lambda: list(store.all_documents(missing)),
            lambda: store.put_attachment(missing, "a", "b.mp3", "audio/mpeg", io.BytesIO(b"x"), 1),
            lambda: store.open_attachment(missing, "a", "b.mp3"),
        ]
        for ask in asks:
            with pytest.raises(NotFound):
                ask()

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"_id": 1},
            {"_id": "a", "_unknown": 1},
            {"_id": "a", "x": float("nan")},
            {"_id": "a", "x": {1, 2}},
            {"_id": "a", "x": "\ud800"},
            {"_id": "a", "_attachments": []},
            {"_id": "a", "_attachments": {"b": {"data": "eA=="}}},
            {"_id": "a", "x": "x" * 8_100_000},
        ],
        ids=["no id", "id no text", "field", "nan", "set", "surrogate", "stubs", "inline media", "large"],
    )
    def test_a_document_no_store_could_take(
        self, store: DocumentStore, database: str, document: Document
    ) -> None:
        """It is refused before anything is touched."""
        with pytest.raises(BadDocument):
            store.save(database, document)
        assert list(store.all_documents(database)) == []

    def test_names_that_could_leave_their_place(self, store: DocumentStore, database: str) -> None:
        """They are refused by whatever takes a name."""
        for hostile in HOSTILE_IDS:
            for ask in (
                lambda bad: store.get(database, bad),
                lambda bad: store.save(database, {"_id": bad}),
                lambda bad: store.delete(database, bad, "1-x"),
                lambda bad: store.put_attachment(database, bad, "b", "audio/wav", io.BytesIO(), 0),
                lambda bad: store.put_attachment(database, "a", bad, "audio/wav", io.BytesIO(), 0),
                lambda bad: store.open_attachment(database, "a", bad),
            ):
                with pytest.raises(BadName):
                    ask(hostile)
        for hostile in HOSTILE_DATABASES:
            for ask in (
                lambda bad: store.get(bad, "a"),
                lambda bad: store.save(bad, {"_id": "a"}),
                lambda bad: store.view(bad, "attributes/owned"),
                lambda bad: list(store.all_documents(bad)),
                store.create_database,
                lambda bad: store.follow(bad, lambda change: None),
            ):
                with pytest.raises(BadName):
                    ask(hostile)

    def test_databases_are_listed_in_slash_form(
        self, peer: Peer, store: DocumentStore, database: str, account_id: str
    ) -> None:
        """Creating one again changes nothing; an account and its month are two."""
        month = modb(account_id, "202411")
        store.save(database, {"_id": "a"})
        store.create_database(month)
        peer.forget(month)
        store.create_database(database)
        listed = store.databases()
        assert store.databases(f"{database}-") == [month]
        assert [name for name in listed if account_id[4:] in name] == [database, month]
        assert listed == sorted(listed)
        assert store.get(database, "a")["_id"] == "a"

    def test_all_documents(self, store: DocumentStore, database: str) -> None:
        """Every document comes once, whole; the store's own (design documents) do not come."""
        saved = [store.save(database, {"_id": f"d{number:04}", "n": number}) for number in range(120)]
        assert sorted(store.all_documents(database), key=lambda one: one["_id"]) == saved

    def test_ping(self, store: DocumentStore) -> None:
        """A store that answers says so."""
        store.ping()


class ViewContract(StoreFixtures):
    """Views: the rows of Kazoo's design documents."""

    EVERY = 1
    """Each odd document is tried, or (on a slow server) each so many."""

    COUNTS_KAZOOS = True
    """Whether rows of a view are counted that nobody keeps count of."""

    # fmt: off
    KEYS_IN_ORDER: tuple[Any, ...] = (
        None, False, True, -1, 0, 2, 10, 10.5, "", " ", "_", "-", "*97", "+1", "1", "10", "2", "a", "A", "aa",
        "ab", "Ab", "b", "e", "é", "f", "z",
        [], [1], [1, None], ["a"], ["a", "b"], ["b"], {}, {"a": 1}, {"b": 0},
    )
    # fmt: on

    def test_rows_by_key_and_range(self, store: DocumentStore, database: str) -> None:
        """One key, an open range, all that begin alike, or all, in order of keys, then ids."""
        for doc_id, owner, kind in (
            ("d2", "u1", "device"),
            ("d1", "u1", "device"),
            ("v1", "u1", "vmbox"),
            ("d3", "u2", "device"),
        ):
            store.save(database, {"_id": doc_id, "owner_id": owner, "pvt_type": kind})

        def ids(**ask: Any) -> list[str]:
            return [row.doc_id for row in store.view(database, "attributes/owned", **ask)]

        assert ids() == ["d1", "d2", "v1", "d3"]
        assert ids(key=["u1", "device"]) == ["d1", "d2"]
        assert ids(key=["u9", "device"]) == []
        assert ids(start=["u1"], end=["u1", {}]) == ["d1", "d2", "v1"]
        assert ids(start=["u1", "vmbox"]) == ["v1", "d3"]
        assert ids(end=["u1", "device"]) == ["d1", "d2"]

    def test_documents_come_along_when_asked_for(self, store: DocumentStore, database: str) -> None:
        """The document is the current one, with its revision; else there is none."""
        saved = store.save(
            database, {"_id": "f", "pvt_type": "callflow", "numbers": ["100", "200"], "name": "x"}
        )
        rows = store.view(database, "callflows/listing_by_number", key="200", include_docs=True)
        assert [(row.key, row.value, row.doc_id, row.document) for row in rows] == [
            ("200", {"name": "x"}, "f", saved)
        ]
        assert store.view(database, "callflows/listing_by_number", key="200")[0].document is None

    def test_a_view_says_what_was_just_saved(self, store: DocumentStore, database: str) -> None:
        """Whoever saves a number and looks it up finds it; deleted and softly deleted ones are out."""
        view = "callflows/listing_by_number"
        assert store.view(database, view, key="1") == []
        flow = store.save(database, {"_id": "f", "pvt_type": "callflow", "numbers": ["1"]})
        assert len(store.view(database, view, key="1")) == 1
        flow = store.save(database, {**flow, "numbers": ["2"]})
        assert store.view(database, view, key="1") == []
        assert len(store.view(database, view, key="2", include_docs=True)) == 1
        flow = store.save(database, {**flow, "pvt_deleted": True})
        assert store.view(database, view) == []
        flow = store.save(database, {**flow, "pvt_deleted": False})
        store.delete(database, "f", flow["_rev"])
        assert store.view(database, view) == []

    @pytest.mark.parametrize("view", ["callcontrol_recordings/listing", "recordings/crossbar_listing"])
    def test_pages_and_counts(self, peer: Peer, store: DocumentStore, account_id: str, view: str) -> None:
        """Pages go downwards with their documents, and add up to the range, whose rows are counted."""
        month = modb(account_id, "202411")
        store.create_database(month)
        peer.forget(month)
        for number in range(7):
            store.save(
                month,
                {
                    "_id": f"202411-{number:032x}",
                    "pvt_type": "call_recording",
                    "pvt_created": 100 + number // 2,
                },
            )
        if not view.startswith("recordings/"):
            before: list[Any] = ["all", ""]
        elif not self.COUNTS_KAZOOS:
            pytest.skip("this server does not say where a key is in a view")
        else:
            before = []
        ends: list[dict[str, Any]] = [
            {"start": before or None, "end": [*before, {}] if before else None},
            {"start": [*before, 101], "end": [*before, 102, {}]},
            {"start": [*before, 200], "end": [*before, 300]},
            {"start": [*before, 103]},
            {"end": [*before, 100, {}]},
        ]
        if before:
            ends = [{"start": before, "end": [*before, {}], **one} for one in ends]
        for ask in ends:
            whole = [row.doc_id for row in store.view(month, view, **ask)][::-1]
            assert store.count(month, view, **ask) == len(whole)
            pages = [store.page(month, view, skip=at, limit=3, **ask) for at in range(0, 9, 3)]
            assert [row.doc_id for page in pages for row in page] == whole
            assert all(row.document["_id"] == row.doc_id for page in pages for row in page)  # type: ignore[index]

    def test_a_page_of_what_is_not_there(self, store: DocumentStore, account_id: str) -> None:
        """A database that does not exist has no pages and no count."""
        month = modb(account_id, "202312")
        for ask in (store.page, store.count):
            with pytest.raises(NotFound):
                ask(month, "callcontrol_recordings/listing", **({"limit": 1} if ask == store.page else {}))

    def test_an_unknown_view(self, store: DocumentStore, database: str) -> None:
        """A view that neither we nor the server know is NotFound, not empty."""
        with pytest.raises(NotFound):
            store.view(database, "nobodys/business")

    def test_the_order_of_keys(self, store: DocumentStore, database: str) -> None:
        """null, false, true, numbers, texts by the letter, arrays, objects: as CouchDB has it."""
        keys = [*self.KEYS_IN_ORDER]
        shuffled = sorted(range(len(keys)), key=lambda position: (position * 7) % len(keys))
        store.save(
            database,
            {"_id": "f", "pvt_type": "callflow", "numbers": [keys[position] for position in shuffled]},
        )
        assert [row.key for row in store.view(database, "callflows/listing_by_number")] == keys

    def test_every_view_says_the_same_in_both_languages(
        self, peer: Peer, store: DocumentStore, database: str, account_id: str
    ) -> None:
        """The store's rows of odd documents are those of the Python function, whoever computed them."""
        month = modb(account_id, "202411")
        store.create_database(month)
        peer.forget(month)
        odd = ODD_DOCUMENTS[:: self.EVERY]
        documents = [{**document, "_id": f"{number:03}"} for number, document in enumerate(odd)]
        peer.fill(database, documents)
        peer.fill(month, documents)
        for view in VIEWS.values():
            for name in (database, month):
                if kind_of(name) not in view.kinds:
                    continue
                index = ViewIndex(view)
                for document in documents:
                    index.update(document["_id"], document)
                expected = sorted(json.dumps([row.key, row.value, row.doc_id]) for row in index.rows())
                rows = store.view(name, view.name)
                assert sorted(json.dumps([row.key, row.value, row.doc_id]) for row in rows) == expected, (
                    view.name
                )


class AttachmentContract(StoreFixtures):
    """Media: put, read, replaced, kept."""

    @pytest.mark.parametrize("size_bytes", [0, 1, 3_000_000])
    def test_media_come_back_as_they_went(self, store: DocumentStore, database: str, size_bytes: int) -> None:
        """A stream of any size is stored whole, and its stub says length, type and digest."""
        store.save(database, {"_id": "a", "x": 1})
        media = secrets.token_bytes(size_bytes)
        document = store.put_attachment(database, "a", "r.mp3", "audio/mpeg", io.BytesIO(media), size_bytes)
        stub = document["_attachments"]["r.mp3"]
        assert (stub["length"], stub["content_type"], stub["stub"]) == (size_bytes, "audio/mpeg", True)
        assert stub["digest"].startswith("md5-")
        assert document == store.get(database, "a")
        with store.open_attachment(database, "a", "r.mp3") as stream:
            assert stream.read() == media

    def test_texts_are_media_too(self, store: DocumentStore, database: str) -> None:
        """A server that keeps texts compressed gives them back as they were."""
        text = b"one line of a transcript\n" * 1000
        store.save(database, {"_id": "a"})
        document = store.put_attachment(database, "a", "r.txt", "text/plain", io.BytesIO(text), len(text))
        assert document["_attachments"]["r.txt"]["length"] == len(text)
        with store.open_attachment(database, "a", "r.txt") as stream:
            assert stream.read() == text

    def test_media_from_a_file(self, store: DocumentStore, database: str, tmp_path: Path) -> None:
        """A file is read from where it stands, and can be read in pieces from the store."""
        media = secrets.token_bytes(700_000)
        path = tmp_path / "source.wav"
        path.write_bytes(media)
        store.save(database, {"_id": "a"})
        with path.open("rb") as source:
            store.put_attachment(database, "a", "r.wav", "audio/wav", source, len(media))
        with store.open_attachment(database, "a", "r.wav") as stream:
            pieces = iter(lambda: stream.read(64_000), b"")
            assert b"".join(pieces) == media

    @pytest.mark.parametrize("doc_id", ODD_IDS)
    def test_odd_names(self, store: DocumentStore, database: str, doc_id: str) -> None:
        """Document and attachment are told apart whatever they are called."""
        name = doc_id.replace("/", "-")
        store.save(database, {"_id": doc_id})
        store.put_attachment(database, doc_id, name, "audio/wav", io.BytesIO(b"abc"), 3)
        assert list(store.get(database, doc_id)["_attachments"]) == [name]
        with store.open_attachment(database, doc_id, name) as stream:
            assert stream.read() == b"abc"
        assert [document["_id"] for document in store.all_documents(database)] == [doc_id]

    def test_putting_twice_leaves_one_copy(self, store: DocumentStore, database: str) -> None:
        """The later content holds, whatever the revision was; other attachments stay."""
        store.save(database, {"_id": "a"})
        store.put_attachment(database, "a", "other", "audio/wav", io.BytesIO(b"other"), 5)
        store.put_attachment(database, "a", "r", "audio/wav", io.BytesIO(b"first"), 5)
        document = store.put_attachment(database, "a", "r", "audio/mpeg", io.BytesIO(b"2nd"), 3)
        assert {name: stub["length"] for name, stub in document["_attachments"].items()} == {
            "other": 5,
            "r": 3,
        }
        with store.open_attachment(database, "a", "r") as stream:
            assert stream.read() == b"2nd"

    def test_media_stay_with_a_document_that_names_them(self, store: DocumentStore, database: str) -> None:
        """Saving what was read keeps them; saving without their stubs lets them go."""
        store.save(database, {"_id": "a"})
        document = store.put_attachment(database, "a", "r", "audio/wav", io.BytesIO(b"abc"), 3)
        document = store.save(database, {**document, "x": 1})
        with store.open_attachment(database, "a", "r") as stream:
            assert stream.read() == b"abc"
        stub = {
            "stub": True,
            "content_type": "audio/wav",
            "length": 1,
            "digest": "md5-rL0Y20zC+Fzt72VPzMSk2A==",
            "revpos": 1,
        }
        with pytest.raises(Conflict):
            store.save(database, {**document, "_attachments": {**document["_attachments"], "never": stub}})
        document = store.save(database, {"_id": "a", "_rev": document["_rev"]})
        assert "_attachments" not in store.get(database, "a")
        with pytest.raises(NotFound):
            store.open_attachment(database, "a", "r")

    def test_media_go_with_their_document(self, store: DocumentStore, database: str) -> None:
        """A deleted document leaves nothing that could be read, nor does a new one of its id have it."""
        store.save(database, {"_id": "a"})
        document = store.put_attachment(database, "a", "r", "audio/wav", io.BytesIO(b"abc"), 3)
        store.delete(database, "a", document["_rev"])
        store.save(database, {"_id": "a"})
        with pytest.raises(NotFound):
            store.open_attachment(database, "a", "r")

    def test_missing_media(self, store: DocumentStore, database: str) -> None:
        """No document, or no attachment of that name."""
        with pytest.raises(NotFound):
            store.put_attachment(database, "a", "r", "audio/wav", io.BytesIO(b"abc"), 3)
        with pytest.raises(NotFound):
            store.open_attachment(database, "a", "r")
        store.save(database, {"_id": "a"})
        with pytest.raises(NotFound):
            store.open_attachment(database, "a", "r")

    @pytest.mark.parametrize("announced", [2, 4])
    def test_media_of_another_size_than_announced(
        self, store: DocumentStore, database: str, announced: int
    ) -> None:
        """A source that is shorter or longer than said is refused, and leaves no attachment."""
        store.save(database, {"_id": "a"})
        with pytest.raises(BadDocument):
            store.put_attachment(database, "a", "r", "audio/wav", io.BytesIO(b"abc"), announced)
        assert "_attachments" not in store.get(database, "a")


class FeedContract(StoreFixtures):
    """Changes: told to those who follow, from now on, within 2 s."""

    def test_changes_of_others_are_announced(self, peer: Peer, store: DocumentStore, database: str) -> None:
        """A save, a further save, media and a deletion made through another connection are all told."""
        other = peer.open()
        store.save(database, {"_id": "before"})
        seen = Seen()
        following = store.follow(database, seen)
        first = other.save(database, {"_id": "a", "x": 1})
        seen.wait(lambda change: change == Change(database, "a"))
        assert store.get(database, "a") == first
        seen.changes.clear()
        second = other.save(database, {**first, "x": 2})
        seen.wait(lambda change: change == Change(database, "a"))
        assert store.get(database, "a") == second
        seen.changes.clear()
        third = other.put_attachment(database, "a", "r", "audio/wav", io.BytesIO(b"abc"), 3)
        seen.wait(lambda change: change == Change(database, "a"))
        assert store.get(database, "a") == third
        other.delete(database, "a", third["_rev"])
        seen.wait(lambda change: change == Change(database, "a", deleted=True))
        assert not [change for change in seen.changes if change.doc_id == "before"]
        assert following.is_live

    def test_own_changes_are_announced(self, store: DocumentStore, database: str) -> None:
        """It does not matter who made the change."""
        seen = Seen()
        store.follow(database, seen)
        store.save(database, {"_id": "a"})
        seen.wait(lambda change: change.doc_id == "a")

    def test_nothing_comes_after_stop(self, peer: Peer, store: DocumentStore, database: str) -> None:
        """A stopped feed is silent, while another on the same database goes on."""
        stopped, going_on = Seen(), Seen()
        following = store.follow(database, stopped)
        store.follow(database, going_on)
        following.stop()
        peer.open().save(database, {"_id": "a"})
        going_on.wait(lambda change: change.doc_id == "a")
        assert stopped.changes == []
        assert not following.is_live
        following.stop()

    def test_stopping_from_within(self, store: DocumentStore, database: str) -> None:
        """A follower may end its own feed."""
        seen = Seen()

        def once(change: Change) -> None:
            following.stop()
            seen(change)

        following = store.follow(database, once)
        beside = Seen()
        store.follow(database, beside)
        store.save(database, {"_id": "a"})
        seen.wait(lambda change: change.doc_id == "a")
        store.save(database, {"_id": "b"})
        beside.wait(lambda change: change.doc_id == "b")
        assert [change.doc_id for change in seen.changes] == ["a"]

    def test_a_database_that_is_not_there_yet(
        self, peer: Peer, store: DocumentStore, account_id: str
    ) -> None:
        """It is waited for; its coming is told as `anything may have changed`."""
        month = modb(account_id, "202411")
        seen = Seen()
        following = store.follow(month, seen)
        assert not following.is_live
        other = peer.open()
        other.create_database(month)
        peer.forget(month)
        seen.wait(lambda change: change == Change(month, ""))
        other.save(month, {"_id": "a"})
        seen.wait(lambda change: change.doc_id == "a")
        assert following.is_live


class StoreContract(DocumentContract, ViewContract, AttachmentContract, FeedContract):
    """All of it."""
