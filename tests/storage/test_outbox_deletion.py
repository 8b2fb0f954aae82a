"""Recordings leave the outbox at somebody's wish, and leave behind that they did."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import outbox_schema
from storage.destination import Receipt, Target
from storage.errors import NotFound
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from storage.register_row import Expected, Fate, Settled, Wanted
from tests.storage.outbox_parts import LEASE_S, OWNER, Clock, enqueue, opened

LOCAL = Target("local", {"database": "account/acc-202611"})
URL = Target("http", {"url": "http://a.test/in"})


@pytest.fixture
def clock() -> Clock:
    """The time, as the test tells it."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox."""
    with opened(tmp_path / "outbox.sqlite", clock) as one:
        yield one


def expected(outbox: Outbox, recording_id: str) -> Expected:
    """Who a recording is."""
    entry = outbox.register.get(recording_id)
    assert entry is not None
    return entry.row.expected


def deliver(outbox: Outbox) -> None:
    """Settle the next delivery."""
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    outbox.succeeded(job, Receipt("there"))


def listed(outbox: Outbox, account_id: str = "acc") -> list[str]:
    """Ids of what is listed from the register."""
    return [one.recording_id for one in outbox.register.listed(account_id, 0, 2e9, 1000)]


def test_what_is_held_back_is_not_attempted(outbox: Outbox) -> None:
    """It waits as a dead letter that says why, until somebody retries it."""
    recording_id = enqueue(outbox, URL)
    assert outbox.hold_back(recording_id, "it is being deleted")
    (delivery,) = outbox.list(recording_id=recording_id)
    assert (delivery.state, delivery.last_error) == (DeliveryState.DEAD, "it is being deleted")
    assert outbox.claim(OWNER, LEASE_S) is None


def test_what_is_under_way_is_not_touched(outbox: Outbox, clock: Clock) -> None:
    """Neither held back nor forgotten, until its lease ends."""
    recording_id = enqueue(outbox, URL, LOCAL)
    assert outbox.claim(OWNER, LEASE_S)
    who = expected(outbox, recording_id)
    assert not outbox.hold_back(recording_id, "x")
    assert not outbox.bury(who, "token")
    assert not outbox.forget_transcript(recording_id)
    assert outbox.register.get(recording_id).row.fate is Fate.HANDED_OVER  # type: ignore[union-attr]
    clock.pass_s(LEASE_S)
    assert outbox.hold_back(recording_id, "x")
    assert outbox.bury(who, "token")


def test_what_is_buried_is_known_as_deleted_alone(outbox: Outbox, clock: Clock) -> None:
    """By whom and when; a second time nothing changes, and late news bring nothing back."""
    recording_id = enqueue(outbox, URL)
    who = expected(outbox, recording_id)
    assert outbox.bury(who, "token a")
    deleted_at = clock.now
    clock.pass_s(60)
    assert outbox.bury(who, "token b")
    outbox.register.write([Settled(who, Fate.KEPT, path="/r/a.wav")])
    entry = outbox.register.get(recording_id)
    assert entry is not None
    assert (entry.row.fate, entry.row.deleted_at, entry.row.deleted_by) == (
        Fate.DELETED,
        deleted_at,
        "token a",
    )
    assert (entry.stored, entry.deliveries, listed(outbox)) == (None, (), [])
    with pytest.raises(NotFound):
        outbox.recording(recording_id)
    assert not list(outbox.register.entries(Wanted(is_open=True)))


def test_what_this_host_never_knew_is_buried_too(outbox: Outbox) -> None:
    """Of another engine's recording it is noted all the same that it was deleted."""
    assert outbox.bury(Expected("a" * 32, 5.0, account_id="acc"), "token")
    assert outbox.register.get("a" * 32).row.fate is Fate.DELETED  # type: ignore[union-attr]


def test_tombstones_go_with_the_register(outbox: Outbox, clock: Clock) -> None:
    """They are kept as long as gaps are."""
    outbox.bury(Expected("a" * 32, clock.now), "token")
    clock.pass_s(100)
    outbox.purge(0, register_s=200)
    assert outbox.register.get("a" * 32) is not None
    clock.pass_s(200)
    outbox.purge(0, register_s=200)
    assert outbox.register.get("a" * 32) is None


def test_a_transcript_is_forgotten(outbox: Outbox) -> None:
    """The rest of the document stays as it was."""
    metadata = {"_id": "202611-a", "callflows": {"transcript": {"text": "secret"}, "verdict": "ok"}, "x": 1}
    recording_id = enqueue(outbox, LOCAL, metadata=metadata)
    assert outbox.forget_transcript(recording_id)
    assert outbox.recording(recording_id).metadata == {
        **metadata,
        "callflows": {"transcript": None, "verdict": "ok"},
    }
    assert outbox.forget_transcript("b" * 32)


def test_listed_is_what_no_document_tells_of(outbox: Outbox, clock: Clock) -> None:
    """Until it is in this system's store; what went elsewhere, or stays here, for good."""
    ours = enqueue(outbox, LOCAL)
    clock.pass_s(1)
    elsewhere = enqueue(outbox, URL)
    clock.pass_s(1)
    outbox.register.write([Settled(Expected("k" * 32, 5.0, account_id="acc"), Fate.KEPT)])
    outbox.register.write([Settled(Expected("d" * 32, 5.0, account_id="acc"), Fate.DISCARDED)])
    outbox.register.write([Expected("r" * 32, 5.0, account_id="acc")])
    enqueue(outbox, URL, account_id="other")
    assert listed(outbox) == ["k" * 32, elsewhere, ours]
    while job := outbox.claim(OWNER, LEASE_S):
        outbox.succeeded(job, Receipt("there"))
    assert listed(outbox) == ["k" * 32, elsewhere]
    outbox.register.write([Settled(expected(outbox, ours), Fate.KEPT)])  # the recorder's own, later word
    assert listed(outbox) == ["k" * 32, elsewhere]


@settings(max_examples=20, deadline=None)
@given(ages=st.lists(st.integers(0, 50), max_size=12), since=st.integers(0, 50), until=st.integers(0, 50))
def test_listed_in_order_and_within_bounds(
    tmp_path_factory: pytest.TempPathFactory, ages: list[int], since: int, until: int
) -> None:
    """The newest first, both bounds included, page by page as at once."""
    clock = Clock(1_000.0)
    with opened(tmp_path_factory.mktemp("o") / "outbox.sqlite", clock) as outbox:
        for at in ages:
            clock.now = 1_000.0 + at
            enqueue(outbox, URL)
        found = outbox.register.listed("acc", 1_000 + since, 1_000 + until, 1000)
        assert [one.created_at - 1_000 for one in found] == sorted(
            (at for at in ages if since <= at <= until), reverse=True
        )
        assert len({one.recording_id for one in found}) == len(found)
        assert found[:3] == list(outbox.register.listed("acc", 1_000 + since, 1_000 + until, 3))


def test_a_file_of_the_release_before_is_brought_up(tmp_path: Path) -> None:
    """What it has elsewhere, or still to deliver, is listed; what is in the store is not."""
    path = tmp_path / "outbox.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    outbox_schema.migrate(db, outbox_schema.MIGRATIONS[:-1])
    for number, (fate, kind, state) in enumerate(
        [("handed_over", "local", "delivered"), ("handed_over", "local", "pending"), ("kept", "", "")]
    ):
        recording_id = f"{number:032x}"
        db.execute(
            "INSERT INTO register (recording_id, document_id, call_id, account_id, requested_at, noted_at,"
            " fate, settled_at) VALUES (?, 'd', 'c', 'acc', 1, 1, ?, 1)",
            (recording_id, fate),
        )
        if kind:
            db.execute(
                "INSERT INTO recordings (recording_id, document_id, account_id, path, content_type,"
                " size_bytes, sha256, name, metadata, created_at)"
                " VALUES (?, 'd', 'acc', 'p', 't', 1, '', 'n', ?, 1)",
                (recording_id, json.dumps({})),
            )
            db.execute(
                "INSERT INTO deliveries (recording_id, position, kind, parameters, health_key, state,"
                " created_at, trying_since, next_attempt_at) VALUES (?, 0, ?, '{}', 'k', ?, 1, 1, 1)",
                (recording_id, kind, state),
            )
    db.close()
    with opened(path) as outbox:
        assert listed(outbox) == [f"{2:032x}", f"{1:032x}"]
