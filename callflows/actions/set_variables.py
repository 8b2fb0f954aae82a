"""Sets custom application variables on the channel. Source: Kazoo cf_set_variables."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from marshmallow import fields

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.variables import application_variables, set_variables


class SetVariablesData(ActionData):
    """The variables, and whether later legs get them too."""

    custom_application_vars = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "Names and values, set as cav_<name> (json_cav_<name> for objects and arrays).",
            "default": {},
        },
    )
    export = _fields.flag("Whether legs bridged later get them too.", load_default=False)


def run(run: FlowRun, data: Data) -> Next:
    """Set them in one round, go on."""
    variables, refused = application_variables(data["custom_application_vars"])
    if refused:
        run.call.log.warning("variables_not_set", names=refused, outcome="the others are set")
    if variables:
        set_variables(run.call, variables, export=data["export"])
    return CONTINUE


def _repair(data: dict[str, Any], _refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code sets nothing when there is nothing to set."""
    data.setdefault("custom_application_vars", {})
    return data


def _doubts(data: Data) -> Iterator[Doubt]:
    _, refused = application_variables(data["custom_application_vars"])
    if refused:
        yield Doubt(
            "custom_application_vars",
            f"cannot be set: {', '.join(sorted(refused))} (letters, digits and _.- in names; no line breaks)",
        )


ACTION = Action(
    schema=SetVariablesData,
    run=run,
    summary="Sets custom application variables.",
    repair=_repair,
    doubts=_doubts,
)
