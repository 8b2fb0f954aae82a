"""Answers the call. Source: SWML reference, answer."""

from __future__ import annotations

from calls.cause import HangupCause
from calls.signaling import answer
from swml.method import Data, Method, Outcome, Support
from swml.properties import MethodData, text, whole
from swml.run import ScriptRun

DEFAULT_S = 4 * 3600
MONTH_S = 30 * 86_400


class AnswerData(MethodData):
    """How."""

    max_duration = whole("Seconds after which the call is hung up.", default=DEFAULT_S)
    codecs = text("Codecs to take, by commas, the best first.")
    username = text("For SIP authentication.")
    password = text("For SIP authentication.")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Answer, wait until that is done; one that is answered is given the limit, if any is asked for."""
    call = run.call
    was_answered = call.is_answered
    if not was_answered and data["codecs"]:
        call.set({"absolute_codec_string": _codecs(data["codecs"])})
    answer(call)
    limit_s = data["max_duration"]
    if limit_s > 0 and not (was_answered and limit_s == DEFAULT_S):
        call.submit("sched_hangup", f"+{min(limit_s, MONTH_S)} {HangupCause.ALLOTTED_TIMEOUT}")
    run.variables.set("answer_result", "success")
    return None


def _codecs(text: str) -> str:
    """Return FreeSWITCH's names of codecs: only what looks like one gets through."""
    names = (name.strip() for name in text.split(","))
    return ",".join(name for name in names if name.replace("-", "").isalnum() and name.isascii())


METHOD = Method(
    schema=AnswerData,
    run=run,
    summary="Answers the call.",
    support=Support.PARTLY,
    limits="username and password are for calls of the cloud's own, and have no effect",
)
