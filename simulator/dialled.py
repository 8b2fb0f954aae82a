"""One leg while it is dialled: it rings, answers or refuses as its party does, or is given up.

An answered leg with group_confirm_key is asked before it counts: for a key, or by an application.
Source: FreeSWITCH switch_ivr_originate.c (check_channel_status, check_per_channel_timeouts,
collect_thread_run).
"""

from __future__ import annotations

from collections.abc import Callable

from simulator import signalling
from simulator.collect import Wish, read
from simulator.farend import FarEnd
from simulator.player import play_file
from simulator.script import Party
from simulator.session import Session

# What a confirmation waits for its key unless group_confirm_read_timeout says otherwise.
_READ_MS = 5000


class Dialled:
    """A leg and its party.

    Attributes: is_ringing, is_confirming, is_confirmed: how far it has come.
    """

    def __init__(self, leg: Session, party: Party, stir: Callable[[], None]) -> None:
        self.leg = leg
        self.is_ringing = self.is_confirming = self.is_confirmed = False
        self._party = party
        self._stir = stir
        clock = leg.clock
        self._began_s = clock.now()
        self._began_epoch_s = clock.epoch_s()
        limit_s = _number(leg.channel.get("leg_timeout"))
        self._limit_epoch_s = self._began_epoch_s + limit_s + 1 if limit_s else None
        leg.on_down.append(stir)

    @property
    def is_down(self) -> bool:
        """Whether it was hung up, by whomever."""
        return self.leg.channel.is_down

    def due_s(self) -> float | None:
        """When there is something to do next, None for never."""
        if self.is_down or (self.leg.channel.answered and self._limit_epoch_s is None):
            return None
        clock = self.leg.clock
        moments = []
        if self._limit_epoch_s is not None:
            moments.append(clock.now() + clock.until_epoch(self._limit_epoch_s))
        if not self.leg.channel.answered:
            moments += self._party_moments()
        return min(moments, default=None)

    def proceed(self) -> None:
        """Do what is due."""
        channel, clock = self.leg.channel, self.leg.clock
        now = clock.now() + 0.001
        if channel.is_down or (channel.answered and self._limit_epoch_s is None):
            return
        if self._limit_epoch_s is not None and clock.until_epoch(self._limit_epoch_s) <= 0.001:
            self.leg.hangup("ALLOTTED_TIMEOUT")
        elif channel.answered:
            return
        elif self._party.refuse and now >= self._began_s + self._party.ring_after_s:
            signalling.part(self.leg, self._party.refuse)
        elif self._answers_s() is not None and now >= (self._answers_s() or 0.0):
            self._answer()
        elif not self.is_ringing and now >= self._began_s + self._party.ring_after_s:
            self.is_ringing = True
            if self._party.early_media:
                signalling.pre_answer(self.leg)
            else:
                signalling.ring_ready(self.leg)

    def _party_moments(self) -> list[float]:
        moments = [] if self.is_ringing else [self._began_s + self._party.ring_after_s]
        answers_s = self._answers_s()
        return moments if answers_s is None else [*moments, answers_s]

    def _answers_s(self) -> float | None:
        if self._party.answer_after_s is None or self._party.refuse:
            return None
        return self._began_s + max(self._party.answer_after_s, self._party.ring_after_s)

    def _answer(self) -> None:
        leg = self.leg
        key = leg.channel.get("group_confirm_key") or ""
        limit_s = leg.channel.get("group_confirm_timeout") or ""
        if not key:
            self._limit_epoch_s = None
        elif limit_s.isdecimal():
            until = leg.clock.epoch_s() + int(limit_s) + 1
            self._limit_epoch_s = until if int(limit_s) else None
        signalling.answer(leg)
        FarEnd(leg).begin(self._party.steps)
        if key and not leg.channel.is_down:
            self.is_confirming = True
            leg.move(lambda: self._confirm(key, leg.channel.get("group_confirm_file") or ""))

    def _confirm(self, key: str, media: str) -> None:
        """Ask; called by the leg's own thread, which follows the caller's bridge afterwards."""
        leg = self.leg
        if key.lower() == "exec":
            name, _, argument = media.partition(" ")
            leg.execute(name, argument or None)
        else:
            while leg.ready and not _pressed(leg, key, media):
                continue
        if leg.ready:
            self.is_confirmed = True
            self._limit_epoch_s = None
            leg.channel.set("group_dial_status", "winner")
            self._stir()
            leg.consume_media()


def _pressed(leg: Session, key: str, media: str) -> bool:
    """Ask once for the key."""
    wait_ms = _number(leg.channel.get("group_confirm_read_timeout")) or _READ_MS
    _, digits = read(leg, Wish(len(key), len(key), media or "silence", "", wait_ms, ""))
    if digits == key:
        return True
    error = leg.channel.get("group_confirm_error_file")
    if error and leg.ready:
        play_file(leg, error)
    return False


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
