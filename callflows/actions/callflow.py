"""Runs another callflow of the account, then goes on here. Source: Kazoo cf_callflow."""

from __future__ import annotations

from collections.abc import Iterator

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Needs, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun


class CallflowData(ActionData):
    """Which one."""

    id = _fields.text("The document of the callflow to run.", load_default="")


def run(run: FlowRun, data: Data) -> Next:
    """Branch to it; `_` is where the call goes on when that one stops, or when there is no such callflow."""
    into = run.branch(data["id"])
    if into is None:
        run.call.log.warning("callflow_missing", callflow=data["id"], outcome="continued at _")
        return CONTINUE
    return into


def _doubts(data: Data) -> Iterator[Doubt]:
    if not data["id"]:
        yield Doubt("id", "missing: the node is passed over")


ACTION = Action(
    schema=CallflowData,
    run=run,
    summary="Runs another callflow; `_` runs when that one stops.",
    needs=Needs.NOTHING,
    doubts=_doubts,
)
