"""A CouchDB that a document named: connected to where it was judged to be, and listened to with measure."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from typing import Any

import httpcore
import pytest

from storage import couchdb_link
from storage.address import AddressPolicy
from storage.couchdb import CouchStore
from storage.couchdb_guard import GuardedBackend
from storage.couchdb_link import CouchAddress, CouchLink, no_tls
from storage.errors import AddressRefused, StoreUnavailable
from tests.storage.couch_double import CouchDouble


class Names:
    """A resolver that counts, and says what it is told."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        """Answer as getaddrinfo does."""
        self.asked.append(host)
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in self.addresses]


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A CouchDB on loopback."""
    double = CouchDouble()
    double.put("system_config", {"_id": "x"})
    yield double
    double.close()


def store_at(couch: CouchDouble, policy: AddressPolicy) -> CouchStore:
    """A store at a name that only the policy's resolver knows."""
    address = CouchAddress("http", "couch.example", int(couch.url.rsplit(":", 1)[1]))
    return CouchStore(address, CouchLink(address, tls=no_tls(), policy=policy))


def test_the_address_judged_is_the_address_connected_to(couch: CouchDouble) -> None:
    """The name is looked up once, by the policy; the system's resolver does not even know it."""
    names = Names("127.0.0.1")
    store = store_at(couch, AddressPolicy(["127.0.0.0/8"], names))
    assert store.get("system_config", "x")["_id"] == "x"
    assert names.asked == ["couch.example"]
    store.close()


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("169.254.169.254", "10.0.0.1")])
def test_an_address_inside_is_refused(couch: CouchDouble, addresses: tuple[str, ...]) -> None:
    """Without a packet."""
    store = store_at(couch, AddressPolicy([], Names(*addresses)))
    with pytest.raises(AddressRefused):
        store.get("system_config", "x")
    assert couch.requests == []
    store.close()


def test_a_name_that_nobody_knows_is_tried_again_later(couch: CouchDouble) -> None:
    """It is no refusal: names come and go."""
    store = store_at(couch, AddressPolicy([], Names()))
    with pytest.raises(StoreUnavailable):
        store.get("system_config", "x")
    store.close()


def test_a_dead_address_leads_to_the_next(couch: CouchDouble) -> None:
    """Of one name."""
    store = store_at(couch, AddressPolicy(["127.0.0.0/8"], Names("127.0.0.2", "127.0.0.1")))
    assert store.get("system_config", "x")["_id"] == "x"
    store.close()


def test_no_socket_of_this_host() -> None:
    """A URL from outside names no file."""
    with pytest.raises(httpcore.ConnectError):
        GuardedBackend(AddressPolicy()).connect_unix_socket("/run/x.sock")


def test_an_answer_without_end_is_cut(couch: CouchDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill memory; the operator's own server is believed."""
    monkeypatch.setattr(couchdb_link, "MAX_ANSWER_BYTES", 1000)
    couch.put("system_config", {"_id": "large", "text": "x" * 2000})
    guarded = store_at(couch, AddressPolicy(["127.0.0.0/8"], Names("127.0.0.1")))
    with pytest.raises(StoreUnavailable):
        guarded.get("system_config", "large")
    guarded.close()
