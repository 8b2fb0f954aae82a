"""Recordings on CouchDB servers themselves: this system's and a third party's, which are one delivery."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from storage.destination import Destination, Media, Receipt
from storage.destinations.couchdb import CouchDestination
from storage.destinations.local import LocalDestination
from storage.document import Document, DocumentStore
from storage.open_store import open_store
from tests.storage.receiver import Receiver, context_of, media_of

pytestmark = [pytest.mark.couch, pytest.mark.timeout(300)]  # the first test may have to install the server

RECORDING_ID = "0123456789abcdef0123456789abcdef"
OWN_ID = f"202611-{RECORDING_ID}"
CONTENT = bytes(range(256)) * 3000
METADATA = {
    "_id": OWN_ID,
    "pvt_type": "call_recording",
    "pvt_created": 63_950_000_000,
    "owner_id": "ada",
    "name": "call.mp3",
    "callflows": {"recording_id": RECORDING_ID},
}


@dataclass
class There:
    """One destination, and the store it delivers to."""

    destination: Destination
    store: DocumentStore
    parameters: dict[str, Any]

    def deliver(self, media: Media, /, doc_id: str = OWN_ID, **more: Any) -> Receipt:
        """Deliver under an id."""
        place = {"database": self.parameters["database"], "doc_id": OWN_ID}
        wanted = {**self.parameters, "doc_id": doc_id, "otherwise": place, **more}
        assert self.destination.validate(wanted) == []
        return self.destination.deliver(media, METADATA, wanted)

    def document(self, doc_id: str = OWN_ID) -> Document:
        """A document as it is there."""
        return self.store.get(self.parameters["database"], doc_id)

    def sha256(self, doc_id: str = OWN_ID) -> str:
        """Of what is attached to it."""
        with self.store.open_attachment(self.parameters["database"], doc_id, "call.mp3") as stream:
            return hashlib.sha256(stream.read()).hexdigest()

    def ids(self) -> list[str]:
        """All documents that are there."""
        return sorted(one["_id"] for one in self.store.all_documents(self.parameters["database"]))


@pytest.fixture(params=["pouchdb_url", "couchdb_url"])
def url(request: pytest.FixtureRequest) -> str:
    """Each kind of server in turn; skips where there is none."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["local", "couchdb"])
def there(request: pytest.FixtureRequest, url: str) -> Iterator[There]:
    """Both destinations on that server, in a month of their own."""
    account = uuid.uuid4().hex
    database = f"account/{account[:2]}/{account[2:4]}/{account[4:]}-202611"
    store = open_store(url)
    context = context_of(store)
    if request.param == "local":
        yield There(LocalDestination(context), store, {"database": database})
    else:
        parts = urlsplit(url)
        bare = {"url": f"{parts.scheme}://{parts.hostname}:{parts.port}"}
        login = {"user": parts.username or "", "password": parts.password or ""}
        yield There(CouchDestination(context), store, {**bare, **login, "database": database})
    store.close()
    requests.delete(f"{url}/{quote(database, safe='')}", timeout=10)


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording."""
    return media_of(tmp_path / "a.mp3", CONTENT, name="call.mp3")


def test_a_recording_is_stored_once_however_often_it_is_delivered(there: There, media: Media) -> None:
    """The month is made, the media streamed and compared; the second time nothing is sent."""
    first = there.deliver(media)
    again = there.deliver(media)
    assert there.sha256() == media.sha256
    assert first.location == again.location
    assert there.document()["_rev"].startswith("2-")  # the document, its attachment, and nothing after that
    assert there.ids() == [OWN_ID]


def test_an_existing_clusters_tools_find_it(there: There, media: Media) -> None:
    """By Kazoo's views, of all recordings and of a user's, in Kazoo's keys."""
    there.deliver(media)
    database = there.parameters["database"]
    (row,) = there.store.view(database, "recordings/crossbar_listing")
    assert (row.key, row.doc_id) == ([METADATA["pvt_created"], OWN_ID], OWN_ID)
    (row,) = there.store.view(database, "recordings/listing_by_user", start=["ada"], end=["ada", {}])
    assert row.doc_id == OWN_ID


def test_an_id_that_is_taken_is_left_alone(there: There, media: Media) -> None:
    """The recording is kept under its own, whatever the other is."""
    there.store.create_database(there.parameters["database"])
    before = there.store.save(there.parameters["database"], {"_id": "mine", "pvt_type": "media"})
    receipt = there.deliver(media, "mine")
    there.deliver(media, "mine")
    assert there.document("mine") == before
    assert there.document()["callflows"]["media_id_taken"] == "mine"
    assert there.sha256() == media.sha256
    assert "mine" in receipt.detail
    assert there.ids() == sorted([OWN_ID, "mine"])


def test_media_that_are_elsewhere_are_noted(there: There, media: Media) -> None:
    """By a plan's handler: the document says where, and has no attachment."""
    receiver = Receiver()
    parameters = {"url": receiver.url(), "fields": {}, "field_list": [{"arg": "id"}]}
    receipt = there.deliver(media, media={"kind": "http", "parameters": parameters}, handler="http")
    receiver.close()
    noted = there.document()["pvt_attachments"]["call.mp3"]
    assert noted["handler"] == {"kz_att_http": {"url": receipt.location}}
    assert "_attachments" not in there.document()
