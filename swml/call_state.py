"""Status callbacks of connect: what becomes of each leg it dials, to its `call_state_url`.

| the leg | `call_state` |
|---|---|
| is made | `created` |
| rings, or sounds before it answers | `ringing` |
| answers | `answered` |
| is hung up, by whomever | `ended`, with `end_reason` |

Source: SignalWire's SWML reference, connect, StatusCallbacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.cause import HangupCause, Termination
from calls.destination import Destination, Kind
from calls.leg_watch import LegState, LegStory
from swml.run import ScriptRun

EVENT_TYPE = "calling.call.state"

STATES: Mapping[LegState, str] = {
    LegState.CREATED: "created",
    LegState.RINGING: "ringing",
    LegState.ANSWERED: "answered",
    LegState.ENDED: "ended",
}

_REASONS: Mapping[HangupCause, str] = {
    HangupCause.NORMAL_CLEARING: "hangup",
    HangupCause.NORMAL_UNSPECIFIED: "hangup",
    HangupCause.BLIND_TRANSFER: "hangup",
    HangupCause.ATTENDED_TRANSFER: "hangup",
    HangupCause.USER_BUSY: "busy",
    HangupCause.BUSY_EVERYWHERE: "busy",
    HangupCause.NO_ANSWER: "no_answer",
    HangupCause.NO_USER_RESPONSE: "no_answer",
    HangupCause.PROGRESS_TIMEOUT: "no_answer",
    HangupCause.RECOVERY_ON_TIMER_EXPIRE: "no_answer",
    HangupCause.ORIGINATOR_CANCEL: "cancel",
    HangupCause.LOSE_RACE: "cancel",
    HangupCause.PICKED_OFF: "cancel",
    HangupCause.CALL_REJECTED: "declined",
    HangupCause.DECLINE: "declined",
    HangupCause.REJECT_ALL: "declined",
    HangupCause.UNWANTED: "declined",
}


def reason_of(cause: HangupCause, *, was_answered: bool) -> str:
    """Return the language's word for why a leg ended: hangup, busy, no_answer, cancel, declined, error.

    Args: was_answered: then its limit is the end of a talk, not of ringing.
    """
    if cause is HangupCause.ALLOTTED_TIMEOUT:
        return "hangup" if was_answered else "no_answer"
    word = _REASONS.get(cause, "")
    if word:
        return word
    return "hangup" if was_answered and cause.verdict is Termination.SUCCESS else "error"


def device(destination: Destination, caller: str) -> dict[str, Any]:
    """Return what a callback says of whom a leg goes to."""
    if destination.kind is Kind.PHONE:
        return {"type": "phone", "params": {"from_number": caller, "to_number": destination.text}}
    return {"type": "sip", "params": {"from": caller, "to": destination.text}}


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told of a leg. Attributes: url, events: as the document has them; caller: shown to the leg."""

    url: str
    events: frozenset[str]
    caller: str


def tell(run: ScriptRun, listener: Listener, story: LegStory) -> None:
    """Tell of a state a leg has reached. Never waits."""
    state = STATES.get(story.state, "")
    if state not in listener.events:
        return
    has_ended = story.state is LegState.ENDED
    params = {
        "call_id": story.leg.uuid,
        "node_id": run.facilities.node,
        "call_state": state,
        "direction": "outbound",
        "device": device(story.leg.destination, listener.caller),
        "end_reason": reason_of(story.cause, was_answered=story.answered_at_s > 0) if has_ended else None,
    }
    run.callback(listener.url, EVENT_TYPE, params)
