"""Sets one of the two custom channel variables a callflow may set. Source: Kazoo cf_set_variable."""

from __future__ import annotations

from collections.abc import Iterator

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.variables import set_custom_channel_variable

NAMES = {"call_priority": "Call-Priority", "group_id": "Group-ID"}
"""The variables of documents, and the custom channel variables they set; there are no others."""


class SetVariableData(ActionData):
    """Which variable, its value, on which legs."""

    variable = _fields.text("call_priority or group_id; others are ignored.", load_default="")
    value = _fields.text("Its value.", load_default="")
    channel = _fields.text(
        "a: on this leg; both: on legs bridged later too.", one_of=("a", "both"), load_default="a"
    )


def run(run: FlowRun, data: Data) -> Next:
    """Set it if it may be set, go on."""
    name = NAMES.get(data["variable"])
    if name is None or not data["value"]:
        run.call.log.warning("variable_not_set", reason="no such variable" if name is None else "no value")
        return CONTINUE
    set_custom_channel_variable(run.call, name, data["value"], export=data["channel"] == "both")
    return CONTINUE


def _doubts(data: Data) -> Iterator[Doubt]:
    if data["variable"] not in NAMES:
        yield Doubt("variable", f"is ignored; the variables that can be set are {', '.join(NAMES)}")
    if not data["value"]:
        yield Doubt("value", "missing: nothing is set")


ACTION = Action(
    schema=SetVariableData,
    run=run,
    summary="Sets the call's priority or group.",
    doubts=_doubts,
)
