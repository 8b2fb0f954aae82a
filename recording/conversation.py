"""Where a conversation goes on when its legs change: a state machine of facts, without IO.

A recording belongs to one leg, and FreeSWITCH records that leg whoever it is bridged to. So as long as the
recorded leg stays in the conversation there is nothing to do but to write the timeline. What counts is the
moment it leaves.

| the recorded leg R, its partner P | then |
|---|---|
| P hangs up; R is moved (whoever does it, P gone or not); R is parked, retrieved, held | R stays: nothing |
| P consults somebody and comes back, or fails to reach anybody | R stays: nothing |
| they are parted, both live, and R moved P (its variables say so) | R has left: on to P |
| they are parted, both live, and P turns up elsewhere: bridged, parked, moved | R has left: on to P |
| they are parted, both live, nothing else is known, and R hangs up | R has left: on to P |
| R is hung up for a transfer (PICKED_OFF, ...), or having moved P | R has left: on to P |
| R hangs up, and the end of their bridge says that P was moved | R has left: on to P |
| R hangs up while it consults, and another waits for it | R has left: on to the one who waits |
| R hangs up, else | it is over, whether P lives on or not |

Law
1. Events come twice and out of order, from the call's connection and the inbound link: what was heard is
   heard once, and of two facts about one pair the later one by FreeSWITCH's clock counts.
2. A leg that has hung up is never gone on to; after the end nothing follows.
3. A recording that is not to follow ends with the first move of R or P that parts them. Coming back to the
   same partner (a consultation that failed) and being fetched from where it waits are no such moves.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from recording.leg_event import NOBODY, TRANSFER_CAUSES, Kind, LegEvent, Who
from recording.timeline import Mark, What

REMEMBERED = 64
"""Events of one conversation that are known again; a duplicate comes within milliseconds."""

ON_HOLD = "the recorded leg holds"
"""FreeSWITCH does not read from such a leg, so that nothing is written until it takes the other back."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Go on recording on another leg, now. `uuid`: that leg; `at_us`: when the recorded one left."""

    uuid: str
    at_us: int


@dataclass(frozen=True, slots=True)
class End:
    """Stop: the call was transferred, and the recording is not to follow. `at_us`: when."""

    at_us: int


Decision = Mark | Follow | End


class Standing(Enum):
    """How the recorded leg stands to its partner."""

    ALONE = auto()  # nobody there, or gone for good
    TOGETHER = auto()
    APART = auto()  # both live, and nothing tells yet who of them left


class Conversation:
    """The conversation of one recorded leg.

    Args: recorded: the leg recorded now; follow: whether to go on with whoever is left.
    """

    __slots__ = (
        "_doubtful",
        "_elsewhere",
        "_gone",
        "_heard",
        "_held",
        "_holding",
        "_later",
        "_parties",
        "_partner",
        "_signs",
        "_since",
        "_sources",
        "_standing",
        "_talked",
        "_tells",
        "follow",
        "is_over",
        "recorded",
    )

    def __init__(self, recorded: str, *, follow: bool) -> None:
        self.recorded = recorded
        self.follow = follow
        self.is_over = False
        self._partner = ""
        self._held = ""
        self._standing = Standing.ALONE
        self._doubtful = False
        self._talked = False
        self._tells = False
        self._since = (0, 0)
        self._gone: set[str] = set()
        self._elsewhere: set[str] = set()
        self._holding: set[str] = set()
        self._later: LegEvent | None = None
        self._sources: dict[str, str] = {}
        self._signs: dict[str, str] = {}
        self._parties: dict[str, Who] = {}
        self._heard: deque[tuple[Kind, str, tuple[int, int]]] = deque(maxlen=REMEMBERED)

    @property
    def legs(self) -> frozenset[str]:
        """The legs whose events it needs."""
        return frozenset(filter(None, (self.recorded, self._partner, self._held)))

    @property
    def is_undecided(self) -> bool:
        """Whether the recorded leg hung up, and what became of its partner will be told at once."""
        return not self.is_over and self.recorded in self._gone

    def hear(self, event: LegEvent) -> list[Decision]:
        """Take an event in. Returns: what follows from it, in order; nothing for most events."""
        key = (event.kind, event.uuid, event.order)
        is_known = key in self._heard or event.uuid == event.other
        if self.is_over or is_known or not self.legs.intersection(event.legs):
            return []
        self._heard.append(key)
        if event.is_gone:
            self._gone.add(event.uuid)
        return self._handle(event)

    def _handle(self, event: LegEvent) -> list[Decision]:
        handlers = {
            Kind.STARTED: self._started,
            Kind.STOPPED: self._stopped,
            Kind.BRIDGED: self._bridged,
            Kind.UNBRIDGED: self._unbridged,
            Kind.HUNG_UP: self._hung_up,
            Kind.PARKED: self._parked,
            Kind.HELD: self._held_by_phone,
            Kind.UNHELD: self._unheld_by_phone,
        }
        return handlers[event.kind](event)

    # -- what happens to legs ---------------------------------------------------------------------------

    def _started(self, event: LegEvent) -> list[Decision]:
        """What is known of the recorded leg at the beginning is no news later."""
        if event.uuid == self.recorded:
            self._sources.setdefault(event.uuid, event.source)
            self._signs.setdefault(event.uuid, event.sign)
            if event.other and not self._talked:
                self._join(event.other, event, event.party)
        return []

    def _stopped(self, event: LegEvent) -> list[Decision]:
        return self._hung_up(event) if event.is_gone else []

    def _bridged(self, event: LegEvent) -> list[Decision]:
        if self.recorded in event.legs:
            return self._bridged_anew(event)
        if self._partner not in event.legs:
            return []
        if event.held and event.held == self.recorded:  # it asks somebody, and will be back
            return [self._mark(What.HELD, event, uuid=event.uuid, why="consultation")]
        return self._turned_up(self._partner, event)

    def _bridged_anew(self, event: LegEvent) -> list[Decision]:
        """The recorded leg has a partner."""
        if event.order <= self._since:
            return []
        other = event.other if event.uuid == self.recorded else event.uuid
        was_moved = self._is_moved(event) and self._standing is Standing.APART and other != self._partner
        moved = self._moved(self._partner, event) if was_moved else []
        if self.is_over:
            return moved
        self._elsewhere.discard(other)
        self._tells = event.uuid == self.recorded
        self._signs[event.uuid] = event.sign
        self._held = event.held if event.uuid == self.recorded and event.held != other else ""
        party = event.party if other == event.other else self._parties.get(other, NOBODY)
        self._join(other, event, party)
        who = {key: text for key, text in (("name", party.name), ("number", party.number)) if text}
        return [*moved, self._mark(What.BRIDGED, event, uuid=self.recorded, **{"with": other}, **who)]

    def _unbridged(self, event: LegEvent) -> list[Decision]:
        if self.recorded not in event.legs:
            return []
        other = event.other if event.uuid == self.recorded else event.uuid
        if other == self._held:
            self._is_moved(event)  # the bridge it had left for a consultation ends at last
            return []
        if other != self._partner and (self._partner or self._talked):
            return []
        if event.uuid == self.recorded and event.is_gone:
            return self._hung_up(event)
        if event.order <= self._since:
            return []
        self._partner = other
        self._talked = True
        self._since = event.order
        self._doubtful = event.was_hung_up
        self._standing = Standing.ALONE if other in self._gone else Standing.APART
        marks: list[Decision] = [self._mark(What.UNBRIDGED, event, uuid=self.recorded, **{"with": other})]
        marks += self._parted(other, event)
        self.is_over = self.is_over or self.recorded in self._gone
        return marks

    def _parted(self, other: str, event: LegEvent) -> list[Decision]:
        """Tell who of the two left."""
        if event.moved_to in event.legs:
            self._is_moved(event)
            return []  # back to each other after a consultation
        sign, moved = self._is_sign(event), self._is_moved(event)
        teller_is_recorded = event.uuid == self.recorded
        if moved == teller_is_recorded and (moved or sign):  # moved itself, or by the one that tells
            return self._moved(other, event)
        certain = self._later is not None or not self._doubtful
        turned_up = certain and other in self._elsewhere and self.recorded not in self._gone
        if moved or sign or turned_up:
            return self._leave(other, event)
        return []

    def _hung_up(self, event: LegEvent) -> list[Decision]:
        self._gone.add(event.uuid)
        if event.uuid != self.recorded:
            return self._partner_hung_up(event) if event.uuid == self._partner else []
        waiting = event.held or self._held
        if waiting and self._standing is Standing.TOGETHER and waiting != self._partner:
            return self._leave(waiting if waiting not in self._gone else self._partner, event)
        partner = self._partner or event.other
        left = self._standing is Standing.APART and not self._doubtful
        if left or (self._standing is Standing.TOGETHER and self._leaves(event)):
            return self._leave(partner, event)
        together = self._standing is Standing.TOGETHER and partner not in self._gone
        self.is_over = self._tells or not together  # else the end of its bridge tells whether P was moved
        return []

    def _partner_hung_up(self, event: LegEvent) -> list[Decision]:
        """Where the recorded leg is the A side, its own CHANNEL_UNBRIDGE will say more."""
        together = self._standing is Standing.TOGETHER
        if self._standing is Standing.APART:
            self._standing = Standing.ALONE
        if together and not self._tells and (event.held == self.recorded or self._leaves(event)):
            return self._moved(event.uuid, event)
        return []

    def _parked(self, event: LegEvent) -> list[Decision]:
        if event.uuid == self.recorded:
            return [self._mark(What.PARKED, event, uuid=event.uuid)] if self._talked else []
        return self._turned_up(event.uuid, event) if event.uuid == self._partner else []

    def _held_by_phone(self, event: LegEvent) -> list[Decision]:
        if event.uuid not in (self.recorded, self._partner) or event.uuid in self._holding:
            return []
        self._holding.add(event.uuid)
        marks: list[Decision] = [self._mark(What.HELD, event, uuid=event.uuid)]
        if event.uuid == self.recorded:
            marks.append(self._mark(What.GAP, event, uuid=event.uuid, why=ON_HOLD))
        return marks

    def _unheld_by_phone(self, event: LegEvent) -> list[Decision]:
        if event.uuid not in self._holding:
            return []
        self._holding.discard(event.uuid)
        return [self._mark(What.UNHELD, event, uuid=event.uuid)]

    # -- what follows -----------------------------------------------------------------------------------

    def _turned_up(self, uuid: str, event: LegEvent) -> list[Decision]:
        """The partner is elsewhere: the recorded leg has left, as soon as they are known to be parted."""
        if event.kind is Kind.BRIDGED:
            self._later = event
        if self._standing is Standing.APART and (event.source or not self._doubtful):
            return self._leave(uuid, event)
        if self._standing is Standing.TOGETHER:
            self._elsewhere.add(uuid)
        return []

    def _moved(self, other: str, event: LegEvent) -> list[Decision]:
        """The recorded leg was moved: it stays what is recorded, and somebody else comes."""
        self._standing = Standing.ALONE
        tells = event.uuid == self.recorded
        detail = {
            "from": other,
            "to": event.moved_to if tells else "",
            "how": event.how_moved if tells else "",
        }
        decisions: list[Decision] = [self._mark(What.TRANSFERRED, event, uuid=self.recorded, **detail)]
        return decisions if self.follow else [*decisions, self._end(event.at_us)]

    def _leave(self, to: str, event: LegEvent) -> list[Decision]:
        """The recorded leg has left the conversation, which goes on with `to`."""
        left = self.recorded
        mark = self._mark(What.TRANSFERRED, event, **{"from": left, "to": to, "how": event.how_left})
        if not self.follow:
            return [mark, self._end(event.at_us)]
        if not to or to in self._gone:
            self._standing = Standing.ALONE
            self.is_over = left in self._gone
            return []
        self.recorded = to
        self._partner = self._held = ""
        self._standing = Standing.ALONE
        self._holding.discard(left)
        decisions: list[Decision] = [mark, Follow(to, event.at_us)]
        later, self._later = self._later, None
        if later is not None and to in later.legs:
            self._since = (0, 0)
            decisions += self._bridged_anew(later)
        return decisions

    def _end(self, at_us: int) -> End:
        self.is_over = True
        return End(at_us)

    def _join(self, other: str, event: LegEvent, party: Who) -> None:
        self._partner = other
        self._standing = Standing.TOGETHER
        self._doubtful = False
        self._talked = True
        self._since = event.order
        self._later = None
        self._parties.setdefault(other, party)

    def _leaves(self, event: LegEvent) -> bool:
        """Whether the recorded leg's hangup is the end of a transfer."""
        return event.cause in TRANSFER_CAUSES or self._is_sign(event)

    def _is_sign(self, event: LegEvent) -> bool:
        """Whether the leg's variables say that it moves the other, and did not before."""
        return bool(event.sign) and event.sign != self._signs.get(event.uuid, "")

    def _is_moved(self, event: LegEvent) -> bool:
        """Whether the leg was moved since its last event."""
        before = self._sources.get(event.uuid, "")
        self._sources[event.uuid] = event.source or before
        return bool(event.source) and event.source != before

    def _mark(self, what: What, event: LegEvent, **detail: str) -> Mark:
        return Mark(event.at_us, what, {name: word for name, word in detail.items() if word})
