"""Runs steps where a condition holds. Source: SWML reference, cond."""

from __future__ import annotations

from swml.method import Data, Method, Outcome, inline
from swml.properties import MethodData, conditions
from swml.run import ScriptRun


class CondData(MethodData):
    """The conditions."""

    conditions = conditions("Tried one after the other: `when` and `then`; or `else`.", required=True)


def run(run: ScriptRun, data: Data) -> Outcome:
    """Run the steps of the first condition that holds."""
    return inline(data["conditions"](run))


METHOD = Method(
    schema=CondData, run=run, summary="Runs the steps of the first condition that holds.", sole="conditions"
)
