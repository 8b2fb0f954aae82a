"""The cache: the contract through it, and what it does while the store behind it does not answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from structlog.testing import capture_logs

from storage import cache, cache_fetch
from storage.cache import CachedStore
from storage.cache_entries import Entries
from storage.document import Change
from storage.errors import BadName, Conflict, NotFound, StoreUnavailable
from storage.folder import FolderStore
from storage.open_store import open_store
from tests.storage.contract import StoreContract, eventually
from tests.storage.couch_double import HANG, CouchDouble
from tests.storage.test_folder import FolderPeer

DATABASE = "account/demo"
VIEW = "callflows/listing_by_number"


class CachedPeer(FolderPeer):
    """A folder, each store of it behind a cache of its own."""

    def open(self) -> CachedStore:
        """Another process, as it were."""
        opened = CachedStore(FolderStore(self.root))
        self._opened.append(opened)
        return opened


class TestCachedStore(StoreContract):
    """The contract, through a cache."""

    @pytest.fixture
    def peer(self, tmp_path: Path) -> Iterator[CachedPeer]:
        """A place for documents."""
        root = tmp_path / "documents"
        root.mkdir()
        place = CachedPeer(root)
        yield place
        place.close()


@pytest.fixture
def couch() -> Iterator[CouchDouble]:
    """A server with a callflow."""
    double = CouchDouble()
    double.put(DATABASE, {"_id": "flow", "x": 1})
    double.views[DATABASE, VIEW] = [{"id": "flow", "key": "1", "value": None}]
    yield double
    double.close()


@pytest.fixture
def cached(couch: CouchDouble, monkeypatch: pytest.MonkeyPatch) -> Iterator[CachedStore]:
    """A cache before it, which does not take long to find out whether the server is back."""
    monkeypatch.setattr(cache_fetch, "PROBE_S", 0.05)
    opened = open_store(couch.url)
    yield opened
    opened.close()


def asked(couch: CouchDouble, path_end: str) -> int:
    """How often something was asked for."""
    return couch.count(lambda _, path: path.split("?")[0].endswith(path_end))


def test_a_second_question_costs_nothing(couch: CouchDouble, cached: CachedStore) -> None:
    """Documents, views, and what is not there are asked for once."""
    for _ in range(3):
        assert cached.get(DATABASE, "flow")["x"] == 1
        assert [row.doc_id for row in cached.view(DATABASE, VIEW, key="1")] == ["flow"]
        with pytest.raises(NotFound):
            cached.get(DATABASE, "nobody")
    assert (asked(couch, "/flow"), asked(couch, "/listing_by_number"), asked(couch, "/nobody")) == (1, 1, 1)
    assert cached.health().entries == 3
    assert cached.health().size_bytes > 0


def test_different_questions_are_different(couch: CouchDouble, cached: CachedStore) -> None:
    """A key, a range, with documents or without: each its own answer."""
    cached.view(DATABASE, VIEW, key="1")
    cached.view(DATABASE, VIEW, key=1)
    cached.view(DATABASE, VIEW, start="1")
    cached.view(DATABASE, VIEW, end="1")
    cached.view(DATABASE, VIEW)
    assert asked(couch, "/listing_by_number") == 5


def test_many_at_once_ask_once(couch: CouchDouble, cached: CachedStore) -> None:
    """A thousand calls to one number are one question."""
    greenlets = [gevent.spawn(cached.get, DATABASE, "flow") for _ in range(100)]
    gevent.joinall(greenlets, timeout=5, raise_error=True)
    assert asked(couch, "/flow") == 1


def test_a_change_is_asked_for_anew(couch: CouchDouble, cached: CachedStore) -> None:
    """The feed says which documents are old, and that views may be; others stay."""
    couch.put(DATABASE, {"_id": "other"})
    cached.get(DATABASE, "flow")
    cached.get(DATABASE, "other")
    cached.view(DATABASE, VIEW)
    assert couch.connected.wait(5)
    couch.put(DATABASE, {"_id": "flow", "x": 2})
    eventually(lambda: cached.get(DATABASE, "flow")["x"] == 2)
    cached.view(DATABASE, VIEW)
    cached.get(DATABASE, "other")
    assert (asked(couch, "/flow"), asked(couch, "/listing_by_number"), asked(couch, "/other")) == (2, 2, 1)


def test_a_follower_reads_the_new_state(couch: CouchDouble, cached: CachedStore) -> None:
    """The cache hears of a change before those who follow through it."""
    cached.get(DATABASE, "flow")
    seen: list[int] = []
    cached.follow(DATABASE, lambda change: seen.append(cached._entries.find(DATABASE, ("flow",)).is_stale))
    assert couch.connected.wait(5)
    couch.put(DATABASE, {"_id": "flow", "x": 2})
    eventually(lambda: bool(seen))
    assert seen == [True]
    assert cached.get(DATABASE, "flow")["x"] == 2


def test_a_page_that_takes_too_long_says_nothing_about_the_store(
    couch: CouchDouble, cached: CachedStore
) -> None:
    """A month that the server has to index first keeps no call waiting; one that is down is not asked."""
    cached.get(DATABASE, "flow")
    couch.misbehaviour += [503] * 3
    for ask in (lambda: cached.page(DATABASE, VIEW, limit=5), lambda: cached.count(DATABASE, VIEW)):
        couch.misbehaviour.clear()
        couch.misbehaviour += [503] * 3
        with pytest.raises(StoreUnavailable):
            ask()
        assert cached.health().is_available
    couch.misbehaviour.clear()
    couch.stop()
    eventually(lambda: not _answers(cached))
    eventually(lambda: not cached.health().is_available)
    asked_before = len(couch.requests)
    with pytest.raises(StoreUnavailable):
        cached.page(DATABASE, VIEW, limit=5)
    assert len(couch.requests) == asked_before


def _answers(cached: CachedStore) -> bool:
    try:
        cached.ping()
    except StoreUnavailable:
        return False
    return True


def test_a_store_that_is_down_is_served_from_memory(couch: CouchDouble, cached: CachedStore) -> None:
    """What was asked before goes on, at once; what was not is unavailable, at once; health tells."""
    cached.get(DATABASE, "flow")
    cached.view(DATABASE, VIEW)
    assert couch.connected.wait(5)
    couch.put(DATABASE, {"_id": "flow", "x": 2})
    eventually(lambda: cached._entries.find(DATABASE, ("flow",)).is_stale)
    couch.stop()
    with capture_logs() as logs:
        assert cached.get(DATABASE, "flow")["x"] == 1
        eventually(lambda: not cached.health().is_available)
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["store_unavailable"]
    started = time.monotonic()
    assert cached.get(DATABASE, "flow")["x"] == 1
    assert len(cached.view(DATABASE, VIEW)) == 1
    with pytest.raises(StoreUnavailable):
        cached.get(DATABASE, "never asked for")
    assert time.monotonic() - started < 0.1
    assert cached.health().away_s > 0
    assert "127.0.0.1" in cached.health().reason
    couch.start()
    eventually(lambda: cached.health().is_available and cached.get(DATABASE, "flow")["x"] == 2)
    assert cached.health().reason == ""


def test_a_store_that_is_slow_is_not_waited_for(couch: CouchDouble, cached: CachedStore) -> None:
    """With an old answer at hand, a call waits a moment for the new one and goes on."""
    cached.get(DATABASE, "flow")
    assert couch.connected.wait(5)
    cached._entries.spoil(DATABASE, "flow")
    couch.misbehaviour.append(HANG)
    started = time.monotonic()
    assert cached.get(DATABASE, "flow")["x"] == 1
    assert cache.STALE_PATIENCE_S * 0.9 < time.monotonic() - started < 2


def test_who_has_written_reads_the_new_state(couch: CouchDouble, cached: CachedStore) -> None:
    """From memory, and its views anew."""
    cached.get(DATABASE, "flow")
    cached.view(DATABASE, VIEW)
    saved = cached.save(DATABASE, {"_id": "flow", "x": 2})
    assert cached.get(DATABASE, "flow") == saved
    couch.views[DATABASE, VIEW] = []
    assert cached.view(DATABASE, VIEW) == []


def test_who_has_written_does_not_join_an_older_question(couch: CouchDouble, cached: CachedStore) -> None:
    """A lookup under way may bring what was there before the write, to those who asked before it."""
    cached.get(DATABASE, "flow")
    cached.view(DATABASE, VIEW)
    assert couch.connected.wait(5)
    cached._entries.spoil(DATABASE, "flow")
    asked_before = gevent.spawn(cached.view, DATABASE, VIEW)
    couch.answering.clear()
    eventually(lambda: asked(couch, "/listing_by_number") == 2)
    writing = gevent.spawn(cached.save, DATABASE, {"_id": "flow", "x": 2})
    eventually(lambda: couch.count(lambda method, _: method == "POST") == 1)
    couch.answering.set()
    saved = writing.get(timeout=5)
    couch.views[DATABASE, VIEW] = []
    assert cached.get(DATABASE, "flow") == saved
    assert cached.view(DATABASE, VIEW) == []
    asked_before.join(5)


def test_a_conflict_says_that_the_cached_one_is_old(couch: CouchDouble, cached: CachedStore) -> None:
    """Who reads again after it gets the current one."""
    cached.get(DATABASE, "flow")
    assert couch.connected.wait(5)
    couch.misbehaviour.append(409)
    with pytest.raises(Conflict):
        cached.save(DATABASE, {"_id": "flow", "x": 2})
    cached.get(DATABASE, "flow")
    assert asked(couch, "/flow") == 2


def test_an_answer_grows_old_while_the_feed_is_down(
    couch: CouchDouble, cached: CachedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a feed nobody says when it changes."""
    cached.get(DATABASE, "flow")
    monkeypatch.setattr(cache._Followed, "is_live", False)
    cached.get(DATABASE, "flow")
    assert asked(couch, "/flow") == 1
    assert cached.health().feeds_down == (DATABASE,)
    monkeypatch.setattr(cached, "max_age_s", 0.0)
    cached.get(DATABASE, "flow")
    assert asked(couch, "/flow") == 2


def test_a_change_during_a_question_spoils_its_answer(couch: CouchDouble, cached: CachedStore) -> None:
    """What was read may be from before."""
    cached.get(DATABASE, "flow")
    followed = cached._followed[DATABASE]

    def read_while_it_changes() -> dict[str, object]:
        followed._changed(Change(DATABASE, "flow"))
        return {"_id": "flow", "x": 0}

    cached._fetch(DATABASE, ("flow",), read_while_it_changes)
    assert cached.get(DATABASE, "flow")["x"] == 1


def test_months_are_not_cached(couch: CouchDouble, cached: CachedStore) -> None:
    """No call looks anything up there."""
    couch.put("account/demo-202411", {"_id": "202411-a"})
    cached.get("account/demo-202411", "202411-a")
    cached.get("account/demo-202411", "202411-a")
    assert asked(couch, "/202411-a") == 2
    assert cached.health().entries == 0


def test_the_longest_unused_databases_are_let_go(
    couch: CouchDouble, cached: CachedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feeds are bounded; one that somebody follows, or that is used, stays."""
    monkeypatch.setattr(cache, "MAX_FOLLOWED", 3)
    for name in "abcde":
        couch.put(f"account/{name}", {"_id": "x"})
    cached.follow("account/a", lambda change: None)
    for name in "bcdbe":
        cached.get(f"account/{name}", "x")
    assert list(cached._followed) == ["account/a", "account/b", "account/e"]
    assert cached.health().entries == 2


def test_a_bad_name_leaves_nothing_behind(cached: CachedStore) -> None:
    """It is refused, and not followed."""
    with pytest.raises(BadName):
        cached.get("../etc", "passwd")
    assert list(cached._followed) == []


def test_entries_are_bounded() -> None:
    """By number and by weight; the longest unused go."""
    entries = Entries(max_entries=2, max_bytes=10_000)
    for name in "ab":
        entries.put("db", (name,), {"_id": name})
    entries.find("db", ("a",))
    entries.put("db", ("c",), {"_id": "c"})
    assert [entries.find("db", (name,)) is not None for name in "abc"] == [True, False, True]
    entries.put("db", ("big",), {"_id": "x" * 20_000})
    assert len(entries) == 0
    assert entries.size_bytes == 0


def test_a_lookup_takes_microseconds(cached: CachedStore) -> None:
    """Ten thousand of each within a second, on any machine that could answer calls."""
    cached.get(DATABASE, "flow")
    cached.view(DATABASE, VIEW, key="1", include_docs=False)
    started = time.monotonic()
    for _ in range(10_000):
        cached.get(DATABASE, "flow")
        cached.view(DATABASE, VIEW, key="1", include_docs=False)
    assert time.monotonic() - started < 1
