"""What a caller hears while somebody is dialled: ringing passed back, a ringback of its own, or early media.

Source: FreeSWITCH switch_ivr_originate.c (setup_ringback, check_channel_status, early_thread_run).
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator import signalling
from simulator.channel import is_true
from simulator.session import Session
from simulator.sound import open_sound
from simulator.timeline import Relay, Sound


class Ringback:
    """For one group of legs. Args: common: the variables for all of them."""

    def __init__(self, caller: Session, common: Mapping[str, str]) -> None:
        self._caller = caller
        self._passes_media = is_true(common.get("bridge_early_media"))
        self._passes_ringing = not is_true(common.get("ignore_ring_ready"))
        self._sound: Sound | None = None
        self._has_begun = False

    def begin(self, leg: Session) -> None:
        """A leg rings, or sounds early; only the first one is told of."""
        caller = self._caller
        if self._has_begun:
            return
        self._has_begun = True
        spec = caller.channel.get("transfer_ringback") if caller.channel.answered else None
        spec = spec or caller.channel.get("ringback")
        if spec:
            signalling.pre_answer(caller)
            source = open_sound(caller, spec)
            if source is not None:
                self._sound = caller.heard.begin(source, caller.slots.nearest(caller.clock.now()))
        elif leg.channel.early:
            if self._passes_media:
                signalling.pre_answer(caller)
                now = caller.slots.nearest(caller.clock.now())
                self._sound = caller.heard.begin(Relay(leg.said, now), now)
        elif self._passes_ringing:
            caller.channel.times.progress = leg.channel.times.progress
            signalling.ring_ready(caller)

    def end(self) -> None:
        """Somebody answered, or nobody will."""
        if self._sound is not None:
            self._caller.heard.end(self._sound, self._caller.slots.nearest(self._caller.clock.now()))
            self._sound = None
