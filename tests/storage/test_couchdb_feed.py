"""A changes feed outlives what happens to servers: restarts, silence, databases that go and come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage import couchdb_feed
from storage.couchdb_feed import CouchFollowing
from storage.couchdb_link import CouchAddress, CouchLink
from storage.document import Change
from tests.storage.contract import PATIENCE_S, Seen, eventually
from tests.storage.couch_double import CouchDouble

DATABASE = "system_config"


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A server with one document."""
    double = CouchDouble()
    double.put(DATABASE, {"_id": "media"})
    yield double
    double.close()


@pytest.fixture
def link(couch: CouchDouble, monkeypatch: pytest.MonkeyPatch) -> Iterator[CouchLink]:
    """A client of it that does not wait long."""
    monkeypatch.setattr(couchdb_feed, "LONGEST_PAUSE_S", 0.2)
    made = CouchLink(CouchAddress("http", "127.0.0.1", int(couch.url.rsplit(":", 1)[1])), feed_silence_s=0.6)
    yield made
    made.close()


@pytest.fixture
def seen() -> Seen:
    """A follower."""
    return Seen()


@pytest.fixture
def following(couch: CouchDouble, link: CouchLink, seen: Seen) -> Iterator[CouchFollowing]:
    """A feed that is up."""
    made = CouchFollowing(link, DATABASE, seen, lambda _: None)
    made.start()
    assert couch.connected.wait(PATIENCE_S)
    yield made
    made.stop()


def test_a_restart_loses_nothing(couch: CouchDouble, following: CouchFollowing, seen: Seen) -> None:
    """What changed while the server could not be reached is told when it can be, and nothing else."""
    couch.stop()
    couch.put(DATABASE, {"_id": "ecallmgr"})
    couch.start()
    seen.wait(lambda change: change.doc_id == "ecallmgr")
    assert seen.changes == [Change(DATABASE, "ecallmgr")]
    assert following.is_live


def test_a_server_that_falls_silent_is_left(
    couch: CouchDouble, following: CouchFollowing, seen: Seen
) -> None:
    """A peer that died without a word is noticed by its missing heartbeats."""
    couch.connected.clear()
    couch.beats = False
    assert couch.connected.wait(PATIENCE_S)
    couch.put(DATABASE, {"_id": "ecallmgr"})
    seen.wait(lambda change: change.doc_id == "ecallmgr")


@pytest.mark.parametrize("sign", ["another birth", "gone back"])
def test_a_database_made_anew_may_have_changed_anywhere(
    couch: CouchDouble, following: CouchFollowing, seen: Seen, sign: str
) -> None:
    """A place in the history of a database that is no more says nothing about its successor."""
    couch.stop()
    if sign == "another birth":
        couch.born = "2"
    else:
        couch.sequence = 0
    couch.start()
    seen.wait(lambda change: change == Change(DATABASE, ""))


def test_a_database_that_goes_and_comes(couch: CouchDouble, following: CouchFollowing, seen: Seen) -> None:
    """It is waited for, not taken for an outage, and announced when it is back."""
    documents = couch.documents.pop(DATABASE)
    couch.stop()
    couch.start()
    eventually(lambda: not following.is_live and couch.requests[-1] == ("GET", f"/{DATABASE}"))
    couch.documents[DATABASE] = documents
    seen.wait(lambda change: change == Change(DATABASE, ""))


def test_following_begins_while_the_server_is_away(couch: CouchDouble, link: CouchLink, seen: Seen) -> None:
    """It begins when the server is there, with the news that anything may have changed."""
    couch.stop()
    made = CouchFollowing(link, DATABASE, seen, lambda _: None)
    made.start()
    assert not made.is_live
    couch.start()
    seen.wait(lambda change: change == Change(DATABASE, ""))
    made.stop()
    assert not made.is_live


def test_a_line_that_is_no_json_ends_the_connection_not_the_feed(
    couch: CouchDouble, following: CouchFollowing, seen: Seen
) -> None:
    """A separator that a document's id may contain, and that the library takes for an end of line."""
    couch.put(DATABASE, {"_id": "a\u2028b"})
    seen.wait(lambda change: change == Change(DATABASE, ""))
    couch.put(DATABASE, {"_id": "ecallmgr"})
    seen.wait(lambda change: change.doc_id == "ecallmgr")


@pytest.mark.parametrize(
    ("sequence", "since", "count"),
    [
        (7, "7", 7),
        ("7-g1AAA", "7-g1AAA", 7),
        ([7, "g1AAA"], '[7, "g1AAA"]', 7),
        ("opaque", "opaque", 0),
        (None, "null", 0),
    ],
)
def test_sequences_of_all_servers(sequence: object, since: str, count: int) -> None:
    """A number (1.x), a text (2 and later), an array (BigCouch)."""
    assert (couchdb_feed._since(sequence), couchdb_feed._count(sequence)) == (since, count)
