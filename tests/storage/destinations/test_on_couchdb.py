"""Recordings kept in a CouchDB: the same destination as for a folder, on the servers themselves."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from storage.destinations.local import LocalDestination
from storage.open_store import open_store
from tests.storage.receiver import context_of, media_of

pytestmark = [pytest.mark.couch, pytest.mark.timeout(300)]  # the first test may have to install the server

RECORDING = "202611-0123456789abcdef0123456789abcdef"
CONTENT = bytes(range(256)) * 3000


@pytest.fixture(params=["pouchdb_url", "couchdb_url"])
def url(request: pytest.FixtureRequest) -> str:
    """Each kind of server in turn; skips where there is none."""
    found: str = request.getfixturevalue(request.param)
    return found


def test_a_recording_is_stored_once_however_often_it_is_delivered(url: str, tmp_path: Path) -> None:
    """The database of the month is made, the media streamed and compared; the second time nothing is sent."""
    account = uuid.uuid4().hex
    database = f"account/{account[:2]}/{account[2:4]}/{account[4:]}-202611"
    store = open_store(url)
    media = media_of(tmp_path / "a.mp3", CONTENT, name="call.mp3")
    metadata = {"_id": RECORDING, "pvt_type": "call_recording", "name": "call.mp3"}
    try:
        destination = LocalDestination(context_of(store))
        first = destination.deliver(media, metadata, {"database": database})
        again = destination.deliver(media, metadata, {"database": database})
        with store.open_attachment(database, RECORDING, "call.mp3") as stream:
            digest = hashlib.sha256(stream.read()).hexdigest()
        revision = store.get(database, RECORDING)["_rev"]
    finally:
        store.close()
        requests.delete(f"{url}/{quote(database, safe='')}", timeout=10)
    assert digest == media.sha256
    assert first.location == again.location
    assert revision.startswith("2-")  # the document, then its attachment, and nothing after that
