"""Hangs the call up, whatever called this flow. Source: Kazoo cf_hangup."""

from __future__ import annotations

from callflows.action import HARD_STOP, Action, ActionData, Data, Next
from callflows.flow_run import FlowRun


class HangupData(ActionData):
    """Nothing to say."""


def run(_run: FlowRun, _data: Data) -> Next:
    """The engine hangs up; nothing is resumed."""
    return HARD_STOP


ACTION = Action(
    schema=HangupData, run=run, summary="Hangs up; callflows that called this one do not go on.", branches=""
)
