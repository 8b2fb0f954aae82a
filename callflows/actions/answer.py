"""Answers the call. Source: Kazoo cf_answer."""

from __future__ import annotations

from callflows.action import CONTINUE, Action, ActionData, Data, Next
from callflows.flow_run import FlowRun
from calls.signaling import answer


class AnswerData(ActionData):
    """Nothing to say."""


def run(run: FlowRun, _data: Data) -> Next:
    """Answer, wait until that is done, go on."""
    answer(run.call)
    return CONTINUE


ACTION = Action(schema=AnswerData, run=run, summary="Answers the call.")
