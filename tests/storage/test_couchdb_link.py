"""What a server, or what stands before it, does to a client: each comes out as an error of ours, in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage import couchdb_link
from storage.couchdb import CouchStore
from storage.couchdb_link import CouchAddress, CouchLink
from storage.errors import BadDocument, BadName, Conflict, NotFound, StoreUnavailable
from storage.open_store import open_store
from tests.storage.couch_double import CUT, HANG, CouchDouble

DATABASE = "account/ab/cd/0123456789012345678901234567"


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A server with one document."""
    double = CouchDouble()
    double.put(DATABASE, {"_id": "a/b", "x": 1})
    yield double
    double.close()


@pytest.fixture
def store(couch: CouchDouble) -> Iterator[CouchStore]:
    """A client of it."""
    opened = open_store(couch.url, cache=False)
    assert isinstance(opened, CouchStore)
    yield opened
    opened.close()


def test_names_are_escaped_once(couch: CouchDouble, store: CouchStore) -> None:
    """Database, document and view travel as one part of the path each, as Kazoo's servers know them."""
    store.get(DATABASE, "a/b")
    store.create_database(DATABASE)
    assert couch.requests[0] == ("GET", "/account%2Fab%2Fcd%2F0123456789012345678901234567/a%2Fb")
    assert couch.requests[1] == ("PUT", "/account%2Fab%2Fcd%2F0123456789012345678901234567")


def test_a_prefix_and_credentials(couch: CouchDouble) -> None:
    """A CouchDB behind a path of a proxy is reached there; an address shows no password."""
    port = int(couch.url.rsplit(":", 1)[1])
    address = CouchAddress("http", "127.0.0.1", port, prefix="couch/one", user="u", password="secret")
    link = CouchLink(address)
    with pytest.raises(NotFound), link.asked(DATABASE, "a"):
        link.database(DATABASE).get("a", check=True)
    with link.asked(""):
        link.client.get(link.url(DATABASE, "a"))
    paths = [path for _, path in couch.requests]
    assert paths == ["/couch/one/account%2Fab%2Fcd%2F0123456789012345678901234567/a"] * 2
    assert "secret" not in repr(address)
    assert "secret" not in address.origin
    link.close()


def test_an_ipv6_address_keeps_its_brackets() -> None:
    """The library would take them off, and dial nobody."""
    link = CouchLink(CouchAddress("http", "::1", 5984))
    assert link.server().url == "http://[::1]:5984"
    assert link.database("accounts").url == "http://[::1]:5984/accounts"
    assert link.url("accounts", "a b") == "http://[::1]:5984/accounts/a%20b"
    link.close()


def test_capitals_in_the_name_of_a_database(store: CouchStore) -> None:
    """A folder can hold an account called Demo, a CouchDB cannot."""
    with pytest.raises(BadName):
        store.get("account/Demo", "a")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (400, BadDocument),
        (401, StoreUnavailable),
        (403, StoreUnavailable),
        (404, NotFound),
        (409, Conflict),
        (412, Conflict),
        (413, BadDocument),
        (429, StoreUnavailable),
        (500, StoreUnavailable),
        ((200, "<html>a proxy's page</html>"), StoreUnavailable),
        ((200, ""), StoreUnavailable),
    ],
)
def test_every_answer_has_its_error(
    couch: CouchDouble, store: CouchStore, answer: int, error: type[Exception]
) -> None:
    """Whatever a server says, readers know four errors."""
    couch.misbehaviour.append(answer)
    with pytest.raises(error):
        store.get(DATABASE, "a/b")
    assert store.get(DATABASE, "a/b")["x"] == 1


@pytest.mark.parametrize("ill", [CUT, 502, 503, 504])
def test_a_read_is_tried_again(couch: CouchDouble, store: CouchStore, ill: int) -> None:
    """A connection cut, or a balancer between two nodes, costs a read some milliseconds."""
    couch.misbehaviour.extend([ill, ill])
    assert store.get(DATABASE, "a/b")["x"] == 1
    couch.misbehaviour.extend([ill, ill, ill])
    with pytest.raises(StoreUnavailable):
        store.get(DATABASE, "a/b")


@pytest.mark.parametrize("ill", [CUT, 503])
def test_a_write_is_not_tried_again(couch: CouchDouble, store: CouchStore, ill: int) -> None:
    """Nobody knows whether it was done: whoever saves decides, with the revision as judge."""
    couch.misbehaviour.append(ill)
    with pytest.raises(StoreUnavailable):
        store.save(DATABASE, {"_id": "new"})
    assert couch.count(lambda method, _: method == "POST") == 1


def test_a_write_that_never_left_is_tried_again(
    couch: CouchDouble, store: CouchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused connection carried nothing, so that a server's restart need not be noticed."""
    couch.stop()
    pauses = []

    def restart(pause_s: float) -> None:
        pauses.append(pause_s)
        couch.start()

    monkeypatch.setattr(couchdb_link.gevent, "sleep", restart)
    store.save(DATABASE, {"_id": "new"})
    assert pauses == [couchdb_link.RETRY_PAUSES_S[0]]


def test_a_server_that_is_not_there(couch: CouchDouble, store: CouchStore) -> None:
    """A refused connection is no mystery."""
    couch.stop()
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
        store.ping()


def test_a_server_that_says_nothing(couch: CouchDouble, store: CouchStore) -> None:
    """A deadline ends every request, whatever the library's own may be."""
    couch.misbehaviour.append(HANG)
    link = store._link
    with pytest.raises(StoreUnavailable, match=r"within 0\.2 s"), link.asked(DATABASE, "a", deadline_s=0.2):
        link.database(DATABASE).get("a", check=True)


def test_silence_within_an_answer(couch: CouchDouble) -> None:
    """The transport's own time-out holds, where the library asks for 300 s."""
    link = CouchLink(CouchAddress("http", "127.0.0.1", int(couch.url.rsplit(":", 1)[1])), read_s=0.2)
    couch.misbehaviour.append(HANG)
    with pytest.raises(StoreUnavailable, match="ReadTimeout"), link.asked(DATABASE, "a"):
        link.database(DATABASE).get("a", check=True)
    link.close()
