"""Posting without waiting: order, bursts, a disk that refuses, bounds, the end of the process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import gevent
import pytest
from structlog.testing import capture_logs

from storage.errors import BadNotice, StoreUnavailable
from storage.notice import NewNotice, WrittenNotice
from storage.notice_poster import NoticePoster
from storage.outbox import Outbox
from tests.waiting import eventually

HOOK = "https://hooks.test/"


class Disk:
    """Writes notices down while it is well."""

    def __init__(self) -> None:
        self.is_well = True
        self.batches: list[list[int]] = []

    def post_all(self, notices: Sequence[WrittenNotice]) -> Sequence[bool]:
        """Take them all or none."""
        if not self.is_well:
            raise StoreUnavailable("no room")
        self.batches.append([json.loads(one.body)["n"] for one in notices])
        return [True] * len(notices)

    @property
    def written(self) -> list[int]:
        """What was written, in order."""
        return [number for batch in self.batches for number in batch]


@pytest.fixture
def disk() -> Disk:
    """One that is well."""
    return Disk()


@pytest.fixture
def poster(disk: Disk) -> Iterator[NoticePoster]:
    """A poster with room for ten, which tries again quickly."""
    one = NoticePoster(disk, max_waiting=10, retry_first_s=0.01)
    yield one
    one.close(0.0)


def test_a_burst_is_written_in_order_and_together(disk: Disk, poster: NoticePoster) -> None:
    """Nobody waits for the disk, and the disk is asked once."""
    for number in range(10):
        poster.post(NewNotice("a", HOOK, {"n": number}))
    assert disk.batches == []
    eventually(lambda: poster.stats().written_total == 10)
    assert disk.batches == [list(range(10))]


def test_it_stands_in_the_outbox(tmp_path: Path) -> None:
    """With everything that was said of it; the same id is taken once."""
    outbox = Outbox(tmp_path / "o.sqlite")
    poster = NoticePoster(outbox.notices)
    names = {"account_id": "acc", "failover_url": "https://b.test/", "signer": "ed", "kind": "k"}
    poster.post(NewNotice("a", HOOK, {"n": 1}, notice_id="n1", **names))
    poster.commit(NewNotice("a", HOOK, {"n": 2}, notice_id="n1", **names))
    assert poster.close() == 0
    (notice,) = outbox.notices.list()
    assert (notice.account_id, notice.failover_url, notice.signer, notice.kind) == tuple(names.values())
    assert outbox.notices.show(notice.id).body == {"n": 1}
    outbox.close()


def test_a_disk_that_refuses_is_tried_again(disk: Disk, poster: NoticePoster) -> None:
    """In the same order, with what came meanwhile behind; and it is told as an error."""
    disk.is_well = False
    with capture_logs() as logs:
        for number in range(3):
            poster.post(NewNotice("a", HOOK, {"n": number}))
        eventually(lambda: poster.stats().failures_total >= 2)
        poster.post(NewNotice("a", HOOK, {"n": 3}))
        disk.is_well = True
        eventually(lambda: poster.stats().waiting == 0)
    assert disk.written == [0, 1, 2, 3]
    told = [log for log in logs if log["event"] == "notices_not_written"]
    assert {log["log_level"] for log in told} == {"error"}


@pytest.mark.parametrize("bound", [{"max_waiting": 5}, {"max_waiting_bytes": 35}])
def test_what_waits_is_bounded(disk: Disk, bound: dict[str, int]) -> None:
    """The newest are turned away, each said loudly; those that wait keep their order."""
    disk.is_well = False
    poster = NoticePoster(disk, retry_first_s=0.01, **bound)
    with capture_logs() as logs:
        for number in range(8):
            poster.post(NewNotice("a", HOOK, {"n": number}, kind="k"))
        disk.is_well = True
        eventually(lambda: poster.stats().waiting == 0)
    assert disk.written == [0, 1, 2, 3, 4]
    assert poster.stats().lost_total == 3
    turned_away = [log for log in logs if log["event"] == "notice_not_taken"]
    assert len(turned_away) == 3
    assert poster.close() == 0


def test_what_nobody_could_send_is_told_and_hurts_nobody(disk: Disk, poster: NoticePoster) -> None:
    """Posting never raises; who waits for the disk is told."""
    with capture_logs() as logs:
        poster.post(NewNotice("a", HOOK, {"n": object()}))
    assert logs[0]["event"] == "notice_not_taken"
    with pytest.raises(BadNotice):
        poster.commit(NewNotice("a", "", {"n": 1}))
    poster.commit(NewNotice("a", HOOK, {"n": 1}))
    assert disk.written == [1]


def test_commit_waits_for_the_disk_behind_what_was_posted(disk: Disk, poster: NoticePoster) -> None:
    """However long that takes."""
    disk.is_well = False
    poster.post(NewNotice("a", HOOK, {"n": 0}))
    waiting = gevent.spawn(poster.commit, NewNotice("a", HOOK, {"n": 1}))
    eventually(lambda: poster.stats().failures_total >= 2)
    assert not waiting.ready()
    disk.is_well = True
    waiting.get(timeout=10.0)
    assert disk.written == [0, 1]


def test_closing_writes_what_waits(disk: Disk, poster: NoticePoster) -> None:
    """Nothing posted is lost by an orderly end; afterwards nothing is taken."""
    for number in range(5):
        poster.post(NewNotice("a", HOOK, {"n": number}))
    assert poster.close() == 0
    assert disk.written == [0, 1, 2, 3, 4]
    with pytest.raises(StoreUnavailable):
        poster.commit(NewNotice("a", HOOK, {"n": 5}))


def test_what_cannot_be_written_at_the_end_is_told(disk: Disk, poster: NoticePoster) -> None:
    """And whoever waits for it hears that it is lost."""
    disk.is_well = False
    waiting = gevent.spawn(poster.commit, NewNotice("a", HOOK, {"n": 0}))
    eventually(lambda: poster.stats().failures_total)
    with capture_logs() as logs:
        assert poster.close(0.05) == 1
    with pytest.raises(StoreUnavailable):
        waiting.get(timeout=10.0)
    assert logs[-1]["event"] == "notices_lost"
