"""The timeline of a recording: what happened to it and to those who talk, in order, by FreeSWITCH's clock.

It stands in the recording's document, so that whoever listens later knows what is missing, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from recording.errors import BadTicket

MAX_MARKS = 400
"""Marks a recording keeps; a call that is put on hold every minute of three hours has no more. The last place
is for the newest."""

MAX_WORD = 160
"""Characters of one detail."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class What(StrEnum):
    """What can happen."""

    STARTED = "started"  # FreeSWITCH writes; uuid, segment
    ENDED = "ended"  # it writes no more; uuid, segment, ended_by
    PAUSED = "paused"  # nothing is written: the file leaves it out
    RESUMED = "resumed"
    MASKED = "masked"  # silence is written; why
    UNMASKED = "unmasked"
    HELD = "held"  # a party was put on hold; uuid
    UNHELD = "unheld"
    BRIDGED = "bridged"  # the leg talks to another; uuid, with, name, number
    UNBRIDGED = "unbridged"
    TRANSFERRED = "transferred"  # the conversation went on elsewhere; from, to, how
    PARKED = "parked"
    GAP = "gap"  # nothing was recorded from here to the next mark; why
    ANNOUNCED = "announced"  # those who talk were told; media
    TRIMMED = "trimmed"  # silence was cut off afterwards; head_ms, tail_ms
    BEEPED = "beeped"  # from here on a beep tells them; every_s


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened. `at_us`: epoch microseconds; `detail`: words by name, see What."""

    at_us: int
    what: What
    detail: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def data(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {"at_us": self.at_us, "what": self.what.value, **self.detail}


class Diary:
    """The marks of one recording while it lives, in the order they came."""

    __slots__ = ("_marks",)

    def __init__(self, marks: Iterable[Mark] = ()) -> None:
        self._marks = list(marks)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return them by their time."""
        return tuple(sorted(self._marks, key=lambda mark: mark.at_us))

    def write(self, mark: Mark) -> None:
        """Add one, with its details cut to what a manifest takes."""
        detail = {name[:MAX_WORD]: word[:MAX_WORD] for name, word in mark.detail.items() if word}
        if len(self._marks) >= MAX_MARKS:
            self._marks.pop()
        self._marks.append(Mark(mark.at_us, mark.what, detail))


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when, epoch microseconds, and why."""

    from_us: int
    to_us: int
    why: str = ""

    @property
    def length_ms(self) -> int:
        """How long."""
        return max(0, self.to_us - self.from_us) // 1000


def stretches(marks: Sequence[Mark], begin: What, end: What, from_us: int, to_us: int) -> tuple[Stretch, ...]:
    """Return what lies between each `begin` and the next `end`, cut to a recording's own time.

    Args: marks: by their time; from_us, to_us: of the recording; a stretch without an end goes on to there.
    """
    found: list[Stretch] = []
    since: Mark | None = None
    for mark in (*marks, Mark(to_us, end)):
        if mark.what is begin and since is None:
            since = mark
        elif mark.what is end and since is not None:
            first, last = max(since.at_us, from_us), min(mark.at_us, to_us)
            if first < last:
                found.append(Stretch(first, last, since.detail.get("why", "")))
            since = None
    return tuple(found)


def gaps(marks: Sequence[Mark], from_us: int, to_us: int) -> tuple[Stretch, ...]:
    """Return when nothing was recorded: from each GAP until its leg takes the other back or is left.

    Args: as of `stretches`.
    """
    found: list[Stretch] = []
    for at, mark in enumerate(marks):
        if mark.what is not What.GAP:
            continue
        leg = mark.detail.get("uuid", "")
        ends = (one.at_us for one in marks[at + 1 :] if _closes_gap(one, leg))
        first, last = max(mark.at_us, from_us), min(next(ends, to_us), to_us)
        if first < last:
            found.append(Stretch(first, last, mark.detail.get("why", "")))
    return tuple(found)


def _closes_gap(mark: Mark, leg: str) -> bool:
    if mark.what is What.UNHELD:
        return mark.detail.get("uuid") == leg
    return mark.what is What.TRANSFERRED and mark.detail.get("from") == leg


def from_data(data: Any) -> tuple[Mark, ...]:
    """Read marks back from a manifest. Raises: BadTicket: anything that a diary could not have made."""
    if not isinstance(data, list) or len(data) > MAX_MARKS:
        raise BadTicket(f"a timeline is a list of up to {MAX_MARKS} marks")
    return tuple(_mark(one) for one in data)


def _mark(data: Any) -> Mark:
    if not isinstance(data, dict) or not all(isinstance(one, str) for one in data):
        raise BadTicket("a mark is a JSON object")
    detail = {name: word for name, word in data.items() if name not in ("at_us", "what")}
    if not all(isinstance(word, str) and len(word) <= MAX_WORD for word in detail.values()):
        raise BadTicket(f"the details of a mark are texts of up to {MAX_WORD} characters")
    at_us = data.get("at_us")
    if not isinstance(at_us, int) or isinstance(at_us, bool) or not 0 <= at_us < 2**62:
        raise BadTicket("a mark tells when it was")
    try:
        return Mark(at_us, What(str(data.get("what"))), detail)
    except ValueError as exc:
        raise BadTicket("a mark of something that cannot happen") from exc
