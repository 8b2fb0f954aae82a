"""The CouchDB store: the contract, on a real CouchDB and on express-pouchdb; what servers do to clients."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from storage.couchdb import CouchStore
from storage.document import Document
from storage.open_store import open_store
from tests.storage.contract import StoreContract

pytestmark = [pytest.mark.couch, pytest.mark.timeout(300)]  # the first test may have to install the server


class CouchPeer:
    """A CouchDB that others may use, too: what a test makes there, it removes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[CouchStore] = []
        self._made: list[str] = []

    def open(self) -> CouchStore:
        """Another client of the same server."""
        opened = open_store(self.url, cache=False)
        assert isinstance(opened, CouchStore)
        self._opened.append(opened)
        return opened

    def forget(self, database: str) -> None:
        """Remove a database afterwards."""
        self._made.append(database)

    def fill(self, database: str, documents: list[Document]) -> None:
        """One request for all."""
        url = f"{self.url}/{quote(database, safe='')}/_bulk_docs"
        requests.post(url, json={"docs": documents}, timeout=30).raise_for_status()

    def close(self) -> None:
        """Close all that was opened, remove all that was made."""
        for one in self._opened:
            one.close()
        for database in self._made:
            requests.delete(f"{self.url}/{quote(database, safe='')}", timeout=10)


def _peer(url: str) -> Iterator[CouchPeer]:
    place = CouchPeer(url)
    yield place
    place.close()


class TestOnPouchDB(StoreContract):
    """The contract, on express-pouchdb."""

    EVERY = 7  # it takes seconds to index what CouchDB indexes at once
    COUNTS_KAZOOS = False  # its `offset` is what was skipped

    # PouchDB compares texts by code units, which agrees with CouchDB only within one class of characters
    KEYS_IN_ORDER = (
        None,
        False,
        True,
        -1,
        0,
        2,
        10.5,
        "",
        "1",
        "10",
        "2",
        "a",
        "aa",
        "b",
        [],
        [1, None],
        {},
        {"a": 1},
    )

    @pytest.fixture
    def peer(self, pouchdb_url: str) -> Iterator[CouchPeer]:
        """A server for documents."""
        yield from _peer(pouchdb_url)


class TestOnCouchDB(StoreContract):
    """The contract, on the CouchDB at COUCHDB_URL."""

    @pytest.fixture
    def peer(self, couchdb_url: str) -> Iterator[CouchPeer]:
        """A server for documents."""
        yield from _peer(couchdb_url)
