"""The way of one recording from leg to leg: its files, where its conversation is, and which end is the end.

RECORD_STOP of a file is the end of the recording unless a later file follows, is about to (`is_moving`), or
may yet: its leg hung up, and what became of its partner will be told at once (`conversation.is_undecided`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from recording.conversation import Conversation
from recording.segment import Segment, Trail, number_of
from recording.stop_event import EventData, event_time_us
from recording.timeline import Mark, What


class Close(Enum):
    """What the end of a file means."""

    KNOWN = auto()  # nothing, it was told before
    PART = auto()  # the recording goes on in a later file
    OPEN = auto()  # that is not known yet
    LAST = auto()  # the recording is over


class Journey:
    """Args: segments: so far, at least one; follow: whether it goes on where its conversation does.

    Attributes: is_moving: it is about to go on on another leg; last_stop: the RECORD_STOP that may be its
    last, None while its file is written.
    """

    __slots__ = ("conversation", "is_moving", "last_stop", "trail")

    def __init__(self, segments: Sequence[Segment], *, follow: bool) -> None:
        self.trail = Trail(segments)
        self.conversation = Conversation(self.leg, follow=follow)
        self.is_moving = False
        self.last_stop: EventData | None = None

    @property
    def leg(self) -> str:
        """The channel that is recorded now."""
        return self.trail.current.uuid

    @property
    def is_undecided(self) -> bool:
        """Whether its file was closed, and word is awaited of where it goes on."""
        return self.last_stop is not None and not self.is_moving and self.conversation.is_undecided

    def started(self, event: EventData) -> Mark | None:
        """Take RECORD_START of a further file in; return the mark for it, None for what is no news."""
        number, at_us = number_of(event), event_time_us(event)
        if not self.trail.began(number, at_us):
            return None
        return Mark(at_us, What.STARTED, {"uuid": self.leg, "segment": str(number)})

    def stopped(self, event: EventData) -> Close:
        """Take RECORD_STOP of any of its files in."""
        number = number_of(event)
        if not self.trail.ended(number, event_time_us(event)):
            return Close.KNOWN
        is_last = number == self.trail.current.number
        if self.is_moving or is_last:
            self.last_stop = event
        if self.is_moving or (is_last and self.conversation.is_undecided):
            return Close.OPEN
        return Close.LAST if is_last else Close.PART

    def moved(self) -> bool:
        """It goes on in another file; return whether the one before is still being written."""
        is_closed = self.last_stop is not None
        self.is_moving = False
        self.last_stop = None
        return not is_closed

    def stayed(self) -> None:
        """It could not go on in another file."""
        self.is_moving = False

    def carried(self, uuid: str) -> None:
        """FreeSWITCH itself took its file over to another leg."""
        self.trail.carry(uuid)
        self.is_moving = False

    def closing(self, number: int) -> Mark | None:
        """Return the mark for the end of one of its files, None while that is not known."""
        segment = self.trail.get(number)
        if segment is None or not segment.ended_at_us:
            return None
        return Mark(segment.ended_at_us, What.ENDED, {"uuid": segment.uuid, "segment": str(number)})
