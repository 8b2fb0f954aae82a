"""Removes variables. Source: SWML reference, unset."""

from __future__ import annotations

from swml.method import Data, Method, Outcome
from swml.properties import MethodData, one_or_many, text
from swml.run import ScriptRun


class UnsetData(MethodData):
    """The variables."""

    names = one_or_many(text("A variable's name."), "The variables' names.", required=True)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Remove them; those that are not there are removed already."""
    for name in data["names"]:
        run.variables.unset(name)
    return None


METHOD = Method(schema=UnsetData, run=run, summary="Removes variables.", sole="names")
