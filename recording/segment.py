"""Segment: what one leg's file holds of a recording that follows its conversation from leg to leg.

A recording is written to one file per leg, all named here and nowhere else. The first is named as if there
were no others; each says in its own variables which it is, so that its end is told from the others'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from esl import quoting
from recording import variables
from recording.errors import BadTicket
from recording.naming import Name
from recording.request import AudioFormat
from recording.stop_event import number
from recording.ticket import Ticket

SEGMENT_VARIABLE = "callflows_segment"
"""Which segment of its recording: 2, 3, ...; the first one does not say."""

MAX_SEGMENTS = 50
"""A call that has left as many legs is a loop between two systems, not a conversation."""

LATEST_US = 2**62

_UUID = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a recording.

    Attributes: uuid: the leg; number: 1 for the first; started_at_us, ended_at_us: of its file, epoch
    microseconds by FreeSWITCH's clock, 0 before it is known.
    Raises: BadTicket: values that no segment has.
    """

    uuid: str
    number: int = 1
    started_at_us: int = 0
    ended_at_us: int = 0

    def __post_init__(self) -> None:
        if not _UUID.match(self.uuid):
            raise BadTicket("a segment whose channel is no FreeSWITCH uuid")
        if not 1 <= self.number <= MAX_SEGMENTS:
            raise BadTicket(f"segments are counted from 1 to {MAX_SEGMENTS}")
        if not 0 <= self.started_at_us < LATEST_US or not 0 <= self.ended_at_us < LATEST_US:
            raise BadTicket("a segment begins and ends at moments")

    def path(self, name: Name, recordings_dir: Path, audio_format: AudioFormat) -> Path:
        """Where FreeSWITCH writes it: the recording's own path, with `-2` and so on for further ones."""
        first = name.media_path(recordings_dir, audio_format)
        return first if self.number == 1 else first.with_name(f"{first.stem}-{self.number}{first.suffix}")

    def data(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "uuid": self.uuid,
            "number": self.number,
            "started_at_us": self.started_at_us,
            "ended_at_us": self.ended_at_us,
        }


def from_data(data: Any) -> tuple[Segment, ...]:
    """Read segments back from a manifest. Raises: BadTicket: anything that Segment.data has not made."""
    if not isinstance(data, list) or len(data) > MAX_SEGMENTS:
        raise BadTicket(f"segments are a list of up to {MAX_SEGMENTS}")
    segments = tuple(_segment(one) for one in data)
    if [one.number for one in segments] != list(range(1, len(segments) + 1)):
        raise BadTicket("segments are counted from 1 on, none missing")
    return segments


def number_of(event: variables.Headers) -> int:
    """Return which segment a RECORD_START or RECORD_STOP is about; 1 for what says nothing usable."""
    found = number(event.get(f"Recording-Variable-{SEGMENT_VARIABLE}"))
    return found if 1 <= found <= MAX_SEGMENTS else 1


def uuid_record_argument(
    ticket: Ticket, segment: Segment, path: Path, limit_s: int | None, software: str = ""
) -> str:
    """Return what follows `uuid_record <uuid> start` for a further segment.

    Args: limit_s: what is left of the recording's time, None for no limit; FreeSWITCH's own limit is behind
    it as that of a first segment is. Raises: BadCommand: a path that FreeSWITCH would cut.
    """
    found = variables.variables(ticket, software)
    found[SEGMENT_VARIABLE] = str(segment.number)
    found["RECORD_ANSWER_REQ"] = "false"
    found["RECORD_MIN_SEC"] = "0"  # the minimum is that of all segments together
    limit = 0 if limit_s is None else max(1, limit_s) + variables.BACKSTOP_S
    return f"{quoting.argument(str(path))} {limit} {quoting.braces(found)}"


def gaps_ms(segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the time between one segment's end and the next one's beginning, for all but the first."""
    return tuple(
        max(0, after.started_at_us - before.ended_at_us) // 1000 if before.ended_at_us else 0
        for before, after in pairwise(segments)
    )


def _segment(data: Any) -> Segment:
    if not isinstance(data, dict):
        raise BadTicket("a segment is a JSON object")
    uuid = data.get("uuid")
    if not isinstance(uuid, str):
        raise BadTicket("a segment tells its channel")
    counts = [data.get(name) for name in ("number", "started_at_us", "ended_at_us")]
    checked = [one for one in counts if isinstance(one, int) and not isinstance(one, bool)]
    if len(checked) != len(counts):
        raise BadTicket("number and moments of a segment are whole numbers")
    return Segment(uuid, *checked)


class Trail:
    """The segments of one recording while it lives, the first one first; always at least one."""

    __slots__ = ("_closed", "_segments")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = list(segments)
        self._closed = {one.number for one in segments[:-1] if one.ended_at_us}

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All of them."""
        return tuple(self._segments)

    @property
    def current(self) -> Segment:
        """The last one, which is being written or about to be."""
        return self._segments[-1]

    def get(self, number: int) -> Segment | None:
        """Return one, None for a number that there is not."""
        return self._segments[number - 1] if 1 <= number <= len(self._segments) else None

    def extend(self, uuid: str) -> Segment:
        """Begin another one on a leg. Raises: BadTicket: there are too many."""
        self._segments.append(Segment(uuid, len(self._segments) + 1))
        return self.current

    def drop(self) -> None:
        """Forget the last one, which never began."""
        if len(self._segments) > 1:
            self._segments.pop()

    def carry(self, uuid: str) -> None:
        """FreeSWITCH itself took the file of the last one over to another leg."""
        self._segments[-1] = replace(self.current, uuid=uuid)

    def began(self, number: int, at_us: int) -> bool:
        """Note when one began; return whether that is news."""
        segment = self.get(number)
        if segment is None or segment.started_at_us:
            return False
        self._segments[number - 1] = replace(segment, started_at_us=at_us)
        return True

    def ended(self, number: int, at_us: int) -> bool:
        """Note that one was closed; return whether that is news."""
        segment = self.get(number)
        if segment is None or number in self._closed:
            return False
        self._closed.add(number)
        self._segments[number - 1] = replace(segment, ended_at_us=segment.ended_at_us or at_us)
        return True

    def hung_up(self, uuid: str, at_us: int) -> None:
        """Note when a leg hung up: nothing is written from then on, whenever FreeSWITCH closes the file."""
        for at, one in enumerate(self._segments):
            if one.uuid == uuid and not one.ended_at_us:
                self._segments[at] = replace(one, ended_at_us=at_us)

    @property
    def are_closed(self) -> bool:
        """Whether every file but the last is complete."""
        return all(one.number in self._closed for one in self._segments[:-1])
