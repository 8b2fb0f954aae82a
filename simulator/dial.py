"""Dials parties: the legs of a group ring at once, groups follow each other, the first that answers wins.

Source: FreeSWITCH switch_ivr_originate.c (switch_ivr_originate). Timeouts count whole epoch seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from simulator import signalling
from simulator.causes import cause_of
from simulator.channel import is_true
from simulator.core import Core
from simulator.dialled import Dialled
from simulator.dialstring import DialString, dial_strings
from simulator.legs import new_party_leg
from simulator.loop import new_signal
from simulator.ringback import Ringback
from simulator.session import Session

_DIALSTATUS = {
    "SUCCESS": "SUCCESS",
    "ORIGINATOR_CANCEL": "CANCEL",
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "DESTINATION_OUT_OF_ORDER": "INVALIDARGS",
    "INVALID_PROFILE": "INVALIDARGS",
    "CALL_REJECTED": "DONTCALL",
}
_ORIGINATE_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Dialling:
    """What came of a group. `party`: who answered; `cause`: SUCCESS, or why nobody did."""

    party: Session | None
    cause: str
    timed_out: bool = False


def dial(caller: Session, text: str) -> tuple[Session | None, str]:
    """Dial the groups of a dial string one after the other, for a caller.

    Returns: the answered leg and SUCCESS, or None and the cause of the last failure.
    """
    channel = caller.channel
    channel.set("originate_disposition", "failure")
    channel.set("DIALSTATUS", "INVALIDARGS")
    result = Dialling(None, "DESTINATION_OUT_OF_ORDER")
    for group in dial_strings(text):
        result = _Group(caller.core, group, caller).run()
        channel.set("originate_disposition", result.cause)
        channel.set("DIALSTATUS", _DIALSTATUS.get(result.cause, result.cause))
        if result.party is not None or not caller.ready:
            break
        if result.timed_out and not is_true(group[0].variables.get("originate_continue_on_timeout")):
            break
    return result.party, result.cause


def dial_alone(core: Core, text: str) -> Dialling:
    """Dial the groups of a dial string with no caller: for the api of that name."""
    result = Dialling(None, "DESTINATION_OUT_OF_ORDER")
    for group in dial_strings(text):
        result = _Group(core, group, None).run()
        if result.party is not None:
            break
    return result


class _Group:
    """Legs that ring at once."""

    def __init__(self, core: Core, targets: list[DialString], caller: Session | None) -> None:
        self._core = core
        self._caller = caller
        self._common = targets[0].variables
        self._changed = new_signal()
        self._ringback = Ringback(caller, self._common) if caller is not None else None
        self._began_epoch_s = core.clock.epoch_s()
        self._failure = "DESTINATION_OUT_OF_ORDER"
        self._legs = [leg for leg in map(self._create, targets) if leg is not None]

    def run(self) -> Dialling:
        """Let them ring until one answers, all are gone, it takes too long or the caller goes."""
        if not self._legs:
            return Dialling(None, self._failure)
        clock = self._core.clock
        limit_epoch_s = self._began_epoch_s + self._limit_s()
        while True:
            for leg in self._legs:
                leg.proceed()
            if (winner := self._winner()) is not None:
                return self._won(winner)
            if all(leg.is_down for leg in self._legs):
                return self._failed(self._legs[0].leg.channel.hangup_cause)
            if clock.until_epoch(limit_epoch_s) <= 0.001:
                return self._failed("NO_ANSWER", timed_out=True)
            if self._caller is not None and not self._attend(self._caller):
                return self._failed("ORIGINATOR_CANCEL")
            due = [due_s for leg in self._legs if (due_s := leg.due_s()) is not None]
            self._wait(min([*due, clock.now() + clock.until_epoch(limit_epoch_s)]))

    def _create(self, target: DialString) -> Dialled | None:
        kind, _, where = target.endpoint.partition("/")
        caller = self._caller
        if kind.lower() == "error":
            self._failure = cause_of(where)
            return None
        script = self._core.script if caller is None else caller.script
        if caller is not None:
            caller.note("dialling", target.endpoint)
        party = script.party(target.endpoint)
        if party is None:
            self._failure = "SUBSCRIBER_ABSENT"
            return None
        leg = new_party_leg(self._core, script, target, caller)
        if kind.lower() == "loopback" and party.early_media and caller is not None:
            # The sound of a loopback leg is there before the caller knows of the leg.
            signalling.pre_answer(caller)
            party = replace(party, early_media=False, ring_after_s=party.answer_after_s or party.ring_after_s)
        if caller is not None:
            number = leg.channel.profile.destination
            caller.channel.push("originated_legs", f"{leg.channel.uuid};Outbound Call;{number}")
            caller.channel.profile.callee_number = number
        return Dialled(leg, party, self._stir)

    def _winner(self) -> Dialled | None:
        for leg in self._legs:
            channel = leg.leg.channel
            if leg.is_down:
                continue
            if leg.is_confirmed or (channel.answered and not leg.is_confirming):
                return leg
            if channel.early and not channel.answered and not self._ignores_early_media():
                return leg
            if leg.is_ringing and self._ringback is not None:
                self._ringback.begin(leg.leg)
        return None

    def _ignores_early_media(self) -> bool:
        wish = (self._common.get("ignore_early_media") or "").lower()
        return (
            is_true(wish)
            or wish in ("ring_ready", "consume")
            or is_true(self._common.get("bridge_early_media"))
        )

    def _attend(self, caller: Session) -> bool:
        """Take up what the caller's queue has; False when the caller goes."""
        caller.run_commands()
        return caller.ready and not caller.take_interrupt()

    def _wait(self, until_s: float) -> None:
        if self._caller is not None:
            self._caller.wait(until_s, digits=False, over=self._changed.is_set)
        else:
            self._changed.wait(timeout=self._core.clock.real(until_s - self._core.clock.now()))
        self._changed.clear()

    def _stir(self) -> None:
        self._changed.set()
        if self._caller is not None:
            self._caller.stir()

    def _limit_s(self) -> int:
        """The group's own limit in seconds; each leg has one besides."""
        channel = self._caller.channel if self._caller is not None else None
        wishes = [self._common.get("originate_timeout"), channel.get("call_timeout") if channel else None]
        given = [int(wish) for wish in wishes if wish and wish.isdecimal() and int(wish) > 0]
        return given[0] if given else _ORIGINATE_TIMEOUT_S

    def _won(self, winner: Dialled) -> Dialling:
        leg, caller = winner.leg, self._caller
        for other in self._legs:
            if other is not winner and not other.is_down:
                other.leg.channel.set("group_dial_status", "loser")
                other.leg.hangup("LOSE_RACE")
        self._end_ringback()
        if caller is not None:
            caller.channel.set("originate_signal_bond", leg.channel.uuid)
            if leg.channel.answered:
                signalling.answer(caller)
            else:
                signalling.pre_answer(caller)
                _answer_later(winner, lambda: signalling.answer(caller))
            caller.channel.set("originate_signal_bond", None)
        self._tell_causes(winner)
        return Dialling(leg, "SUCCESS")

    def _failed(self, cause: str, *, timed_out: bool = False) -> Dialling:
        self._end_ringback()
        for leg in self._legs:
            leg.leg.hangup(cause)
        self._tell_causes(None)
        if self._caller is not None:
            self._caller.channel.set("originate_signal_bond", self._legs[-1].leg.channel.uuid)
            self._caller.channel.set("last_bridge_hangup_cause", self._legs[-1].leg.channel.hangup_cause)
        return Dialling(None, cause, timed_out)

    def _tell_causes(self, winner: Dialled | None) -> None:
        if self._caller is None:
            return
        for leg in self._legs:
            cause = "NONE" if leg is winner else leg.leg.channel.hangup_cause
            self._caller.channel.push("originate_causes", f"{leg.leg.channel.uuid};{cause}")

    def _end_ringback(self) -> None:
        if self._ringback is not None:
            self._ringback.end()


def _answer_later(dialled: Dialled, answer: Callable[[], None]) -> None:
    """A leg that won by its early media answers when its party does, and its caller with it."""
    leg = dialled.leg
    leg.watchers.append(lambda event: answer() if event.name == "CHANNEL_ANSWER" else None)
    due_s = dialled.due_s()
    if due_s is not None:
        leg.clock.later(due_s - leg.clock.now(), dialled.proceed)
