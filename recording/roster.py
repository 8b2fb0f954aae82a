"""Who is being recorded: every recording this process looks after, by its id and by its channel.

Of a call it keeps the order in which recordings were asked for, since a stop without a name means the newest
(Kazoo's stack of names), and that there were any, since the first one is named differently at a caller's URL.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from calls.call import Call
from recording.ending import Asked
from recording.recording import Recording

REMEMBERED = 10_000
"""Finished recordings whose late events are told from those of recordings nobody knows."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What is remembered of a settled recording: whether it ever began, and what was asked of it."""

    began: bool
    asked: Asked


@dataclass(slots=True)
class _Leg:
    """One channel: its call as long as that is ours, and its recordings, the oldest first."""

    call: Call | None = None
    recordings: list[Recording] = field(default_factory=list)
    unsubscribe: list[Callable[[], None]] = field(default_factory=list)


class Roster:
    """The recordings of this process. Nothing here blocks."""

    def __init__(self) -> None:
        self._legs: dict[str, _Leg] = {}
        self._by_id: dict[str, Recording] = {}
        self._settled: OrderedDict[str, Settled] = OrderedDict()
        self._guards: dict[str, list[str]] = {}
        self._along: dict[str, list[Recording]] = {}
        self._located: dict[str, frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Recording]:
        return iter(tuple(self._by_id.values()))

    def get(self, recording_id: str) -> Recording | None:
        """Return a recording that is not settled."""
        return self._by_id.get(recording_id)

    def of(self, uuid: str) -> tuple[Recording, ...]:
        """Return the recordings of a channel that are not settled, the oldest first."""
        leg = self._legs.get(uuid)
        asked_for = tuple(leg.recordings) if leg else ()
        arrived = [one for one in self.along(uuid) if one.journey.leg == uuid and one not in asked_for]
        return (*asked_for, *arrived) if arrived else asked_for

    def along(self, uuid: str) -> tuple[Recording, ...]:
        """Return the recordings in whose conversation a channel is, as far as is known."""
        return tuple(self._along.get(uuid, ()))

    def relocate(self, recording: Recording) -> None:
        """Note the legs of a recording's conversation as they are now."""
        legs = recording.journey.conversation.legs if recording.id in self._by_id else frozenset()
        known = self._located.get(recording.id, frozenset())
        if legs == known:
            return
        for uuid in known - legs:
            self._along[uuid].remove(recording)
            if not self._along[uuid]:
                del self._along[uuid]
        for uuid in legs - known:
            self._along.setdefault(uuid, []).append(recording)
        if legs:
            self._located[recording.id] = legs
        else:
            del self._located[recording.id]

    def newest(
        self, uuid: str, name: str, applies: Callable[[Recording], bool] = lambda _: True
    ) -> Recording | None:
        """Return the recording of a channel that a command means, None when there is none to obey it.

        Args: applies: whether the command can mean it at all.
        """
        running = (one for one in reversed(self.of(uuid)) if not one.is_over and one.asked is Asked.NOTHING)
        return next((one for one in running if one.answers_to(name) and applies(one)), None)

    def knows_call(self, uuid: str) -> bool:
        """Whether a channel has, or had since it became ours, a recording."""
        return uuid in self._legs

    def call_of(self, uuid: str) -> Call | None:
        """Return the call of a channel, as far as it is ours."""
        leg = self._legs.get(uuid)
        return leg.call if leg else None

    def settled(self, recording_id: str) -> Settled | None:
        """Return what is remembered of a recording that was settled not long ago, None for others."""
        return self._settled.get(recording_id)

    def guards(self, uuid: str) -> list[str]:
        """Return why the recordings of a channel are masked, those that begin meanwhile included."""
        return self._guards.setdefault(uuid, [])

    def unguarded(self, uuid: str) -> None:
        """Forget a channel's list of guards once it is empty."""
        if not self._guards.get(uuid):
            self._guards.pop(uuid, None)

    def add(self, recording: Recording, call: Call | None) -> bool:
        """Take a recording in. Returns: whether its call is new here, and to be listened to (`listens`)."""
        leg = self._legs.setdefault(recording.ticket.uuid, _Leg())
        is_new = call is not None and call is not leg.call
        leg.call = call or leg.call
        leg.recordings.append(recording)
        self._by_id[recording.id] = recording
        self._settled.pop(recording.id, None)
        self.relocate(recording)
        return is_new

    def listens(self, uuid: str, unsubscribe: list[Callable[[], None]]) -> None:
        """Note what ends the subscriptions to a call's events; it is called with the last recording."""
        self._legs[uuid].unsubscribe += unsubscribe

    def remove(self, recording: Recording) -> None:
        """Let a settled recording go."""
        uuid = recording.ticket.uuid
        self._by_id.pop(recording.id, None)
        self.relocate(recording)
        leg = self._legs[uuid]
        leg.recordings.remove(recording)
        if recording.outcome is not None:
            self._settled[recording.id] = Settled(recording.has_started, recording.asked)
            while len(self._settled) > REMEMBERED:
                self._settled.popitem(last=False)
        self._forget_when_done(uuid, leg)

    def call_ended(self, call: Call) -> None:
        """A call is no longer ours; its recordings may go on."""
        leg = self._legs.get(call.uuid)
        if leg is not None and leg.call is call:
            leg.call = None
            self._forget_when_done(call.uuid, leg)

    def _forget_when_done(self, uuid: str, leg: _Leg) -> None:
        if leg.call is not None or leg.recordings:
            return
        for unsubscribe in leg.unsubscribe:
            unsubscribe()
        del self._legs[uuid]
