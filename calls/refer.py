"""Asks the caller's telephone to call somebody else: SIP's REFER once it is answered, 302 before.

    answered: deflect --202--> asked --NOTIFY of the new call's 200--> SUCCESS, of another end--> FAILED
                      --another answer--> FAILED            --nothing within the limit--> NO_ANSWER
    unanswered: redirect ends the call with 302: what becomes of the new call is nobody's to tell us

FreeSWITCH would hang the call up by itself as soon as REFER is answered; sip_refer_continue_after_reply keeps
it, so that a script goes on when its telephone says no. Answers come as channel variables without any event
of their own, so they are asked for.
Source: FreeSWITCH mod_sofia.c (SWITCH_MESSAGE_INDICATE_DEFLECT, ..._REDIRECT), sofia.c
(sofia_handle_sip_r_refer, sofia_handle_sip_i_notify); RFC 3515.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from calls.call import Call
from calls.destination import Destination, Kind
from calls.errors import CallGone, NotDialable
from esl.errors import EslError

LIMIT_S = 120.0
"""For the new call to be answered; RFC 3515 gives such a subscription three minutes at the most."""

ANSWER_LIMIT_S = 32.0
"""For the telephone to answer REFER itself (RFC 3261, timer F)."""

FIRST_LOOK_S, LOOK_S = 0.1, 0.5
"""How often the answers are asked for; the first within the time of one round trip, the new call's ring for
seconds."""

ANSWERED, TARGET_ANSWERED = "sip_refer_status_code", "sip_refer_target_status_code"
_FRESH = {ANSWERED: "", TARGET_ANSWERED: "", "sip_refer_reply": "", "sip_refer_continue_after_reply": "true"}


class ReferResult(StrEnum):
    """What came of it."""

    SUCCESS = "success"  # the new call is answered
    FAILED = "failed"  # the telephone did not want to, or the new call failed
    NO_ANSWER = "no_answer"  # nothing was said in time
    REDIRECTED = "redirected"  # an unanswered call was ended with 302


@dataclass(frozen=True, slots=True)
class Referral:
    """The end of one. Attributes: code: the answer to REFER itself; target_code: what became of the new call;
    0 for what was never told; is_gone: the call ended meanwhile, as it should after a success.
    """

    result: ReferResult
    code: int = 0
    target_code: int = 0
    is_gone: bool = False


def refer(call: Call, to: Destination, *, on_progress: Callable[[Referral], None] | None = None) -> Referral:
    """Refer the caller to a SIP address, and wait for what comes of it.

    Args: on_progress: told once the telephone has taken REFER. Raises: NotDialable: no SIP address;
    CallGone: the call was over before anything was said of it.
    """
    if to.kind is not Kind.SIP:
        raise NotDialable(to.text, "callers are referred to sip: and sips: addresses only")
    if not call.is_answered:
        call.submit("redirect", to.text)
        call.wait_ended(ANSWER_LIMIT_S)
        return Referral(ReferResult.REDIRECTED, is_gone=call.is_ended)
    call.set(_FRESH)
    call.submit("deflect", f"<{to.text}>" if ";" in to.text else to.text)
    code = target_code = 0
    try:
        code = _wait_for(call, ANSWERED, ANSWER_LIMIT_S)
        if not 200 <= code < 300:
            return Referral(ReferResult.FAILED if code else ReferResult.NO_ANSWER, code)
        if on_progress is not None:
            on_progress(Referral(ReferResult.SUCCESS, code))
        target_code = _wait_for(call, TARGET_ANSWERED, LIMIT_S)
    except CallGone:
        # A telephone that has gone on to the new call says goodbye, often before it says what became of it.
        if not code:
            raise
        return Referral(ReferResult.SUCCESS, code, target_code, is_gone=True)
    if not target_code:
        return Referral(ReferResult.NO_ANSWER, code)
    is_success = 200 <= target_code < 300
    return Referral(ReferResult.SUCCESS if is_success else ReferResult.FAILED, code, target_code)


def _wait_for(call: Call, variable: str, limit_s: float) -> int:
    """Return a final status once FreeSWITCH has it, 0 when it does not in time. Raises: CallGone."""
    waited_s, pause_s = 0.0, FIRST_LOOK_S
    while waited_s < limit_s:
        call.sleep(pause_s)
        waited_s, pause_s = waited_s + pause_s, min(pause_s * 2, LOOK_S)
        try:
            text = call.api("uuid_getvar", f"{call.uuid} {variable}")
        except EslError:  # the channel ends; the next wait tells
            continue
        if text.isascii() and text.isdigit() and int(text) >= 200:
            return int(text)
    return 0
