"""Follows gathers on all legs that are told of, plays their prompts, and tells their ends.

Every process beside a FreeSWITCH follows every gather, by the same events and the same rules, so none depends
on the process that took the command. Their webhooks are the same one. What is to be done on the leg, though,
must be done once: acts are numbered, and whoever takes the number out of FreeSWITCH's own table does the act
and puts the next number in.

    hash delete_ifmatch callcontrol/<gather> <n>  --taken--> the act, hash insert <n + 1>
                                                  --not----> somebody else does it
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import gevent
import structlog

from callcontrol import events
from callcontrol.channel import Switches, channel_of
from callcontrol.errors import ApiError, CallEnded
from callcontrol.events import WebhookEvent
from callcontrol.gathering import Act, End, Gathering, Prompt, Silence, Stage
from callcontrol.gathering_acts import acts_before, clean, doing, is_ours
from callcontrol.gathering_order import GATHER, GATHERED, STOP, SUBCLASS, Order, order_of
from callcontrol.leg import Leg
from callcontrol.playing import heard_on, is_void, sound_of
from callcontrol.snapshot import Snapshot
from calls.dtmf import DIGITS

CHECK_S = 300.0
"""A leg on which nothing happens for so long, a long prompt being played, is looked for: its end may have
been missed.
"""

MAX_ENDED = 10_000
"""Gathers that are over, and remembered while the variables of their legs may still tell of them."""

log = structlog.get_logger(__name__)


class Tellers(Protocol):
    """What hears events and sends webhooks (callcontrol.teller.Teller)."""

    def on(self, event_name: str, handler: Callable[[Snapshot, Leg], Iterable[WebhookEvent]]) -> None:
        """See Teller."""

    def on_missed(self, handler: Callable[[Snapshot, Leg], Iterable[WebhookEvent]]) -> None:
        """See Teller."""

    def tell_of(self, uuid: str, made: Callable[[Leg], WebhookEvent]) -> None:
        """See Teller."""


@dataclass(slots=True)
class _Follow:
    """One gather that is followed.

    Attributes: uuid: its leg; first: finds how many acts there were before this process followed it, None for
    none; expected: sounds of this try that are not over; heard: the one that is heard
    now, "" for none; silenced: tries whose prompts are not wanted; acted: how many acts there were; last: the
    greenlet that does the latest.
    """

    uuid: str
    order: Order
    gathering: Gathering
    first: gevent.Greenlet | None = None
    expected: int = 1
    heard: str = ""
    silenced: set[int] = field(default_factory=set)
    acted: int = 0
    last: gevent.Greenlet | None = None
    timer: gevent.Greenlet | None = None


class GatherFollowing:
    """Registers with a teller. Args: switches, node: reach the legs; now_ms: a clock that only goes on."""

    def __init__(
        self,
        teller: Tellers,
        switches: Switches,
        node: str,
        now_ms: Callable[[], int] = lambda: int(time.monotonic() * 1000),
    ) -> None:
        self._teller = teller
        self._switches = switches
        self._node = node
        self._now_ms = now_ms
        self._follows: dict[str, _Follow] = {}
        self._ended: dict[str, None] = {}  # in the order of their ends
        teller.on(f"CUSTOM {SUBCLASS}", self._told)
        teller.on("DTMF", self._pressed)
        teller.on("CHANNEL_EXECUTE", self._begins)
        teller.on("CHANNEL_EXECUTE_COMPLETE", self._over)
        teller.on("CHANNEL_HANGUP", self._hung_up)
        teller.on_missed(self._missed)

    def __len__(self) -> int:
        return len(self._follows)

    # -- what happens ------------------------------------------------------------------------------------

    def _told(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        """A gather begins, or is stopped; one that runs gives way to a new one."""
        stopped = snapshot.event.get(STOP)
        follow = self._followed(snapshot, leg) if stopped else self._follows.get(leg.leg_id)
        order = order_of(snapshot.variable(GATHER))
        if follow is not None and (stopped or (order is not None and order.id != follow.order.id)):
            state = "" if stopped in (None, "true") else stopped
            yield from self._do(follow, follow.gathering.cancel(), snapshot, leg, state=state or "")
        if order is None or stopped or leg.leg_id in self._follows:
            return
        follow = _Follow(leg.leg_id, order, Gathering(order.terms, self._now_ms()))
        self._follows[leg.leg_id] = follow
        self._wind(follow)

    def _pressed(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        digit = snapshot.event.get("DTMF-Digit") or ""
        follow = self._followed(snapshot, leg)
        if follow is None or digit not in DIGITS:
            return
        acts = follow.gathering.press(digit, self._now_ms())
        if follow.gathering.stage is Stage.COLLECTING:
            self._note(follow)
        yield from self._do(follow, acts, snapshot, leg)

    def _begins(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        sound = sound_of(snapshot.event.get("Application-UUID"))
        if sound is None or not sound.gather_id:
            return
        follow = self._followed(snapshot, leg)
        if follow is None or follow.order.id != sound.gather_id or is_void(snapshot.event):
            return
        follow.heard = sound.id
        yield from self._do(follow, follow.gathering.prompt_begins(), snapshot, leg)

    def _over(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        sound = sound_of(snapshot.event.get("Application-UUID"))
        if sound is None or not sound.gather_id:
            return
        follow = self._followed(snapshot, leg)
        if follow is None or follow.order.id != sound.gather_id:
            return
        follow.heard = ""
        follow.expected -= 1
        if follow.expected <= 0:
            yield from self._do(follow, follow.gathering.prompt_ends(self._now_ms()), snapshot, leg)

    def _hung_up(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        follow = self._followed(snapshot, leg, even_over=True)
        if follow is not None:
            yield from self._do(follow, follow.gathering.hang_up(), snapshot, leg)

    def _missed(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        """Nothing was heard for a while: a gather that began then, or before this process, goes on here."""
        self._followed(snapshot, leg)
        return ()

    def _ring(self, follow: _Follow) -> None:
        """Time has passed."""
        follow.timer = None
        acts = follow.gathering.tick(self._now_ms())
        if not acts and follow.gathering.due_ms is None and self._is_gone(follow.uuid):
            acts = follow.gathering.hang_up()  # nobody told
        self._act(follow, acts)
        for act in acts:
            if isinstance(act, End):
                self._teller.tell_of(follow.uuid, partial(_ended_now, follow, act))

    # -- what is done about it ---------------------------------------------------------------------------

    def _followed(self, snapshot: Snapshot, leg: Leg, *, even_over: bool = False) -> _Follow | None:
        """Return the gather on a leg; one that another process followed goes on here."""
        follow = self._follows.get(leg.leg_id)
        if follow is not None:
            return follow
        order = order_of(snapshot.variable(GATHER))
        if order is None or order.id in self._ended or (snapshot.is_over and not even_over):
            return None
        number, _, digits = snapshot.variable(GATHERED).partition(".")
        is_plain = number.isascii() and number.isdigit() and set(digits) <= DIGITS
        gathering = Gathering(
            order.terms,
            self._now_ms(),
            number=int(number[:4]) if is_plain else 1,
            digits=digits if is_plain else "",
        )
        heard = heard_on(snapshot)
        follow = _Follow(leg.leg_id, order, gathering, heard=heard if heard.startswith(order.id) else "")
        if follow.heard:
            gathering.prompt_begins()
        elif gathering.stage is Stage.ASKING and not heard:
            gathering.prompt_ends(self._now_ms())
        follow.first = gevent.spawn(self._acts_before, follow)
        self._follows[leg.leg_id] = follow
        self._wind(follow)
        return follow

    def _do(
        self, follow: _Follow, acts: Sequence[Act], snapshot: Snapshot, leg: Leg, *, state: str = ""
    ) -> Iterable[WebhookEvent]:
        self._act(follow, acts)
        for act in acts:
            if isinstance(act, End):
                yield _ended(follow, act, leg, snapshot.occurred_at, state=state)

    def _act(self, follow: _Follow, acts: Sequence[Act]) -> None:
        """Have acts done on the leg, behind those before; by this process, or another."""
        for act in acts:
            if isinstance(act, Silence):
                follow.silenced.add(act.number)
            if isinstance(act, Prompt):
                follow.expected = 1 + (act.after_wrong and follow.order.wrong is not None)
            if isinstance(act, End):
                self._follows.pop(follow.uuid, None)
                self._ended[follow.order.id] = None
                if len(self._ended) > MAX_ENDED:
                    del self._ended[next(iter(self._ended))]
            follow.last = gevent.spawn(self._claim_and_do, follow, act, follow.acted, follow.last)
            follow.acted += 1
        self._wind(follow)

    def _claim_and_do(self, follow: _Follow, act: Act, number: int, before: gevent.Greenlet | None) -> None:
        if before is not None:
            before.join()
        try:
            channel = channel_of(self._switches, self._node, follow.uuid)
            number += follow.first.get() if follow.first is not None else 0
            if not is_ours(channel, follow.order.id, number):
                return
            channel.run(*doing(channel, follow.order, act, number, follow.heard))
            if isinstance(act, End):
                clean(channel, follow.order, follow.silenced)
        except CallEnded:
            return
        except ApiError as exc:
            log.warning("gather_act_failed", uuid=follow.uuid, act=type(act).__name__, reason=str(exc))

    def _acts_before(self, follow: _Follow) -> int:
        """Ask for the number of a gather's next act."""
        try:
            channel = channel_of(self._switches, self._node, follow.uuid)
            return acts_before(channel, follow.order.id)
        except ApiError:
            return 0

    def _is_gone(self, uuid: str) -> bool:
        try:
            return channel_of(self._switches, self._node, uuid).api("uuid_exists") != "true"
        except CallEnded:
            return True
        except ApiError:
            return False

    def _note(self, follow: _Follow) -> None:
        """Put on the leg how far it has come, for a process that starts; all that follow it do."""
        gathering = follow.gathering
        try:
            channel = channel_of(self._switches, self._node, follow.uuid)
            channel.post(channel.assigning(GATHERED, f"{gathering.number}.{gathering.digits}"))
        except ApiError as exc:
            log.info("gather_not_noted", uuid=follow.uuid, reason=str(exc), outcome="it goes on")

    def _wind(self, follow: _Follow) -> None:
        """Set the timer to when something is due."""
        if follow.timer is not None:
            follow.timer.kill(block=False)
            follow.timer = None
        if follow.gathering.stage is Stage.OVER:
            return
        due_ms = follow.gathering.due_ms
        wait_s = CHECK_S if due_ms is None else max(0.0, (due_ms - self._now_ms()) / 1000) + 0.001
        follow.timer = gevent.spawn_later(wait_s, self._ring, follow)


def _ended(follow: _Follow, end: End, leg: Leg, at: datetime, *, state: str = "") -> WebhookEvent:
    order = follow.order
    told = replace(leg, client_state=state or order.client_state)
    return events.gather_ended(
        told, at, order.id, gather_id=order.gather_id, digits=end.digits, status=end.status
    )


def _ended_now(follow: _Follow, end: End, leg: Leg) -> WebhookEvent:
    return _ended(follow, end, leg, datetime.now(UTC))
