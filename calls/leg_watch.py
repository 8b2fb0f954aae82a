"""What becomes of legs while they are dialled and after: created, ringing, answered, ended.

Their events come on the connection of the call they are dialled for, which follows each by the uuid we gave
it: so no other connection is needed, and a state is told as soon as FreeSWITCH tells it.

    (none) --CREATE--> CREATED --PROGRESS, PROGRESS_MEDIA--> RINGING --ANSWER--> ANSWERED --HANGUP--> ENDED
    any later state is reached from any earlier one; none is left backwards

Source: FreeSWITCH switch_channel.c (switch_channel_perform_mark_ring_ready_value and its kin).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from calls.call import Call
from calls.cause import HangupCause
from calls.ending import How
from calls.leg import Leg
from esl.event import Event

EVENTS = ("CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA")
"""What is subscribed to for legs besides what calls subscribe to anyway."""

LAST_EVENTS_S = 2.0
"""How long the ends of legs are waited for once they have lost or the call is over: mostly milliseconds."""


class LegState(IntEnum):
    """How far a leg has come."""

    NONE = 0
    CREATED = 1
    RINGING = 2
    ANSWERED = 3
    ENDED = 4


_REACHED = {
    "CHANNEL_CREATE": LegState.CREATED,
    "CHANNEL_PROGRESS": LegState.RINGING,
    "CHANNEL_PROGRESS_MEDIA": LegState.RINGING,
    "CHANNEL_ANSWER": LegState.ANSWERED,
    "CHANNEL_HANGUP": LegState.ENDED,
}


@dataclass(slots=True)
class LegStory:
    """One leg, as it stands.

    Attributes: cause: of its end; answered_at_s, ended_at_s: time.monotonic(), 0 for never.
    """

    leg: Leg
    state: LegState = LegState.NONE
    cause: HangupCause = HangupCause.NONE
    answered_at_s: float = 0.0
    ended_at_s: float = 0.0


OnChange = Callable[[LegStory], None]


class LegWatch:
    """Follows legs; a context.

    Args: on_change: told, in the hub, of each state a leg reaches; must not wait.
    Attributes: stories: by uuid.
    """

    def __init__(self, call: Call, legs: Sequence[Leg], on_change: OnChange | None = None) -> None:
        self._call = call
        self._on_change = on_change
        self.stories = {leg.uuid: LegStory(leg) for leg in legs}
        self._marks = [("Unique-ID", uuid) for uuid in self.stories]

    def __enter__(self) -> LegWatch:
        """Follow them from now on. Raises: CallGone."""
        self._call.follow(self._marks, self._take, EVENTS)
        return self

    def __exit__(self, *_exc: object) -> None:
        """Wait for the ends that are due, then follow them no longer."""
        end = self._call.end
        if end is None or end.how is not How.LINK_LOST:
            self._call.wait_until(self._all_ended, LAST_EVENTS_S)
        self._call.unfollow(self._marks)

    def _all_ended(self) -> bool:
        return all(story.state in (LegState.NONE, LegState.ENDED) for story in self.stories.values())

    def _take(self, event: Event) -> None:
        state = _REACHED.get(event.name)
        story = self.stories.get(event.uuid)
        if state is None or story is None or state <= story.state:
            return
        story.state = state
        if state is LegState.ANSWERED:
            story.answered_at_s = time.monotonic()
        elif state is LegState.ENDED:
            story.ended_at_s = time.monotonic()
            story.cause = HangupCause.of(event.get("Hangup-Cause") or "")
        if self._on_change is not None:
            self._on_change(story)
