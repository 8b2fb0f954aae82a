"""Copies of documents stay current through gaps, slow reads, failures and faulty sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event

from config.mirror import DocumentName, Mirror
from config.source import Document

DEADLINE_S = 5.0


class Owner:
    """Takes what a mirror delivers."""

    def __init__(self) -> None:
        self.documents: dict[DocumentName, Document | None] = {}
        self.broken: dict[DocumentName, str] = {}
        self.delivered = Event()

    def take(self, name: DocumentName, document: Document | None) -> None:
        """Keep a version."""
        self.documents[name] = document
        self.delivered.set()

    def take_broken(self, name: DocumentName, reason: str) -> None:
        """Keep a reason."""
        self.broken[name] = reason


@pytest.fixture
def owner() -> Owner:
    """Whoever wants the documents."""
    return Owner()


@pytest.fixture
def mirror(source: Any, owner: Owner) -> Iterator[Mirror]:
    """A running mirror of the store."""
    made = Mirror(source, owner.take, owner.take_broken, retry_pauses_s=(0.01, 0.02))
    made.start()
    yield made
    made.stop()


def test_a_wanted_document_is_read_and_read_again_when_it_changes(
    source: Any, owner: Owner, mirror: Mirror
) -> None:
    """The owner gets each version, and None when it is gone."""
    source.put("db", "a", {"v": 1})
    name = mirror.want("db", "a")
    assert mirror.wait(name, DEADLINE_S)
    assert owner.documents[name] == {"v": 1}
    source.put("db", "a", {"v": 2})
    assert mirror.settle(DEADLINE_S)
    assert owner.documents[name] == {"v": 2}
    source.put("db", "a", None)
    assert mirror.settle(DEADLINE_S)
    assert owner.documents[name] is None


def test_only_what_is_wanted_is_read_and_only_when_it_changed(source: Any, mirror: Mirror) -> None:
    """Other documents of a followed database cost nothing."""
    mirror.want("db", "a")
    mirror.want("db", "a")
    mirror.want("db", "b")
    assert mirror.settle(DEADLINE_S)
    source.put("db", "a", {})
    source.put("db", "c", {})
    assert mirror.settle(DEADLINE_S)
    assert source.reads == {("db", "a"): 2, ("db", "b"): 1}
    assert len(source.followers["db"]) == 1


def test_a_gap_in_the_feed_reads_everything_again(source: Any, owner: Owner, mirror: Mirror) -> None:
    """What changed unseen is seen after the gap."""
    names = [mirror.want("db", "a"), mirror.want("db", "b")]
    assert mirror.settle(DEADLINE_S)
    source.documents["db", "a"] = {"v": 1}
    source.documents["db", "b"] = {"v": 2}
    source.tell("db", "")
    assert mirror.settle(DEADLINE_S)
    assert [owner.documents[name] for name in names] == [{"v": 1}, {"v": 2}]


def test_a_database_is_followed_before_it_is_read(source: Any, owner: Owner, mirror: Mirror) -> None:
    """A change during the very first read is not lost."""
    source.put("db", "a", {"v": 1})
    source.gate.clear()
    name = mirror.want("db", "a")
    assert source.entered.wait(DEADLINE_S)
    source.put("db", "a", {"v": 2})
    source.gate.set()
    assert mirror.settle(DEADLINE_S)
    assert owner.documents[name] == {"v": 2}


def test_a_slow_document_does_not_hold_up_the_others(source: Any, owner: Owner, mirror: Mirror) -> None:
    """Several are read at once."""
    source.gate.clear()
    mirror.want("db", "slow")
    assert source.entered.wait(DEADLINE_S)
    held, source.gate = source.gate, Event()
    source.gate.set()
    fast = mirror.want("db", "fast")
    assert mirror.wait(fast, DEADLINE_S)
    held.set()
    assert mirror.settle(DEADLINE_S)


def test_a_store_that_is_away_is_asked_again_until_it_answers(
    source: Any, owner: Owner, mirror: Mirror, logged: list[Any]
) -> None:
    """Nobody waits for it meanwhile, and it is told once that it is away and once that it is back."""
    source.is_down = True
    names = [mirror.want("db", "a"), mirror.want("db", "b")]
    assert not mirror.wait(names[0], DEADLINE_S)
    assert mirror.failures() == dict.fromkeys(names, "connection refused")
    assert not mirror.wait(mirror.want("db", "later"), DEADLINE_S)
    source.put("db", "a", {"v": 1})
    source.is_down = False
    assert owner.delivered.wait(DEADLINE_S)
    assert mirror.settle(DEADLINE_S)
    assert owner.documents[names[0]] == {"v": 1}
    assert mirror.failures() == {}
    events = [entry["event"] for entry in logged]
    assert events == ["config_source_unavailable", "config_source_available"]


def test_a_read_that_fails_keeps_the_copy_and_is_repeated(source: Any, owner: Owner, mirror: Mirror) -> None:
    """A store that goes away later costs nothing that was read before."""
    source.put("db", "a", {"v": 1})
    name = mirror.want("db", "a")
    assert mirror.wait(name, DEADLINE_S)
    source.is_down = True
    source.put("db", "a", {"v": 2})
    assert mirror.settle(DEADLINE_S)
    assert owner.documents[name] == {"v": 1}
    assert name in mirror.failures()
    assert mirror.wait(name, DEADLINE_S)
    owner.delivered.clear()
    source.is_down = False
    assert owner.delivered.wait(DEADLINE_S)
    assert owner.documents[name] == {"v": 2}


def test_a_broken_document_is_an_answer(source: Any, owner: Owner, mirror: Mirror) -> None:
    """It is told once and not read again until it changes."""
    source.broken.add(("db", "a"))
    name = mirror.want("db", "a")
    assert mirror.wait(name, DEADLINE_S)
    assert owner.broken == {name: "is no JSON (line 3)"}
    assert source.reads["db", "a"] == 1
    assert mirror.failures() == {}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_source_that_raises_what_it_must_not_stops_nothing(
    source: Any, owner: Owner, mirror: Mirror, logged: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other documents are still followed, and the document itself is tried again."""
    monkeypatch.setattr("config.mirror.RESPAWN_PAUSE_S", 0.01)
    monkeypatch.setattr(gevent.get_hub(), "handle_error", lambda *_: None)
    source.raising["db", "a"] = RuntimeError("a slip of the adapter")
    name = mirror.want("db", "a")
    assert not mirror.wait(name, DEADLINE_S)
    assert mirror.failures()[name] == "reading it failed"
    other = mirror.want("db", "b")
    assert mirror.wait(other, DEADLINE_S)
    source.raising.clear()
    owner.delivered.clear()
    assert owner.delivered.wait(DEADLINE_S)
    assert name in owner.documents
    assert "config_reader_failed" in [entry["event"] for entry in logged]


def test_what_is_forgotten_is_followed_no_longer(source: Any, owner: Owner, mirror: Mirror) -> None:
    """Its feed ends, and a read under way is delivered to nobody."""
    source.put("db", "a", {"v": 1})
    source.gate.clear()
    name = mirror.want("db", "a")
    assert source.entered.wait(DEADLINE_S)
    mirror.forget("db")
    source.gate.set()
    assert source.left.wait(DEADLINE_S)
    with gevent.Timeout(DEADLINE_S):
        while source.followers["db"]:
            gevent.idle()
    assert mirror.settle(DEADLINE_S)
    assert not mirror.wait(name, 0)
    assert owner.documents == {}
    assert source.followers["db"] == []


def test_a_feed_that_begins_too_late_is_ended(
    source: Any, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was forgotten while its feed was beginning is not followed."""
    begun, may_go_on, ended = Event(), Event(), Event()

    def follow(_database: str, _on_change: Any) -> Any:
        begun.set()
        assert may_go_on.wait(DEADLINE_S)
        return ended.set

    monkeypatch.setattr(source, "follow", follow)
    mirror.want("db", "a")
    assert begun.wait(DEADLINE_S)
    mirror.forget("db")
    may_go_on.set()
    assert ended.wait(DEADLINE_S)
    assert source.reads == {}


def test_a_database_forgotten_at_once_is_never_followed(source: Any, mirror: Mirror) -> None:
    """Nor is it read, and another one is, as ever."""
    mirror.want("db", "a")
    mirror.forget("db")
    assert mirror.wait(mirror.want("other", "b"), DEADLINE_S)
    assert "db" not in source.followers
    assert source.reads == {("other", "b"): 1}


def test_one_document_can_be_forgotten_by_itself(source: Any, mirror: Mirror) -> None:
    """The feed of its database goes on for the others."""
    mirror.want("db", "a")
    mirror.want("db", "b")
    assert mirror.settle(DEADLINE_S)
    mirror.forget("db", "a")
    source.tell("db", "")
    assert mirror.settle(DEADLINE_S)
    assert source.reads == {("db", "a"): 1, ("db", "b"): 2}


def test_after_stop_nothing_is_read_or_followed(source: Any, owner: Owner) -> None:
    """Feeds end, and a document under way is dropped."""
    mirror = Mirror(source, owner.take, owner.take_broken)
    mirror.start()
    mirror.want("db", "a")
    assert mirror.settle(DEADLINE_S)
    mirror.stop()
    assert source.followers["db"] == []
    assert not mirror.wait(mirror.want("db", "b"), DEADLINE_S)
