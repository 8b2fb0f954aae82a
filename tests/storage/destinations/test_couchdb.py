"""Recordings kept in another CouchDB: parameters, addresses, a server in every kind of trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.address import AddressPolicy
from storage.destination import Destination, DestinationContext, Media, Readable, Verifiable
from storage.destinations.couchdb import CouchDestination
from storage.destinations.local import LocalDestination
from storage.errors import AddressRefused, DeliveryFailed
from storage.folder import FolderStore
from storage.outbox_delivery import shown_parameters
from tests.storage.couch_double import CUT, HANG, CouchDouble
from tests.storage.receiver import context_of, media_of

DATABASE = "account/ab/cd/ef0123456789abcdef0123456789-202611"
RECORDING_ID = "0123456789abcdef0123456789abcdef"
OWN_ID = f"202611-{RECORDING_ID}"
METADATA = {"_id": OWN_ID, "pvt_type": "call_recording", "callflows": {"recording_id": RECORDING_ID}}
CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A CouchDB that can misbehave."""
    double = CouchDouble()
    double.checks_revisions = True
    yield double
    double.close()


@pytest.fixture
def context(tmp_path: Path) -> Iterator[DestinationContext]:
    """A context that lets loopback through, as context_of does."""
    (tmp_path / "documents").mkdir()
    store = FolderStore(tmp_path / "documents")
    yield context_of(store)
    store.close()


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording."""
    return media_of(tmp_path / "a.mp3", CONTENT, name="call.mp3")


def target(couch: CouchDouble, **more: Any) -> dict[str, Any]:
    """Parameters for that server."""
    return {"url": couch.url, "database": DATABASE, "doc_id": OWN_ID, **more}


def test_document_and_media_arrive_there_once(
    couch: CouchDouble, context: DestinationContext, media: Media
) -> None:
    """In the month's database, made with its views; a second attempt sends nothing."""
    destination = CouchDestination(context)
    parameters = target(couch, user="u", password="hidden")
    assert destination.validate(parameters) == []
    receipt = destination.deliver(media, METADATA, parameters)
    again = destination.deliver(media, METADATA, parameters)
    documents = couch.documents[DATABASE]
    assert couch.media == {"call.mp3": CONTENT}
    assert documents[OWN_ID]["pvt_type"] == "call_recording"
    assert "crossbar_listing" in documents["_design/recordings"]["views"]
    assert receipt.location == f"{couch.url}/{DATABASE}/{OWN_ID}/call.mp3"
    assert again.detail == "was there already"
    assert couch.count(lambda method, path: method == "PUT" and "call.mp3" in path) == 1
    assert "hidden" not in repr(receipt) + repr(shown_parameters(parameters))


def test_a_copy_can_be_asked_for_later(couch: CouchDouble, context: DestinationContext, media: Media) -> None:
    """Whether it is there, and its content, over a connection that lasts as long as it is read."""
    destination = CouchDestination(context)
    receipt = destination.deliver(media, METADATA, target(couch))
    assert destination.holds(media, METADATA, target(couch), receipt)
    with destination.open_copy(media, METADATA, target(couch), receipt) as copy:
        assert copy.read() == CONTENT
    couch.documents[DATABASE].clear()
    assert not destination.holds(media, METADATA, target(couch), receipt)


def test_stores_of_documents_give_copies_back(context: DestinationContext) -> None:
    """Both kinds, for those who verify and those who fetch."""
    for one in (LocalDestination(context), CouchDestination(context)):
        offered: object = one
        assert isinstance(offered, Verifiable)
        assert isinstance(offered, Readable)


@pytest.mark.parametrize(
    "trouble",
    [[500], [503] * 9, [CUT] * 9, [401], [(200, "<html>")], [(200, "[1]")], [(200, {"x": 1})], [HANG]],
    ids=["500", "away", "cut", "credentials", "a page", "a list", "another service", "silence"],
)
def test_trouble_of_the_server_is_worth_another_attempt(
    couch: CouchDouble, context: DestinationContext, media: Media, trouble: list[Any]
) -> None:
    """Whatever it answers, and then it works: delivered, once."""
    destination = CouchDestination(context)
    couch.misbehaviour.extend(trouble)
    with pytest.raises(DeliveryFailed) as caught:
        destination.deliver(media, METADATA, target(couch))
    assert caught.value.retryable
    couch.misbehaviour.clear()
    destination.deliver(media, METADATA, target(couch))
    assert couch.media == {"call.mp3": CONTENT}


def test_trouble_while_media_travel(couch: CouchDouble, context: DestinationContext, media: Media) -> None:
    """The document is there, the media are not: the next attempt sends those alone."""
    destination = CouchDestination(context)
    couch.spoils = lambda body: body[:-1]
    with pytest.raises(DeliveryFailed) as caught:
        destination.deliver(media, METADATA, target(couch))
    assert caught.value.retryable
    couch.spoils = lambda body: body
    destination.deliver(media, METADATA, target(couch))
    assert couch.media == {"call.mp3": CONTENT}


def test_a_refused_size_is_final(couch: CouchDouble, context: DestinationContext, media: Media) -> None:
    """No later attempt would make it smaller."""
    destination = CouchDestination(context)
    destination.deliver(media, METADATA, target(couch, attachment="first.mp3"))
    document = couch.documents[DATABASE][OWN_ID]
    too_large = (413, {"error": "document_too_large", "reason": "told"})
    saved = {"ok": True, "id": OWN_ID, "rev": document["_rev"]}
    couch.misbehaviour.extend([(201, saved), (200, document), too_large])
    with pytest.raises(DeliveryFailed) as caught:
        destination.deliver(media, METADATA, target(couch))
    assert not caught.value.retryable


def test_a_server_that_a_document_named_is_vetted(couch: CouchDouble, tmp_path: Path, media: Media) -> None:
    """A plan must not make us speak to ourselves; the operator may. No packet goes to what is refused."""
    (tmp_path / "documents").mkdir()
    store = FolderStore(tmp_path / "documents")
    destination = CouchDestination(context_of(store, policy=AddressPolicy()))
    with pytest.raises(AddressRefused):
        destination.deliver(media, METADATA, target(couch))
    assert couch.requests == []
    assert destination.deliver(media, METADATA, target(couch, trusted=True)).location
    store.close()


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"url": ""}, "url"),
        ({"url": "ftp://a.example"}, "scheme"),
        ({"url": "http://u:p@a.example"}, "credentials belong"),
        ({"user": 5}, "must be text"),
        ({"password": 5}, "must be text"),
        ({"port": 5}, "unknown"),
        ({"database": ""}, "must be named"),
    ],
)
def test_faults_of_a_target_are_named(
    context: DestinationContext, parameters: dict[str, Any], fault: str
) -> None:
    """Each bad parameter yields exactly one sentence."""
    destination: Destination = CouchDestination(context)
    (told,) = destination.validate({"url": "http://a.example", "database": DATABASE, **parameters})
    assert fault in told
