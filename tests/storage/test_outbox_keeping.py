"""What links need: media and rows that stay until their time, though every copy is verified."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import outbox_ledger
from storage.destination import Receipt, Target
from storage.disk_guard import DiskGuard, Marks, Place, Room
from storage.outbox import Outbox
from storage.outbox_retention import Retention, release_early, sweep
from tests.storage.outbox_parts import LEASE_S, OWNER, Clock, enqueue, media, opened, to

AT_ONCE = Retention(media_s=0.0, rows_s=10.0)
LOCAL = Target("local", {"database": "d", "doc_id": "x"})


@pytest.fixture
def clock() -> Clock:
    """The time, as the test tells it."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox."""
    with opened(tmp_path / "outbox.sqlite", clock) as one:
        yield one


def delivered(outbox: Outbox, path: Path, *targets: Target, keep_until: float) -> str:
    """A recording with a file of its own that has reached all its targets."""
    path.write_bytes(bytes(1000))
    recording_id = enqueue(outbox, *targets, media=media(path), keep_until=keep_until)
    for _ in targets:
        job = outbox.claim(OWNER, LEASE_S)
        assert job is not None
        outbox.succeeded(job, Receipt("there"))
    return recording_id


def test_media_stays_until_its_time_and_goes_then(outbox: Outbox, clock: Clock, tmp_path: Path) -> None:
    """Delivered long ago or not; what it is known by stays as long."""
    file = tmp_path / "a.wav"
    recording_id = delivered(outbox, file, to("a.test"), keep_until=clock.now + 100)
    clock.pass_s(99)
    assert sweep(outbox, AT_ONCE) == (0, 0)
    assert file.exists()
    assert outbox.recording(recording_id).keep_until == clock.now + 1
    clock.pass_s(1)
    assert sweep(outbox, AT_ONCE) == (1, 1)
    assert not file.exists()


def test_the_longer_of_the_two_times_counts(outbox: Outbox, clock: Clock, tmp_path: Path) -> None:
    """Retention's own still holds for what links need no longer."""
    file = tmp_path / "a.wav"
    delivered(outbox, file, to("a.test"), keep_until=clock.now + 10)
    clock.pass_s(50)
    assert sweep(outbox, Retention(media_s=51.0)) == (0, 0)
    clock.pass_s(1)
    assert sweep(outbox, Retention(media_s=51.0)) == (1, 0)
    assert not file.exists()


def test_what_waits_stays_beyond_its_time(outbox: Outbox, clock: Clock, tmp_path: Path) -> None:
    """A link that has expired lets go of nothing that is not delivered."""
    file = tmp_path / "a.wav"
    file.write_bytes(b"sound")
    enqueue(outbox, media=media(file), keep_until=clock.now + 10)
    clock.pass_s(1e6)
    assert sweep(outbox, AT_ONCE) == (0, 0)
    assert release_early(outbox, 10**9, {"http", "local"}) == (0, 0)
    assert file.exists()


def test_kept_and_free_media_go_in_the_order_they_were_settled(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    """Page by page, none twice and none forgotten."""
    ids = []
    for number in range(7):
        keep_until = clock.now + 3 if number % 2 else 0.0
        ids.append(delivered(outbox, tmp_path / f"{number}", to("a.test"), keep_until=keep_until))
        clock.pass_s(1)
    clock.pass_s(10)
    found, last = [], None
    while page := outbox.releasable(0.0, after=last, limit=2):
        found += [one.recording_id for one in page]
        last = page[-1]
    assert found == ids


@pytest.mark.parametrize(("share", "goes"), [(0.08, False), (0.01, True)])
def test_only_a_critical_disk_takes_what_links_need_and_only_what_can_be_read_back(
    outbox: Outbox, clock: Clock, tmp_path: Path, *, share: float, goes: bool
) -> None:
    """A copy behind an HTTP PUT cannot, whatever document tells of it; one in the document store can."""
    until = clock.now + 1000
    sent = delivered(outbox, tmp_path / "sent", to("a.test"), keep_until=until)
    stored = delivered(outbox, tmp_path / "stored", LOCAL, keep_until=until)
    both = delivered(outbox, tmp_path / "both", to("a.test"), LOCAL, keep_until=until)
    free = delivered(outbox, tmp_path / "free", to("a.test"), keep_until=0.0)
    handled = Target("local", {**LOCAL.parameters, "media": to("a.test").parameters | {"kind": "http"}})
    kept = Target("local", {**handled.parameters, "keeps_copy": True})
    noted = delivered(outbox, tmp_path / "noted", handled, keep_until=until)
    copied = delivered(outbox, tmp_path / "copied", kept, keep_until=until)
    assert (handled.holder(), kept.holder(), LOCAL.holder()) == ("http", "local", "local")
    guard = DiskGuard(
        outbox,
        [Place("recordings", tmp_path)],
        Marks(0.10, 0.03),
        room_of=lambda _place: Room(int(share * 10**9), 10**9),
        readable_kinds={"local"},
    )
    guard.check()
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("outbox")}
    assert left == {"sent", "noted"} | (set() if goes else {"stored", "both", "copied"})
    assert outbox.recording(free).media_deleted_at is not None
    clock.pass_s(100)
    outbox.purge(10.0)
    remembered = {one.recording_id for one in outbox.recordings()}
    assert remembered == {sent, stored, both, noted, copied}  # links read them back


def test_no_more_of_it_goes_than_is_needed_the_soonest_to_expire_first(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    """In pages of the outbox's making."""
    late = delivered(outbox, tmp_path / "late", LOCAL, keep_until=clock.now + 500)
    soon = delivered(outbox, tmp_path / "soon", LOCAL, keep_until=clock.now + 100)
    assert release_early(outbox, 1000, {"local"}) == (1, 1000)
    assert not (tmp_path / "soon").exists()
    assert [one.recording_id for one in outbox.readable_elsewhere({"local"}, limit=1)] == [late]
    assert outbox.recording(soon).keep_until == clock.now + 100


@pytest.mark.parametrize("keep_until", [math.nan, -1.0, math.inf])
def test_times_that_are_none_do_no_harm(outbox: Outbox, tmp_path: Path, keep_until: float) -> None:
    """They keep for no time, or for ever."""
    delivered(outbox, tmp_path / "a", to("a.test"), keep_until=keep_until)
    assert sweep(outbox, AT_ONCE) == ((0, 0) if keep_until > 0 else (1, 0))


def test_the_sweep_reads_no_further_than_it_must(outbox: Outbox) -> None:
    """Months of kept recordings are not walked through: both halves of the question have their own index."""

    def plan(db: sqlite3.Connection) -> str:
        statements: list[str] = []
        db.set_trace_callback(statements.append)
        try:
            outbox_ledger.releasable(db, 1.0, 1.0, None, 100)
        finally:
            db.set_trace_callback(None)
        return " | ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statements[0]}"))

    told = outbox._db.read(plan)
    assert "USING INDEX recordings_settled (settled_at>" in told or "recordings_settled (settled_at<" in told
    assert "USING INDEX recordings_kept (keep_until>? AND keep_until<?)" in told
