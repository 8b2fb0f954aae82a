"""Watches the room on the disks of recordings and outbox, makes some where it may, and raises the alarm.

| level | when | what is done |
|---|---|---|
| room | | retention alone deletes |
| low | less free than the low mark | a warning; media verified everywhere goes early, the oldest first |
| critical | less free than the critical mark | the same, and an alarm, again every ten minutes |

At the critical level, what is kept only for the links to it goes too, if a copy of it can be read back.

New recordings are begun at any level, and calls are not touched. Room may come back at any moment, since
deliveries under way release media; FreeSWITCH itself ends a recording whose disk is full, and what it wrote
until then is kept; and a recording refused in advance is lost for certain. What is not verified at every
destination is never deleted, however little room there is.

A level is left only when a tenth more than its mark is free, so that it does not come and go with every call.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import gevent
import structlog

from storage.errors import StoreError
from storage.media import off_hub
from storage.outbox import Outbox
from storage.outbox_retention import release_early

INTERVAL_S = 15.0
"""Between two looks: a thousand recordings of 16 kHz stereo write 1 GB in that time."""

REMIND_S = 600.0
"""Between two alarms while the disk stays critical."""

_LEAVE = 1.1

_log = structlog.get_logger(__name__)


class Level(StrEnum):
    """See the table at the top."""

    ROOM = "room"
    LOW = "low"
    CRITICAL = "critical"


ORDER = (Level.ROOM, Level.LOW, Level.CRITICAL)


@dataclass(frozen=True, slots=True)
class Marks:
    """Shares of the whole, 0 to 1, below which a level begins; 0: it never does."""

    low: float = 0.10
    critical: float = 0.03


@dataclass(frozen=True, slots=True)
class Place:
    """A directory to watch. `quota_bytes`: what the files below it may take, 0: all there is."""

    name: str
    directory: Path
    quota_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What there is on a disk, for whoever is not root.

    Attributes: free_nodes: the share of files that can still be made, 1.0 where there is no limit; device:
    tells whether two places are on one disk.
    """

    free_bytes: int
    total_bytes: int
    free_nodes: float = 1.0
    device: int = 0

    @property
    def share(self) -> float:
        """The scarcer of bytes and files, as the free share of the whole."""
        return min(self.free_bytes / max(1, self.total_bytes), self.free_nodes)


@dataclass(frozen=True, slots=True)
class PlaceState:
    """One place as it was found last; `failed` says why it could not be looked at, "" when it could."""

    place: Place
    level: Level
    room: Room | None
    failed: str = ""


class DiskGuard:
    """Looks every `interval_s` seconds, from `start` to `stop`, in a greenlet of its own.

    Args: places: the first is where media lie; room_of: measures one, called in a thread; readable_kinds: of
    the destinations whose copies can be read back (storage.destination.Readable).
    """

    def __init__(
        self,
        outbox: Outbox,
        places: Sequence[Place],
        marks: Marks,
        *,
        interval_s: float = INTERVAL_S,
        room_of: Callable[[Place], Room] | None = None,
        readable_kinds: Collection[str] = (),
    ) -> None:
        self._outbox = outbox
        self._marks = marks
        self._interval_s = interval_s
        self._room_of = room_of or measured
        self._readable_kinds = frozenset(readable_kinds)
        self._states = {place.name: PlaceState(place, Level.ROOM, None) for place in places}
        self._media = places[0].name
        self._alarmed_at: dict[str, float] = {}
        self._rounds: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._rounds is None:
            self._rounds = gevent.spawn(self._go_round)

    def stop(self) -> None:
        """Look no more."""
        if self._rounds is not None:
            self._rounds.kill()
            self._rounds = None

    def states(self) -> Mapping[str, PlaceState]:
        """Return every place as it was found last, by name."""
        return self._states

    def check(self) -> None:
        """Look once, and do what the levels ask for; blocks the calling greenlet."""
        for state in list(self._states.values()):
            self._look(state)
        media = self._states[self._media]
        scarce = [
            state
            for state in self._states.values()
            if state.level is not Level.ROOM and _shares(state, media)
        ]
        needed = max((missing_bytes(state.room, self._marks) for state in scarce if state.room), default=0)
        if needed:
            is_critical = any(state.level is Level.CRITICAL for state in scarce)
            self._release(needed, self._readable_kinds if is_critical else frozenset())

    def _look(self, before: PlaceState) -> None:
        place = before.place
        try:
            room = off_hub(partial(self._room_of, place), str(place.directory))
        except StoreError as exc:
            if before.failed != str(exc):
                _log.warning("disk_not_measured", place=place.name, reason=str(exc), next="tried again")
            self._states[place.name] = PlaceState(place, before.level, None, str(exc))
            return
        after = PlaceState(place, level_of(room.share, self._marks, before.level), room)
        self._states[place.name] = after
        self._tell(before, after, room)

    def _tell(self, before: PlaceState, after: PlaceState, room: Room) -> None:
        name = after.place.name
        facts = {
            "place": name,
            "directory": str(after.place.directory),
            "free_mb": room.free_bytes // 1_000_000,
            "free_percent": round(100 * room.share, 1),
        }
        if after.level is Level.CRITICAL:
            if time.monotonic() - self._alarmed_at.get(name, float("-inf")) >= REMIND_S:
                self._alarmed_at[name] = time.monotonic()
                _log.error("disk_critical", next="recordings are still tried; make room", **facts)
            return
        self._alarmed_at.pop(name, None)
        if after.level is before.level:
            return
        if after.level is Level.LOW:
            _log.warning("disk_low", next="what is verified everywhere is deleted early", **facts)
        else:
            _log.info("disk_has_room", **facts)

    def _release(self, needed_bytes: int, readable_kinds: Collection[str]) -> None:
        try:
            deleted, freed_bytes = release_early(self._outbox, needed_bytes, readable_kinds)
        except StoreError as exc:
            _log.warning("media_not_released", reason=str(exc), next="tried again")
            return
        if deleted:
            _log.warning("media_released_early", files=deleted, freed_mb=freed_bytes // 1_000_000)

    def _go_round(self) -> None:
        while True:
            self.check()
            gevent.sleep(self._interval_s)


def level_of(share: float, marks: Marks, before: Level = Level.ROOM) -> Level:
    """Return the level for a free share of the disk. Args: before: the level so far, which is left late."""

    def below(mark: float, level: Level) -> bool:
        return share < mark * (_LEAVE if ORDER.index(before) >= ORDER.index(level) else 1.0)

    if below(marks.critical, Level.CRITICAL):
        return Level.CRITICAL
    return Level.LOW if below(marks.low, Level.LOW) else Level.ROOM


def missing_bytes(room: Room, marks: Marks) -> int:
    """Return what is to be deleted until LOW is left; where it is files that lack, one byte for one file."""
    wanted = max(marks.low, marks.critical) * _LEAVE
    lacking = int(wanted * room.total_bytes) - room.free_bytes + 1
    return max(lacking, 1 if room.free_nodes < wanted else 0)


def measured(place: Place) -> Room:
    """Measure one place as it is. Raises: OSError."""
    directory = place.directory
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent  # made at the first recording; its disk is there already
    found = os.statvfs(directory)
    room = Room(
        free_bytes=found.f_bavail * found.f_frsize,
        total_bytes=found.f_blocks * found.f_frsize,
        free_nodes=found.f_favail / found.f_files if found.f_files else 1.0,
        device=directory.stat().st_dev,
    )
    if not place.quota_bytes:
        return room
    left = max(0, place.quota_bytes - taken_bytes(place.directory))
    if left / place.quota_bytes >= room.free_bytes / max(1, room.total_bytes):
        return room
    return Room(left, place.quota_bytes, room.free_nodes, room.device)


def taken_bytes(directory: Path) -> int:
    """Return the bytes of all files below a directory; those that vanish meanwhile count nothing."""
    taken = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with suppress(OSError):
                taken += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - many
    return taken


def _shares(state: PlaceState, media: PlaceState) -> bool:
    """Whether deleting media makes room at a place."""
    return state.room is not None and media.room is not None and state.room.device == media.room.device
