"""Forgets the digits of a collection. Source: Kazoo cf_flush_dtmf."""

from __future__ import annotations

from callflows.action import CONTINUE, Action, ActionData, Data, Needs, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.dtmf import DEFAULT


class FlushDtmfData(ActionData):
    """Which collection."""

    collection_name = _fields.text("The collection to empty.", load_default=DEFAULT)


def run(run: FlowRun, data: Data) -> Next:
    """Empty it, go on."""
    run.call.dtmf.flush(data["collection_name"] or DEFAULT)
    return CONTINUE


ACTION = Action(schema=FlushDtmfData, run=run, summary="Empties a collection of digits.", needs=Needs.NOTHING)
