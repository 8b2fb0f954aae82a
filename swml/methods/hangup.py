"""Hangs the call up. Source: SWML reference, hangup."""

from __future__ import annotations

from calls.cause import HangupCause
from swml.method import Data, Method, Outcome, Way
from swml.properties import MethodData, text
from swml.run import ScriptRun

CAUSES = {
    "hangup": HangupCause.NORMAL_CLEARING,
    "busy": HangupCause.USER_BUSY,
    "decline": HangupCause.CALL_REJECTED,
}


class HangupData(MethodData):
    """Why."""

    reason = text("What the other side is told.", one_of=CAUSES, default="hangup")


def run(_run: ScriptRun, data: Data) -> Outcome:
    """End the script; whoever runs it hangs up."""
    return Outcome(Way.END, cause=CAUSES[data["reason"]].value)


METHOD = Method(schema=HangupData, run=run, summary="Hangs the call up.")
