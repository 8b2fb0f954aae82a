"""What is told of every call: answered, bridged, digits, hangup.

| FreeSWITCH's event | webhook |
|---|---|
| the first one of a leg | call.initiated (the teller's own affair) |
| CHANNEL_ANSWER | call.answered |
| CHANNEL_BRIDGE, which only the first leg has | call.bridged, of both legs |
| DTMF | call.dtmf.received |
| CHANNEL_HANGUP_COMPLETE | call.hangup |
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from callcontrol import events, hangup_cause, headers_told, variables
from callcontrol.call_quality import quality_of
from callcontrol.channel import Switches, channel_of
from callcontrol.errors import CallEnded, Unavailable
from callcontrol.events import WebhookEvent
from callcontrol.leg import Leg
from callcontrol.snapshot import Snapshot
from callcontrol.teller import LAST, Teller

FIRST = ("CHANNEL_CREATE", "CHANNEL_PARK", "CHANNEL_PROGRESS", "CHANNEL_PROGRESS_MEDIA")
"""Events that may be the first one of a leg: the first of a dialled one, that of a call which is handed to a
controller, those of a telephone that rings."""


class Telling:
    """Registers what is told. Args: switches, node: reach the legs that are heard of."""

    def __init__(self, teller: Teller, switches: Switches, node: str) -> None:
        self._teller = teller
        self._switches = switches
        self._node = node
        for name in FIRST:
            teller.on(name, lambda _snapshot, _leg: ())
        teller.on("CHANNEL_ANSWER", self._answered)
        teller.on("CHANNEL_BRIDGE", self._bridged)
        teller.on("DTMF", _pressed)
        teller.on(LAST, _hung_up)

    def _answered(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        if not snapshot.variable(variables.VERBOSE):
            self._hear_digits(leg.leg_id)
        yield events.answered(leg, snapshot.occurred_at, headers_told.of_answer(snapshot))

    def _hear_digits(self, uuid: str) -> None:
        """Have all events of a leg carry its variables, digits' too; one that is gone, or away, is left
        alone.
        """
        try:
            leg = channel_of(self._switches, self._node, uuid)
            leg.post(
                leg.setting({variables.VERBOSE: variables.VERBOSE_APPLICATION}),
                leg.executing(variables.VERBOSE_APPLICATION),
            )
        except (CallEnded, Unavailable):
            return

    def _bridged(self, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
        at = snapshot.occurred_at
        yield events.bridged(leg, at)
        other = snapshot.event.get("Bridge-B-Unique-ID") or ""
        self._teller.tell_of(other, partial(events.bridged, at=at))


def _pressed(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    digit = snapshot.event.get("DTMF-Digit")
    if digit:
        number = snapshot.event.get("Event-Sequence") or ""
        yield events.dtmf_received(leg, snapshot.occurred_at, digit, number)


def _hung_up(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    yield events.hangup(
        leg,
        snapshot.occurred_at,
        cause=hangup_cause.word_of(snapshot),
        source=hangup_cause.source_of(snapshot),
        sip_cause=hangup_cause.sip_code_of(snapshot),
        quality=quality_of(snapshot),
        headers=headers_told.of_answer(snapshot),
    )
