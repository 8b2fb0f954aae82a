"""Tells of calls: hears FreeSWITCH's events of channels that call control has to do with, and sends webhooks.

The events come on a connection of their own, which FreeSWITCH itself filters to channels that bear a
variable of ours, so that calls under no control cost nothing. Every process hears all of them; whoever tells
first is heard, since an event's id says what it is about and the outbox takes each id once.

One greenlet works through the events in their order, so the webhooks of a call are told in the order in
which FreeSWITCH had it happen: initiated, answered, whatever comes, hangup.

Source: FreeSWITCH mod_event_socket.c, event_handler (filters: a value between slashes is a regular
expression, of several filters one suffices); switch_channel.c, switch_channel_event_set_extended_data (which
events carry variables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import gevent
import structlog
from gevent.queue import Queue

from callcontrol import variables
from callcontrol.call_control_id import CallControlIds
from callcontrol.events import WebhookEvent
from callcontrol.leg import Leg, leg_of
from callcontrol.snapshot import Snapshot
from esl.event import Event

PRESENT = (f"variable_{variables.CONNECTION}", f"variable_{variables.WEBHOOK}")
"""What events that are heard have one of (esl.link.Link): their channel's connection is told of it, or a command
said where to."""

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
    """Args: webhooks: what sends; ids, node: name the legs of the FreeSWITCH whose events are heard."""

    def __init__(self, webhooks: Sender, ids: CallControlIds, node: str) -> None:
        self._webhooks = webhooks
        self._ids = ids
        self._node = node
        self._handlers: dict[str, list[Handler]] = {}
        self._waiting: Queue[Event | None] = Queue()
        self._worker: gevent.Greenlet | None = None

    def on(self, event_name: str, handler: Handler) -> None:
        """Have a handler say what is told of every event of a name, such as PLAYBACK_STOP.

        To be called before `start`: the names are what FreeSWITCH is asked for. A handler runs in the
        teller's greenlet, after those registered before it and after all that was told of the leg earlier; it
        must not wait for the call, and what it raises is logged and costs its own webhooks only.

        Args: event_name: as FreeSWITCH has it. Only events that carry variables come (see Source: DTMF does
        on legs that `verbose_events` was run on, which is every leg that is told of once it is answered);
        handler: called with (snapshot, leg): `snapshot.event` is the event, `snapshot.variable(name)` a
        variable of its channel, `leg` what callcontrol.events makes webhooks of. Returns (or yields) the
        webhooks to send, in order; () for none. Their ids must be made of what they are about, since every
        process says the same (callcontrol.events.event_of does so).
        """
        self._handlers.setdefault(event_name, []).append(handler)

    @property
    def events(self) -> tuple[str, ...]:
        """The names of events to subscribe to."""
        return tuple(self._handlers)

    def hear(self, event: Event) -> None:
        """Take an event from the connection; called in the hub, never waits."""
        if self._waiting.qsize() >= MAX_WAITING:
            log.error("call_event_dropped", name=event.name, uuid=event.uuid, reason="too many wait")
            return
        self._waiting.put(event)

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

    def tell(self, snapshot: Snapshot, handlers: Iterable[Handler]) -> None:
        """Send what handlers say of a leg at one moment. Never raises."""
        leg = leg_of(snapshot, self._ids, self._node)
        if leg is None:
            return
        for handler in handlers:
            try:
                for event in handler(snapshot, leg):
                    self._webhooks.send(leg, event)
            except Exception:  # a catch-all per event: one that cannot be told must not silence the rest
                log.exception("call_event_not_told", name=snapshot.event.name, uuid=snapshot.uuid)

    def _work(self) -> None:
        while (event := self._waiting.get()) is not None:
            self.tell(Snapshot(event), self._handlers.get(event.name, ()))


Handlers = Mapping[str, Handler]
"""Handlers by the name of their event."""
