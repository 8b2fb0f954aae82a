"""Dials parties: legs that ring, answer, refuse or never come, as the script says.

Source: FreeSWITCH switch_ivr_originate.c (switch_ivr_originate). Timeouts count whole epoch seconds.
"""

from __future__ import annotations

from simulator import signalling
from simulator.causes import cause_of
from simulator.dialstring import DialString, dial_strings
from simulator.farend import FarEnd
from simulator.legs import new_party_leg
from simulator.script import Party
from simulator.session import Session

_DIALSTATUS = {
    "SUCCESS": "SUCCESS",
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "NO_USER_RESPONSE": "NOANSWER",
    "ORIGINATOR_CANCEL": "CANCEL",
    "UNALLOCATED_NUMBER": "INVALIDARGS",
    "CALL_REJECTED": "REJECTED",
}
_ORIGINATE_TIMEOUT_S = 60


def dial(session: Session, text: str) -> tuple[Session | None, str]:
    """Dial the groups of a dial string one after the other.

    Returns: the answered leg and SUCCESS, or None and the cause of the last failure.
    """
    session.channel.set("originate_disposition", "failure")
    session.channel.set("DIALSTATUS", "INVALIDARGS")
    cause = "DESTINATION_OUT_OF_ORDER"
    for group in dial_strings(text):
        for target in group:
            party, cause = _dial_one(session, target)
            session.channel.set("originate_disposition", cause)
            session.channel.set("DIALSTATUS", _DIALSTATUS.get(cause, cause))
            if party is not None:
                return party, "SUCCESS"
            if not session.ready:
                return None, cause
    return None, cause


def _dial_one(session: Session, target: DialString) -> tuple[Session | None, str]:
    kind, _, where = target.endpoint.partition("/")
    if kind.lower() == "error":
        return None, cause_of(where)
    party = session.script.party(target.endpoint)
    session.note("dialling", target.endpoint)
    if party is None:
        return None, "SUBSCRIBER_ABSENT"
    leg = new_party_leg(session, target)
    channel = session.channel
    cause = _ring(session, leg, party, target)
    channel.push("originated_legs", f"{leg.channel.uuid};Outbound Call;{leg.channel.profile.destination}")
    channel.profile.callee_number = leg.channel.profile.destination
    if cause == "SUCCESS":
        signalling.answer(leg)
        channel.set("originate_signal_bond", leg.channel.uuid)
        signalling.answer(session)
        channel.set("originate_signal_bond", None)
        channel.push("originate_causes", f"{leg.channel.uuid};NONE")
        FarEnd(leg).begin(party.steps)
        return leg, cause
    channel.push("originate_causes", f"{leg.channel.uuid};{cause}")
    channel.set("originate_signal_bond", leg.channel.uuid)
    channel.set("last_bridge_hangup_cause", cause)
    leg.hangup(cause)
    return None, cause


def _ring(session: Session, leg: Session, party: Party, target: DialString) -> str:
    """Let it ring until it answers, refuses, takes too long or the caller goes; returns the cause."""
    clock = session.clock
    began_s = clock.now()
    timeout_s = _timeout_s(session, target)
    gives_up_s = began_s + clock.until_epoch(clock.epoch_s() + timeout_s + 1)
    if not _pass_time(session, min(began_s + party.ring_after_s, gives_up_s)):
        return _cancelled(session)
    if party.refuse:
        return party.refuse
    if party.answer_after_s is None or party.answer_after_s > party.ring_after_s:
        _show_ringing(session, leg, party)
    answers_s = gives_up_s if party.answer_after_s is None else began_s + party.answer_after_s
    if not _pass_time(session, min(answers_s, gives_up_s)):
        return _cancelled(session)
    if answers_s >= gives_up_s:
        return "ALLOTTED_TIMEOUT"
    return "SUCCESS"


def _show_ringing(session: Session, leg: Session, party: Party) -> None:
    """The party rings, and the caller gets to hear of it unless it was answered before."""
    if party.early_media:
        signalling.pre_answer(leg)
        signalling.pre_answer(session)
        return
    signalling.ring_ready(leg)
    session.channel.times.progress = leg.channel.times.progress
    signalling.ring_ready(session)


def _pass_time(session: Session, until_s: float) -> bool:
    """Wait; commands are not taken up while a channel dials. False when the caller goes."""
    while session.ready and session.clock.now() < until_s - 0.001:
        session.wait(until_s, digits=False, commands=False)
        if session.take_interrupt():
            return False
    return session.ready


def _cancelled(session: Session) -> str:
    return session.channel.hangup_cause or "ORIGINATOR_CANCEL"


def _timeout_s(session: Session, target: DialString) -> int:
    """The shortest of the timeouts that apply, in seconds."""
    wishes = [
        target.variables.get("leg_timeout"),
        target.variables.get("originate_timeout"),
        target.variables.get("call_timeout"),
        session.channel.get("call_timeout"),
        session.channel.get("originate_timeout"),
    ]
    given = [int(wish) for wish in wishes if wish and wish.isdecimal() and int(wish) > 0]
    return min(given, default=_ORIGINATE_TIMEOUT_S)
