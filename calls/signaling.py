"""Verbs on the call as such: answer it, refuse it, hang it up."""

from __future__ import annotations

import re
from collections.abc import Mapping

from calls.call import Call
from calls.cause import HangupCause
from calls.errors import CallGone
from esl.errors import EslError

ANSWER_TIMEOUT_S = 15.0
"""An answer waits for the media to come up; longer, and the caller has heard nothing for too long."""

HANGUP_TIMEOUT_S = 5.0
"""After this an unlocked hangup has not been taken up: the channel's thread is stuck in something."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}\Z")

PROGRESS_HEADER = "sip_ph_"
"""Channel variables of this prefix become headers of the response. Source: mod_sofia.h,
SOFIA_SIP_PROGRESS_HEADER_PREFIX."""


def answer(call: Call, *, wait: bool = True) -> None:
    """Answer the call, unless it is answered already.

    Args: wait: False lets the next command leave at once; FreeSWITCH takes both up in their order.
    Raises: CallGone, CommandFailed, ReplyTimeout.
    """
    if call.is_answered:
        return
    completion = call.submit("answer")
    if wait:
        call.completed(completion, ANSWER_TIMEOUT_S)


def pre_answer(call: Call) -> None:
    """Open the media without answering. Raises: CallGone."""
    if not call.is_answered:
        call.submit("pre_answer")


def respond(call: Call, code: int, text: str = "", headers: Mapping[str, str] | None = None) -> None:
    """End an unanswered call with a SIP status; an answered one is hung up with the cause that means it.

    Args: code: 300 to 699; text: the reason phrase, "" for the usual one; headers: of the response.
    Raises: nothing; a call that is gone already is what was wanted.
    """
    cause = HangupCause.of_sip(code)
    if call.is_answered or not 300 <= code <= 699:
        hangup(call, cause)
        return
    phrase = _CONTROL.sub(" ", text).strip()
    variables = {
        PROGRESS_HEADER + name: value for name, value in (headers or {}).items() if _HEADER_NAME.match(name)
    }
    try:
        call.set(variables)
        # The hangup is for channels whose kind knows no SIP response; mod_sofia has ended by then.
        call.submit_many([("respond", f"{code} {phrase}".strip(), False), ("hangup", cause.value, False)])
    except CallGone:
        return
    _await_end(call, cause)


def hangup(call: Call, cause: HangupCause = HangupCause.NORMAL_CLEARING) -> None:
    """Hang the call up and see that it ends. Raises: nothing; a call that is gone is what was wanted."""
    try:
        call.submit("hangup", cause.value)
    except CallGone:
        return
    _await_end(call, cause)


def _await_end(call: Call, cause: HangupCause) -> None:
    if call.wait_ended(HANGUP_TIMEOUT_S):
        return
    try:
        # Not through the channel's own queue: uuid_kill reaches a channel that takes nothing up.
        call.api("uuid_kill", f"{call.uuid} {cause.value}")
    except EslError as exc:
        call.log.warning("hangup_not_confirmed", reason=str(exc), outcome="the connection is closed")
    call.wait_ended(HANGUP_TIMEOUT_S)
