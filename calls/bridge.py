"""Calls somebody for a caller and connects the two: one leg, several at once, in turn, or groups of them.

All legs are in one dial string, so FreeSWITCH does the racing, the limits and the ringback by itself, and a
call goes on talking whatever becomes of us. What comes of it is told by the events of the call and its legs.
Source: FreeSWITCH mod_dptools.c, audio_bridge_function; switch_ivr_originate.c (originate_disposition,
bridge_early_media, ringback); switch_ivr_bridge.c, switch_ivr_multi_threaded_bridge.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from calls.call import Call
from calls.cause import HangupCause
from calls.dial_rules import DialRules
from calls.dial_string import Groups, dial_string
from calls.leg import Leg
from calls.leg_watch import LegStory, LegWatch, OnChange
from esl.event import Event

BRIDGE_TIMEOUT_S = 8 * 86_400.0
"""Longer than any bridge may last (dialling.duration_limit_s) with all that rang before it."""

_OWN_VARIABLES = {"hangup_after_bridge": "false", "continue_on_fail": "true"}
"""So that the caller is ours again when the other side hangs up, or nobody answers."""


@dataclass(frozen=True, slots=True)
class BridgeOutcome:
    """What came of it.

    Attributes: leg: whom the caller was connected with, None for nobody; cause: why the other side ended, or
    why nobody was connected; talked_s: for how long they were connected; stories: of all legs, in the order
    they were given in.
    """

    leg: Leg | None
    cause: HangupCause
    talked_s: float = 0.0
    stories: tuple[LegStory, ...] = field(default=())

    @property
    def is_connected(self) -> bool:
        """Whether the caller was connected with somebody."""
        return self.leg is not None


def bridge(
    call: Call,
    groups: Groups,
    rules: DialRules,
    *,
    ringback: str = "",
    on_change: OnChange | None = None,
    on_connected: Callable[[Leg], object] | None = None,
) -> BridgeOutcome:
    """Call legs, connect the caller with the first that answers (and confirms), and wait until that is over.

    An unanswered caller is answered when a leg is; until then it hears what the legs sound, or rings.
    Args: ringback: what the caller hears instead, as FreeSWITCH calls it; on_change: see LegWatch;
    on_connected: told, in the hub, whom the caller is connected with; must not wait.
    Raises: NotDialable; CallGone: the caller is gone; CallLeft: the caller was transferred away meanwhile.
    """
    dialled = dial_string(groups, rules, _common(ringback))
    legs = [leg for group in groups for leg in group]
    connection = _Connection(legs, on_connected)
    with LegWatch(call, legs, on_change) as watch:
        unsubscribe = call.on("CHANNEL_BRIDGE", connection.begin)
        try:
            call.set(_OWN_VARIABLES | {"ringback": ringback, "transfer_ringback": ringback})
            # Without the lock: what is started or stopped meanwhile (recordings) is not to wait for the end.
            event = call.completed(call.submit("bridge", dialled), BRIDGE_TIMEOUT_S)
        finally:
            unsubscribe()
        if call.end is not None:
            raise call.end.error()
    stories = tuple(watch.stories.values())
    if connection.leg is None:
        return BridgeOutcome(None, _failure(event), stories=stories)
    story = watch.stories.get(connection.leg.uuid)
    cause = story.cause if story and story.ended_at_s else _said(event, "bridge_hangup_cause")
    return BridgeOutcome(connection.leg, cause, connection.talked_s, stories)


def _common(ringback: str) -> dict[str, str]:
    # Early media must not win over an answer, nor end the ringing; without a ringback the caller hears it.
    return {"ignore_early_media": "true"} if ringback else {"bridge_early_media": "true"}


class _Connection:
    """Whom the caller is connected with, from its CHANNEL_BRIDGE on."""

    def __init__(self, legs: list[Leg], on_connected: Callable[[Leg], object] | None) -> None:
        self._legs = {leg.uuid: leg for leg in legs}
        self._on_connected = on_connected
        self._began_s = 0.0
        self.leg: Leg | None = None

    @property
    def talked_s(self) -> float:
        """For how long, so far."""
        return time.monotonic() - self._began_s

    def begin(self, event: Event) -> None:
        """Take a CHANNEL_BRIDGE; the first counts. A leg that is not ours was put in the place of one."""
        if self.leg is not None:
            return
        uuid = event.get("Bridge-B-Unique-ID") or event.get("Other-Leg-Unique-ID") or ""
        self.leg = self._legs.get(uuid) or next(iter(self._legs.values()))
        self._began_s = time.monotonic()
        if self._on_connected is not None:
            self._on_connected(self.leg)


def _failure(event: Event) -> HangupCause:
    """Why nobody was connected."""
    cause = _said(event, "originate_disposition")
    return _said(event, "originate_failed_cause") if cause is HangupCause.UNKNOWN else cause


def _said(event: Event, variable: str) -> HangupCause:
    return HangupCause.of(event.variable(variable) or "")
