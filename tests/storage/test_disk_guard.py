"""Room on disk: levels and their marks, what is released early and what never is, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from storage import disk_guard
from storage.destination import Receipt
from storage.disk_guard import (
    DiskGuard,
    Level,
    Marks,
    Place,
    Room,
    level_of,
    measured,
    missing_bytes,
    taken_bytes,
)
from storage.outbox import Outbox
from tests.storage.outbox_parts import LEASE_S, OWNER, Clock, enqueue, media, opened, to
from tests.waiting import eventually

MARKS = Marks(low=0.10, critical=0.03)
TB = 1_000_000_000_000


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    with opened(tmp_path / "outbox.sqlite") as one:
        yield one


class Disk:
    """Says how much room it was told there is, and loses what is deleted of nothing."""

    def __init__(self, free: float) -> None:
        self.free = free
        self.fault: OSError | None = None
        self.devices: dict[str, int] = {}

    def __call__(self, place: Place) -> Room:
        """Measure."""
        if self.fault is not None:
            raise self.fault
        return Room(int(self.free * TB), TB, device=self.devices.get(place.name, 1))


def guard_of(outbox: Outbox, disk: Disk, *names: str) -> DiskGuard:
    """A guard over places of that disk."""
    places = [Place(name, Path("/r")) for name in names or ("recordings",)]
    return DiskGuard(outbox, places, MARKS, interval_s=3600, room_of=disk)


def recorded(outbox: Outbox, path: Path, *, is_delivered: bool) -> Path:
    """Queue a file, and have it delivered."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(1000))
    enqueue(outbox, to("a.test"), media=media(path))
    if is_delivered:
        job = outbox.claim(OWNER, LEASE_S)
        assert job is not None
        outbox.succeeded(job, Receipt("there"))
    return path


LEVELS = [
    (0.50, Level.ROOM, Level.ROOM),
    (0.10, Level.ROOM, Level.ROOM),
    (0.099, Level.ROOM, Level.LOW),
    (0.03, Level.ROOM, Level.LOW),
    (0.029, Level.ROOM, Level.CRITICAL),
    (0.0, Level.LOW, Level.CRITICAL),
    (0.105, Level.LOW, Level.LOW),
    (0.111, Level.LOW, Level.ROOM),
    (0.032, Level.CRITICAL, Level.CRITICAL),
    (0.034, Level.CRITICAL, Level.LOW),
    (0.105, Level.CRITICAL, Level.LOW),
    (0.5, Level.CRITICAL, Level.ROOM),
]


@pytest.mark.parametrize(("share", "before", "after"), LEVELS)
def test_a_level_is_left_later_than_it_is_entered(share: float, before: Level, after: Level) -> None:
    """By a tenth of its mark."""
    assert level_of(share, MARKS, before) is after


def test_a_mark_of_nothing_is_never_reached() -> None:
    """Not even by a disk that is full."""
    assert level_of(0.0, Marks(0.0, 0.0), Level.CRITICAL) is Level.ROOM


@given(
    total=st.integers(0, 2**50),
    free=st.floats(0, 1),
    nodes=st.floats(0, 1),
    low=st.floats(0, 0.9),
    before=st.sampled_from(Level),
)
def test_deleting_what_is_missing_leaves_every_level(
    total: int, free: float, nodes: float, low: float, before: Level
) -> None:
    """As far as it is bytes that are missing; and nothing is missing where there is room."""
    marks, room = Marks(low, low / 2), Room(int(free * total), total, nodes)
    missing = missing_bytes(room, marks)
    if total and missing > 0:
        after = replace(room, free_bytes=room.free_bytes + missing, free_nodes=1.0)
        assert level_of(after.share, marks, before) is Level.ROOM or missing == 1
    if missing <= 0:
        assert level_of(room.share, marks) is Level.ROOM or total == 0


def test_what_is_verified_goes_early_when_room_is_low(outbox: Outbox, tmp_path: Path) -> None:
    """Whatever time it was to be kept; what is not verified stays for as long as it takes."""
    kept = [recorded(outbox, tmp_path / f"{n}.wav", is_delivered=True) for n in range(3)]
    waiting = recorded(outbox, tmp_path / "waiting.wav", is_delivered=False)
    disk = Disk(0.5)
    guard = guard_of(outbox, disk)
    guard.check()
    assert all(path.exists() for path in kept)
    disk.free = 0.01
    guard.check()
    assert not any(path.exists() for path in kept)
    assert waiting.exists()
    assert guard.states()["recordings"].level is Level.CRITICAL


def test_no_more_goes_than_is_needed_the_oldest_first(tmp_path: Path) -> None:
    """On a directory that may hold ten files and does: three make room enough."""
    clock = Clock()
    directory = tmp_path / "recordings"
    with opened(tmp_path / "outbox.sqlite", clock) as outbox:
        paths = []
        for number in range(10):
            clock.pass_s(1)
            paths.append(recorded(outbox, directory / f"{number}.wav", is_delivered=True))
        guard = DiskGuard(
            outbox,
            [Place("recordings", directory)],
            Marks(low=0.25, critical=0.05),
            room_of=lambda place: Room(10_000 - taken_bytes(place.directory), 10_000),
        )
        guard.check()
        assert guard.states()["recordings"].level is Level.CRITICAL
        left = sorted(path.name for path in paths if path.exists())
        assert left == [f"{n}.wav" for n in range(3, 10)]
        guard.check()
        assert guard.states()["recordings"].level is Level.ROOM


def test_each_change_is_said_once(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning, an alarm, and when there is room again; the alarm is repeated while it lasts."""
    disk = Disk(0.5)
    guard = guard_of(outbox, disk)
    with capture_logs() as logs:
        for free in (0.5, 0.08, 0.07, 0.02, 0.01, 0.07, 0.5, 0.5):
            disk.free = free
            guard.check()
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("disk_low", "warning"),
        ("disk_critical", "error"),
        ("disk_low", "warning"),
        ("disk_has_room", "info"),
    ]
    assert logs[1]["free_percent"] == 2.0
    monkeypatch.setattr(disk_guard, "REMIND_S", 0.0)
    disk.free = 0.01
    with capture_logs() as again:
        guard.check()
        guard.check()
    assert [log["event"] for log in again] == ["disk_critical"] * 2


def test_a_disk_that_cannot_be_measured_is_said_once(outbox: Outbox) -> None:
    """Its level stays what it was, nothing is deleted for it, and it is looked at again."""
    disk = Disk(0.08)
    guard = guard_of(outbox, disk)
    guard.check()
    disk.fault = OSError(5, "Input/output error")
    with capture_logs() as logs:
        guard.check()
        guard.check()
    assert [log["event"] for log in logs] == ["disk_not_measured"]
    state = guard.states()["recordings"]
    assert (state.level, state.room) == (Level.LOW, None)
    assert "Input/output error" in state.failed
    disk.fault, disk.free = None, 0.5
    guard.check()
    assert guard.states()["recordings"].failed == ""


@pytest.mark.parametrize(("device", "goes"), [(1, True), (2, False)])
def test_media_goes_only_where_that_makes_room(
    outbox: Outbox, tmp_path: Path, device: int, goes: bool
) -> None:
    """An outbox on a disk of its own gains nothing by it."""
    path = recorded(outbox, tmp_path / "a.wav", is_delivered=True)
    disk = Disk(0.5)
    disk.devices["outbox"] = device

    def room_of(place: Place) -> Room:
        return replace(disk(place), free_bytes=0) if place.name == "outbox" else disk(place)

    places = [Place("recordings", tmp_path), Place("outbox", tmp_path)]
    guard = DiskGuard(outbox, places, MARKS, room_of=room_of)
    guard.check()
    assert guard.states()["outbox"].level is Level.CRITICAL
    assert path.exists() is not goes


def test_an_outbox_that_is_away_is_no_reason_to_stop(outbox: Outbox) -> None:
    """It is said, and tried again."""
    outbox.close()
    with capture_logs() as logs:
        guard_of(outbox, Disk(0.01)).check()
    assert [log["event"] for log in logs] == ["disk_critical", "media_not_released"]


def test_a_real_disk_is_measured(tmp_path: Path) -> None:
    """Also for a directory that is not made yet."""
    room = measured(Place("recordings", tmp_path / "not" / "yet"))
    assert 0 < room.free_bytes <= room.total_bytes
    assert 0.0 < room.share <= 1.0
    assert room.device == tmp_path.stat().st_dev


def test_a_quota_counts_where_it_is_scarcer(tmp_path: Path) -> None:
    """Files of all days count, and a quota that is overdrawn leaves nothing."""
    (tmp_path / "20261123").mkdir()
    (tmp_path / "20261123" / "a.wav").write_bytes(bytes(300))
    (tmp_path / "b").write_bytes(bytes(100))
    place = Place("recordings", tmp_path, 1000)
    disk = measured(replace(place, quota_bytes=0))
    assert measured(place).share == pytest.approx(min(0.6, disk.share))
    assert measured(replace(place, quota_bytes=200)).free_bytes == 0


def test_files_that_lack_count_like_bytes() -> None:
    """A disk without room for another file is full."""
    room = Room(TB // 2, TB, free_nodes=0.01)
    assert level_of(room.share, MARKS) is Level.CRITICAL
    assert missing_bytes(room, MARKS) == 1


def test_it_looks_by_itself(outbox: Outbox) -> None:
    """From start to stop; stopping twice does no harm."""
    guard = guard_of(outbox, Disk(0.08))
    with capture_logs():
        guard.start()
        eventually(lambda: guard.states()["recordings"].level is Level.LOW)
        guard.stop()
        guard.stop()
