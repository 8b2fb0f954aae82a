"""Local media goes when every copy is verified, and not a moment earlier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from storage.destination import Receipt
from storage.errors import NotFound
from storage.outbox import Outbox
from storage.outbox_retention import Retention, sweep
from tests.storage.outbox_parts import LEASE_S, OWNER, Clock, enqueue, media, opened, to

KEEP = Retention(media_s=100.0, rows_s=1000.0)


@pytest.fixture
def clock() -> Clock:
    """The time, as the test tells it."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox."""
    with opened(tmp_path / "outbox.sqlite", clock) as one:
        yield one


def queued(outbox: Outbox, path: Path, *hosts: str) -> str:
    """A recording with a file of its own, for some hosts."""
    path.write_bytes(b"sound")
    return enqueue(outbox, *map(to, hosts), media=media(path))


def settle(outbox: Outbox, outcome: str = "delivered") -> None:
    """Attempt the next delivery, with this outcome."""
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    if outcome == "delivered":
        outbox.succeeded(job, Receipt("there"))
    else:
        outbox.failed(job, "no", retryable=outcome == "pending")


def test_media_goes_when_all_copies_are_verified_and_its_time_is_over(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    """The last copy counts, and so does the time agreed."""
    file = tmp_path / "a.mp3"
    recording_id = queued(outbox, file, "a.test", "b.test")
    settle(outbox)
    clock.pass_s(200)
    sweep(outbox, KEEP)
    assert file.exists()
    settle(outbox)
    clock.pass_s(99)
    sweep(outbox, KEEP)
    assert file.exists()
    clock.pass_s(1)
    assert sweep(outbox, KEEP) == (1, 0)
    assert not file.exists()
    assert outbox.recording(recording_id).media_deleted_at == clock.now


@pytest.mark.parametrize("outcome", ["pending", "dead", "delivering"])
def test_media_stays_while_any_delivery_is_not_verified(
    outbox: Outbox, clock: Clock, tmp_path: Path, outcome: str
) -> None:
    """Waiting, dead, or under way: for as long as it takes."""
    file = tmp_path / "a.mp3"
    queued(outbox, file, "a.test", "b.test")
    settle(outbox)
    if outcome == "delivering":
        outbox.claim(OWNER, 1e9)
    else:
        settle(outbox, outcome)
    clock.pass_s(1e8)
    assert sweep(outbox, KEEP) == (0, 0)
    assert file.exists()


def test_a_dead_letter_that_is_delivered_after_all_lets_the_media_go(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    """Retried by somebody, verified, then kept as long as any other."""
    file = tmp_path / "a.mp3"
    queued(outbox, file, "a.test")
    settle(outbox, "dead")
    outbox.retry_dead()
    settle(outbox)
    clock.pass_s(100)
    assert sweep(outbox, KEEP) == (1, 0)
    assert not file.exists()


def test_rows_are_forgotten_after_the_media(outbox: Outbox, clock: Clock, tmp_path: Path) -> None:
    """With their deliveries and attempts; those of recordings that wait stay."""
    gone = queued(outbox, tmp_path / "a.mp3", "a.test")
    settle(outbox)
    kept = queued(outbox, tmp_path / "b.mp3", "b.test")
    clock.pass_s(999)
    assert sweep(outbox, KEEP) == (1, 0)
    clock.pass_s(1)
    assert sweep(outbox, KEEP) == (0, 1)
    with pytest.raises(NotFound):
        outbox.recording(gone)
    assert [delivery.recording_id for delivery in outbox.list()] == [kept]
    assert outbox._db.read(lambda db: db.execute("SELECT count(*) FROM attempts").fetchone()[0]) == 0


def test_a_file_that_is_gone_already_is_noted_as_gone(outbox: Outbox, clock: Clock, tmp_path: Path) -> None:
    """As after a crash between deleting and noting it."""
    recording_id = queued(outbox, tmp_path / "a.mp3", "a.test")
    settle(outbox)
    clock.pass_s(100)
    (tmp_path / "a.mp3").unlink()
    sweep(outbox, KEEP)
    assert outbox.recording(recording_id).media_deleted_at is not None


def test_what_cannot_be_deleted_is_said_and_does_not_hold_up_the_rest(
    outbox: Outbox, clock: Clock, tmp_path: Path
) -> None:
    """It stays on the list for the next sweep."""
    stubborn = tmp_path / "a.mp3"
    recording_id = queued(outbox, stubborn, "a.test")
    settle(outbox)
    stubborn.unlink()
    (stubborn / "not empty").mkdir(parents=True)
    clock.pass_s(1)
    queued(outbox, tmp_path / "b.mp3", "a.test")
    settle(outbox)
    clock.pass_s(100)
    with capture_logs() as logs:
        assert sweep(outbox, KEEP) == (1, 0)
    assert [(log["event"], log["recording_id"]) for log in logs] == [("media_not_deleted", recording_id)]
    assert not (tmp_path / "b.mp3").exists()
    assert [one.recording_id for one in outbox.releasable(0.0)] == [recording_id]


def test_many_are_deleted_in_one_sweep(outbox: Outbox, clock: Clock, tmp_path: Path) -> None:
    """More than one page of them."""
    for number in range(230):
        queued(outbox, tmp_path / f"{number}.mp3", "a.test")
        settle(outbox)
    clock.pass_s(2000)
    assert sweep(outbox, KEEP) == (230, 230)
    assert list(tmp_path.glob("*.mp3")) == []
