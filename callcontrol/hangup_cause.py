"""Why a call ended, in the words that call.hangup has, and who ended it.

| FreeSWITCH's cause | hangup_cause |
|---|---|
| ended by either side | normal_clearing |
| gave up before the answer | originator_cancel |
| ALLOTTED_TIMEOUT, PROGRESS_TIMEOUT and NO_ANSWER of our own timer, unanswered | timeout |
| ALLOTTED_TIMEOUT, answered | time_limit |
| refused, forbidden, barred | call_rejected |
| busy | user_busy |
| no such number, nobody there | not_found |
| rang on, or no reaction | no_answer |
| anything else | unspecified |

Whoever hung up is told by the SIP message that ended the leg: one that came from the leg's own phone, or one
that went to it. Source: FreeSWITCH mod_sofia.c, sofia_on_hangup; sofia.c (sip_hangup_disposition); the
CallHangup model of Telnyx' Python package.
"""

from __future__ import annotations

from callcontrol.events import HangupSource
from callcontrol.snapshot import Snapshot
from calls.cause import HangupCause as Cause

UNSPECIFIED = "unspecified"

_WORDS: dict[str, tuple[Cause, ...]] = {
    "normal_clearing": (
        Cause.NORMAL_CLEARING,
        Cause.SUCCESS,
        Cause.BLIND_TRANSFER,
        Cause.ATTENDED_TRANSFER,
        Cause.PICKED_OFF,
        Cause.BOWOUT,
        Cause.MANAGER_REQUEST,
        Cause.CALL_AWARDED_DELIVERED,
        Cause.REDIRECTION_TO_NEW_DESTINATION,
    ),
    "originator_cancel": (Cause.ORIGINATOR_CANCEL, Cause.LOSE_RACE),
    "call_rejected": (
        Cause.CALL_REJECTED,
        Cause.DECLINE,
        Cause.REJECT_ALL,
        Cause.UNWANTED,
        Cause.OUTGOING_CALL_BARRED,
        Cause.INCOMING_CALL_BARRED,
        Cause.BEARERCAPABILITY_NOTAUTH,
        Cause.USER_CHALLENGE,
        Cause.FACILITY_REJECTED,
    ),
    "user_busy": (Cause.USER_BUSY, Cause.BUSY_EVERYWHERE),
    "not_found": (
        Cause.UNALLOCATED_NUMBER,
        Cause.NO_ROUTE_DESTINATION,
        Cause.NO_ROUTE_TRANSIT_NET,
        Cause.DOES_NOT_EXIST_ANYWHERE,
        Cause.SUBSCRIBER_ABSENT,
        Cause.USER_NOT_REGISTERED,
        Cause.NUMBER_CHANGED,
        Cause.INVALID_NUMBER_FORMAT,
        Cause.INVALID_GATEWAY,
        Cause.INVALID_PROFILE,
        Cause.INVALID_URL,
    ),
    "no_answer": (Cause.NO_ANSWER, Cause.NO_USER_RESPONSE, Cause.NO_PICKUP, Cause.RECOVERY_ON_TIMER_EXPIRE),
    "timeout": (Cause.ALLOTTED_TIMEOUT, Cause.PROGRESS_TIMEOUT),
}
_OF_CAUSE = {cause: word for word, causes in _WORDS.items() for cause in causes}


def word_of(snapshot: Snapshot) -> str:
    """Return hangup_cause of a leg that is over."""
    cause = Cause.of(snapshot.event.get("Hangup-Cause"))
    if cause is Cause.ALLOTTED_TIMEOUT and snapshot.was_answered:
        return "time_limit"
    if cause is Cause.NO_ANSWER and _gave_up(snapshot):
        return "timeout"
    if cause is Cause.NORMAL_CLEARING and not (snapshot.was_answered or snapshot.is_incoming):
        return "originator_cancel"  # a command hung up what rang
    return word_of_cause(cause)


def word_of_cause(cause: Cause) -> str:
    """Return hangup_cause of a leg that never came to be."""
    return _OF_CAUSE.get(cause, UNSPECIFIED)


def _gave_up(snapshot: Snapshot) -> bool:
    """Whether a leg that we dialled was given up without a response: by our own timer, then."""
    return not snapshot.is_incoming and not snapshot.was_answered and not sip_code_of(snapshot)


def sip_code_of(snapshot: Snapshot) -> str:
    """Return the SIP response that ended a leg, "" for none: an answered leg ends by BYE."""
    code = snapshot.variable("sip_term_status") or snapshot.variable("sip_invite_failure_status")
    return code if len(code) == 3 and code.isascii() and code.isdigit() else ""


def source_of(snapshot: Snapshot) -> HangupSource:
    """Return who hung up. At a leg's own end is the caller if it came in, else the callee."""
    disposition = snapshot.variable("sip_hangup_disposition")
    if disposition.startswith("recv_"):
        return HangupSource.CALLER if snapshot.is_incoming else HangupSource.CALLEE
    if disposition.startswith("send_"):
        return HangupSource.CALLEE if snapshot.is_incoming else HangupSource.CALLER
    return HangupSource.UNKNOWN
