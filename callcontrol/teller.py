"""Tells of calls: hears FreeSWITCH's events of channels that call control has to do with, and sends webhooks.

The events come on a connection of their own, which FreeSWITCH itself filters to channels that bear a
variable of ours, so that calls under no control cost nothing. Every process hears all of them; whoever tells
first is heard, since an event's id says what it is about and the outbox takes each id once.

One greenlet works through the events in their order, so the webhooks of a call are told in the order in
which FreeSWITCH had it happen. The first thing told of a leg is that it was initiated, the last its hangup.

Source: FreeSWITCH mod_event_socket.c, event_handler (filters: a value between slashes is a regular
expression, of several filters one suffices); switch_channel.c, switch_channel_event_set_extended_data (which
events carry variables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

import gevent
import structlog
from gevent.queue import SimpleQueue

from callcontrol import events, headers_told, variables
from callcontrol.call_control_id import CallControlIds
from callcontrol.events import HangupSource, WebhookEvent
from callcontrol.hangup_cause import UNSPECIFIED
from callcontrol.leg import Leg, leg_of
from callcontrol.roll import Roll
from callcontrol.snapshot import Snapshot
from esl.event import Event

PRESENT = (f"variable_{variables.CONNECTION}", f"variable_{variables.WEBHOOK}")
"""What events that are heard have one of (esl.link.Link): their channel's connection is told of it, or a
command said where to.
"""

LAST = "CHANNEL_HANGUP_COMPLETE"
"""FreeSWITCH's last event of a leg that carries what became of it."""

MAX_WAITING = 50_000
"""Events that wait to be told, at some ten kilobytes each: more, and something is badly wrong."""

Handler = Callable[[Snapshot, Leg], Iterable[WebhookEvent]]
"""Says what is to be told of one event of a leg. See Teller.on."""

log = structlog.get_logger(__name__)


class Sender(Protocol):
    """What sends webhooks (callcontrol.webhooks.Webhooks)."""

    def send(self, leg: Leg, event: WebhookEvent) -> bool:
        """Tell of an event of a leg; return whether anybody wants to hear."""


class Teller:
    """Args: webhooks: what sends; ids, node: name the legs of the FreeSWITCH whose events are heard.

    Attributes: roll: the legs that are live, as far as they are told of.
    """

    def __init__(self, webhooks: Sender, ids: CallControlIds, node: str) -> None:
        self.roll = Roll()
        self._webhooks = webhooks
        self._ids = ids
        self._node = node
        self._handlers: dict[str, list[Handler]] = {LAST: []}
        self._missed: list[Handler] = []
        self._waiting = SimpleQueue()  # of jobs; None ends
        self._worker: gevent.Greenlet | None = None

    def on(self, event_name: str, handler: Handler) -> None:
        """Have a handler say what is told of every event of a name, such as PLAYBACK_STOP.

        To be called before `start`: the names are what FreeSWITCH is asked for. A handler runs in the
        teller's greenlet, after those registered before it and after all that was told of the leg earlier; it
        must not wait for the call, and what it raises is logged and costs its own webhooks only.

        Args: event_name: as FreeSWITCH has it, `CUSTOM <subclass>` for one of those. Only events that carry
        variables come (see Source: DTMF does on legs that `verbose_events` was run on, which is every leg
        that is told of once it is answered); handler: called with (snapshot, leg): `snapshot.event` is the
        event, `snapshot.variable(name)` a variable of its channel, `leg` what callcontrol.events makes
        webhooks of. Returns (or yields) the webhooks to send, in order; () for none. Their ids must be made
        of what they are about, since every process says the same (callcontrol.events.event_of does so).
        """
        self._handlers.setdefault(event_name, []).append(handler)

    def on_missed(self, handler: Handler) -> None:
        """Have a handler look at each leg that is live after a time in which events may have been missed.

        Args: handler: as for `on`; its snapshot is no event, but how the leg stands.
        """
        self._missed.append(handler)

    @property
    def events(self) -> tuple[str, ...]:
        """The names of events to subscribe to."""
        return tuple(self._handlers)

    def hear(self, event: Event) -> None:
        """Take an event from the connection; called in the hub, never waits."""
        self._put(lambda: self._take(event))

    def missed(self, snapshot: Snapshot) -> None:
        """Take how a leg stands now, after a time in which events may have been missed."""
        self._put(lambda: self._catch_up(snapshot))

    def gone(self, uuid: str, at: datetime) -> None:
        """Take that a live leg is there no more, and nobody told why."""
        self._put(lambda: self._lose(uuid, at))

    def know(self, leg: Leg) -> None:
        """Take that a leg was told of as initiated."""
        if not self.roll.has_ended(leg.leg_id):
            self.roll.put(leg)

    def never(self, leg: Leg, at: datetime, cause: str) -> None:
        """Tell of a leg that was to be dialled and never came to be. Args: cause: of hangup_cause's words."""
        self._put(lambda: self._miss_out(leg, at, cause))

    def tell_of(self, uuid: str, made: Callable[[Leg], WebhookEvent]) -> None:
        """Tell something of another leg than the event's; nothing of one that is not told of."""
        leg = self.roll.live(uuid)
        if leg is not None:
            self._webhooks.send(leg, made(leg))

    def start(self) -> None:
        """Begin to tell; returns at once."""
        if self._worker is None:
            self._worker = gevent.spawn(self._work)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Tell what waits, then end."""
        if self._worker is not None:
            self._waiting.put(None)
            self._worker.join(timeout_s)
            self._worker.kill()
            self._worker = None

    # -- the greenlet ----------------------------------------------------------------------------------

    def _put(self, job: Callable[[], None]) -> None:
        if self._waiting.qsize() >= MAX_WAITING:
            log.error("call_event_dropped", reason="too many wait", waiting=MAX_WAITING)
            return
        self._waiting.put(job)

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            try:
                job()
            except Exception:  # a catch-all per event: one that cannot be told must not silence the rest
                log.exception("call_event_not_told")

    def _take(self, event: Event) -> None:
        snapshot = Snapshot(event)
        leg = self._known(snapshot)
        if leg is None:
            return
        name = f"CUSTOM {event.subclass}" if event.name == "CUSTOM" else event.name
        for handler in self._handlers.get(name, ()):
            self._tell(handler, snapshot, leg)
        if event.name == LAST:
            self.roll.end(leg.leg_id)

    def _known(self, snapshot: Snapshot) -> Leg | None:
        """Return the leg of a snapshot, initiated if it is new; None for one that is not told of."""
        leg = leg_of(snapshot, self._ids, self._node)
        if leg is None or self.roll.has_ended(leg.leg_id):
            return None
        if self.roll.put(leg):
            is_parked = bool(snapshot.variable(variables.PARKED))
            headers = headers_told.of_invite(snapshot)
            event = events.initiated(leg, snapshot.occurred_at, is_parked=is_parked, headers=headers)
            self._webhooks.send(leg, event)
        return leg

    def _tell(self, handler: Handler, snapshot: Snapshot, leg: Leg) -> None:
        try:
            for event in handler(snapshot, leg):
                self._webhooks.send(leg, event)
        except Exception:  # a catch-all per handler: its webhooks alone are lost
            log.exception("call_event_not_told", name=snapshot.event.name, uuid=snapshot.uuid)

    def _catch_up(self, snapshot: Snapshot) -> None:
        leg = self._known(snapshot)
        if leg is None:
            return
        if snapshot.is_answered:
            headers = headers_told.of_answer(snapshot)
            self._webhooks.send(leg, events.answered(leg, snapshot.occurred_at, headers))
        for handler in self._missed:
            self._tell(handler, snapshot, leg)

    def _lose(self, uuid: str, at: datetime) -> None:
        leg = self.roll.end(uuid)
        if leg is not None:
            log.warning("call_end_missed", uuid=uuid, outcome="told with an unspecified cause")
            self._hang_up(leg, at, UNSPECIFIED)

    def _miss_out(self, leg: Leg, at: datetime, cause: str) -> None:
        if self.roll.is_known(leg.leg_id):
            return  # its own events tell, or have told
        self._webhooks.send(leg, events.initiated(leg, at, is_parked=False))
        self.roll.end(leg.leg_id)
        self._hang_up(leg, at, cause)

    def _hang_up(self, leg: Leg, at: datetime, cause: str) -> None:
        self._webhooks.send(leg, events.hangup(leg, at, cause=cause, source=HangupSource.UNKNOWN))
