"""Does nothing; a place in the tree. Source: Kazoo cf_noop."""

from __future__ import annotations

from callflows.action import CONTINUE, Action, ActionData, Data, Needs, Next
from callflows.flow_run import FlowRun


class NoopData(ActionData):
    """Nothing to say."""


def run(_run: FlowRun, _data: Data) -> Next:
    """Go on. Kazoo waits here for commands that are queued before it; here none ever are."""
    return CONTINUE


ACTION = Action(schema=NoopData, run=run, summary="Does nothing and goes on.", needs=Needs.NOTHING)
