"""Documents and media in their order: ids that are taken, media that a handler has, one copy of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.destination import Media, Receipt, Target
from storage.destinations.local import LocalDestination
from storage.destinations.plan import PlanDestination
from storage.destinations.unusable import UnusableDestination
from storage.document import Document, DocumentStore
from storage.errors import Conflict, DeliveryFailed, NotFound, StoreUnavailable
from storage.folder import FolderStore
from tests.storage.receiver import Answer, Receiver, context_of, media_of

ACCOUNT_ID = "abcdef0123456789abcdef0123456789"
ACCOUNT = "account/ab/cd/ef0123456789abcdef0123456789"
DATABASE = f"{ACCOUNT}-202611"
RECORDING_ID = "0123456789abcdef0123456789abcdef"
OWN_ID = f"202611-{RECORDING_ID}"
OWN = {"database": DATABASE, "doc_id": OWN_ID}
METADATA = {
    "_id": "mine",
    "pvt_type": "call_recording",
    "pvt_account_id": ACCOUNT_ID,
    "pvt_account_db": "replaced",
    "owner_id": "ada",
    "name": "call.mp3",
    "callflows": {"recording_id": RECORDING_ID},
}
CONTENT = bytes(range(256)) * 300


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
def receiver() -> Iterator[Receiver]:
    """Where a plan's http handler delivers to."""
    one = Receiver()
    yield one
    one.close()


def deliver(store: DocumentStore, media: Media, /, doc_id: str = "mine", **parameters: Any) -> Receipt:
    """Deliver under an id that a document asked for."""
    destination = LocalDestination(context_of(store))
    wanted = {"database": DATABASE, "doc_id": doc_id, "otherwise": OWN, **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


def attached(store: DocumentStore, doc_id: str, database: str = DATABASE) -> bytes:
    """What is attached to a document."""
    with store.open_attachment(database, doc_id, "call.mp3") as stream:
        return stream.read()


def ids(store: DocumentStore, database: str = DATABASE) -> list[str]:
    """All documents of a database."""
    return [document["_id"] for document in store.all_documents(database)]


def test_an_id_asked_for_names_the_document(store: FolderStore, media: Media) -> None:
    """Delivered twice, it is there once."""
    receipt = deliver(store, media)
    assert deliver(store, media).detail == "was there already"
    assert receipt.location == f"{DATABASE}/mine/call.mp3"
    assert ids(store) == ["mine"]
    assert attached(store, "mine") == CONTENT
    assert store.get(DATABASE, "mine")["pvt_account_db"] == DATABASE.replace("/", "%2F")


@pytest.mark.parametrize(
    "other",
    [
        {"pvt_type": "call_recording", "callflows": {"recording_id": "f" * 32}},
        {"pvt_type": "media", "name": "a greeting"},
        {"callflows": "no object"},
    ],
)
def test_a_document_that_is_anothers_is_never_overwritten(
    store: FolderStore, media: Media, other: Document
) -> None:
    """The recording is kept under its own id, which says so; however often it is delivered."""
    store.create_database(DATABASE)
    before = store.save(DATABASE, {"_id": "mine", **other})
    receipt = deliver(store, media)
    deliver(store, media)
    assert store.get(DATABASE, "mine") == before
    assert store.get(DATABASE, OWN_ID)["callflows"]["media_id_taken"] == "mine"
    assert attached(store, OWN_ID) == CONTENT
    assert receipt.location == f"{DATABASE}/{OWN_ID}/call.mp3"
    assert "mine is the id of another document" in receipt.detail
    assert sorted(ids(store)) == sorted(["mine", OWN_ID])


def test_the_id_becoming_free_makes_no_second_copy(store: FolderStore, media: Media) -> None:
    """Delivered under its own id first, it stays there."""
    store.create_database(DATABASE)
    other = store.save(DATABASE, {"_id": "mine"})
    deliver(store, media)
    store.delete(DATABASE, "mine", str(other["_rev"]))
    deliver(store, media)
    assert ids(store) == [OWN_ID]


def test_the_own_id_is_in_the_own_month(store: FolderStore, media: Media) -> None:
    """An id of last month that is taken there leads to this month's database."""
    before = f"{ACCOUNT}-202610"
    store.create_database(before)
    store.save(before, {"_id": "202610-x"})
    deliver(store, media, doc_id="202610-x", database=before)
    assert attached(store, OWN_ID) == CONTENT
    assert ids(store, before) == ["202610-x"]


def planned(receiver: Receiver, **more: Any) -> dict[str, Any]:
    """A plan's http handler, as the decision makes it."""
    fields = [{"arg": "account_id"}, {"field": "owner_id"}, {"arg": "id"}, {"arg": "attachment"}]
    parameters = {"url": receiver.url(), "fields": {}, "field_list": fields}
    return {"media": {"kind": "http", "parameters": parameters}, "handler": "http", **more}


def test_media_that_a_handler_has_are_noted_in_the_document(
    store: FolderStore, media: Media, receiver: Receiver
) -> None:
    """The media are where the plan says, the document says so, and nothing is attached."""
    receipt = deliver(store, media, **planned(receiver))
    (request,) = receiver.requests
    document = store.get(DATABASE, "mine")
    assert request.target == f"/recordings/{ACCOUNT_ID}/ada/mine/call.mp3"
    assert request.sha256 == media.sha256
    assert document["pvt_attachments"] == {
        "call.mp3": {
            "content_type": media.content_type,
            "length": len(CONTENT),
            "stub": False,
            "handler": {"kz_att_http": {"url": receipt.location}},
        }
    }
    assert "_attachments" not in document


def test_noted_media_are_not_sent_again(store: FolderStore, media: Media, receiver: Receiver) -> None:
    """One copy, however often."""
    first = deliver(store, media, **planned(receiver))
    assert deliver(store, media, **planned(receiver)).location == first.location
    assert len(receiver.requests) == 1


def test_the_document_claims_nothing_that_is_not_there(store: FolderStore, media: Media) -> None:
    """While the handler fails it is there without media; when it works again, with them."""
    receiver = Receiver(Answer(status=503), Answer())
    with pytest.raises(DeliveryFailed) as caught:
        deliver(store, media, **planned(receiver))
    assert caught.value.retryable
    assert "pvt_attachments" not in store.get(DATABASE, "mine")
    deliver(store, media, **planned(receiver))
    assert "call.mp3" in store.get(DATABASE, "mine")["pvt_attachments"]
    receiver.close()


def test_a_plan_may_want_a_copy_beside_the_document(
    store: FolderStore, media: Media, receiver: Receiver
) -> None:
    """Kazoo's `stub`: the handler has the media, and CouchDB has them too."""
    deliver(store, media, **planned(receiver, keeps_copy=True))
    assert attached(store, "mine") == CONTENT
    assert len(receiver.requests) == 1


def test_a_handlers_health_is_its_own() -> None:
    """A dead bucket must not delay recordings that stay here."""
    inner = {"kind": "http", "parameters": {"url": "http://u:p@a.example:81/x"}}
    assert Target("local", {**OWN, "media": inner}).key() == "http:a.example:81"
    assert Target("local", OWN).key() == "local"
    assert Target("couchdb", {"url": "http://c.example:5984", **OWN}).key() == "couchdb:c.example:5984"


class Busy:
    """A store in which somebody else saves the document whenever media arrive."""

    def __init__(self, store: DocumentStore, times: int) -> None:
        self._store = store
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put_attachment(self, *arguments: Any) -> Document:
        """Attach, unless somebody was faster."""
        if self._times:
            self._times -= 1
            raise Conflict(DATABASE, "mine")
        return self._store.put_attachment(*arguments)

    def save(self, database: str, document: Document) -> Document:
        """Save, unless somebody was faster."""
        if self._times and "_rev" in document:
            self._times -= 1
            raise Conflict(database, document["_id"])
        return self._store.save(database, document)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_conflict_is_resolved_at_once(
    store: FolderStore, media: Media, receiver: Receiver, elsewhere: bool
) -> None:
    """It needs no further attempt of the outbox; conflicts without end do."""
    parameters = planned(receiver) if elsewhere else {}
    deliver(Busy(store, 2), media, **parameters)  # type: ignore[arg-type]  # a store by delegation
    with pytest.raises(DeliveryFailed) as caught:
        deliver(Busy(store, 99), media, attachment="b.mp3", **parameters)  # type: ignore[arg-type]
    assert caught.value.retryable


def test_copies_can_be_asked_for_later(
    store: FolderStore, media: Media, receiver: Receiver, tmp_path: Path
) -> None:
    """Whether they are there, and for their content, as far as where they are gives it."""
    destination = LocalDestination(context_of(store))
    here = {"database": DATABASE, "doc_id": "mine", "otherwise": OWN}
    receipt = destination.deliver(media, METADATA, here)
    assert destination.holds(media, METADATA, here, receipt)
    with destination.open_copy(media, METADATA, here, receipt) as copy:
        assert copy.read() == CONTENT
    other = media_of(tmp_path / "b.mp3", CONTENT[:-1], name="call.mp3")
    assert not destination.holds(other, METADATA, here, receipt)
    gone = {**here, "database": f"{ACCOUNT}-202001"}
    assert not destination.holds(media, METADATA, {**gone, "otherwise": gone}, receipt)
    with pytest.raises(NotFound):
        destination.open_copy(media, METADATA, {**gone, "otherwise": gone}, receipt)
    there = {**here, **planned(receiver), "attachment": "c.mp3"}
    sent = destination.deliver(media, METADATA, there)
    assert destination.holds(media, METADATA, there, sent)
    assert not destination.holds(media, METADATA, {**there, "attachment": "d.mp3"}, sent)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"otherwise": "x"}, "otherwise"),
        ({"otherwise": {"database": 5}}, "otherwise"),
        ({"media": "x"}, "a kind and parameters"),
        ({"media": {"kind": "floppy", "parameters": {}}}, "floppy"),
        ({"media": {"kind": "http", "parameters": {"url": "x"}}}, "url"),
        ({"handler": 5}, "must be text"),
    ],
)
def test_faults_of_a_target_are_named(store: FolderStore, parameters: dict[str, Any], fault: str) -> None:
    """Also those of the destination within."""
    told = LocalDestination(context_of(store)).validate({"database": DATABASE, **parameters})
    assert any(fault in one for one in told)


def test_an_unusable_target_says_why(store: FolderStore, media: Media) -> None:
    """The worker makes the reason the dead letter's."""
    destination = UnusableDestination(context_of(store))
    assert destination.validate({"reason": "url: no"}) == ["url: no"]
    with pytest.raises(DeliveryFailed, match="url: no"):
        destination.deliver(media, METADATA, {"reason": "url: no"})


def plan_of(url: str) -> Document:
    """A system plan with one http handler."""
    return {
        "_id": "system",
        "attachments": {"a" * 32: {"handler": "http", "settings": {"url": url}}},
        "plan": {"modb": {"types": {"call_recording": {"attachments": {"handler": "a" * 32}}}}},
    }


def test_a_dead_letter_follows_its_plan_when_that_is_mended(
    store: FolderStore, media: Media, receiver: Receiver
) -> None:
    """Until then it says what is wrong."""
    destination = PlanDestination(context_of(store))
    target = {"account": ACCOUNT_ID, "place": OWN}
    assert destination.validate(target) == []
    store.create_database("system_data")
    broken = store.save("system_data", plan_of("http://"))
    with pytest.raises(DeliveryFailed, match="handler http") as caught:
        destination.deliver(media, METADATA, target)
    assert not caught.value.retryable
    mended = store.save("system_data", {**plan_of(receiver.url()), "_rev": broken["_rev"]})
    assert destination.deliver(media, METADATA, target).location.endswith("call.mp3")
    store.delete("system_data", "system", str(mended["_rev"]))
    with pytest.raises(DeliveryFailed, match="no storage plan any more"):
        destination.deliver(media, METADATA, target)


@pytest.mark.parametrize(("parameters", "faults"), [({}, 2), ({"account": 5, "place": {}, "x": 1}, 2)])
def test_faults_of_a_plans_target(store: FolderStore, parameters: dict[str, Any], faults: int) -> None:
    """Each bad parameter yields one sentence."""
    assert len(PlanDestination(context_of(store)).validate(parameters)) == faults


def test_a_store_that_is_away_is_tried_again(store: FolderStore, media: Media) -> None:
    """Before the document as well as after it."""

    class Away(Busy):
        def get(self, database: str, doc_id: str) -> Document:
            """Fail."""
            raise StoreUnavailable("down")

    with pytest.raises(DeliveryFailed) as caught:
        deliver(Away(store, 0), media)  # type: ignore[arg-type]
    assert caught.value.retryable
