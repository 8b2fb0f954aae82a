"""Runs one of two lists of steps: `cond` with a single condition.

The language's schema does not have it; documents made by hand do.
"""

from __future__ import annotations

from swml.method import Data, Method, Outcome, inline
from swml.properties import MethodData, steps, text
from swml.run import ScriptRun


class IfData(MethodData):
    """The condition, and the steps for either way it turns out."""

    when = text("A JavaScript condition.", required=True)
    then = steps("Where it holds.", required=True)
    otherwise = steps("Where it does not.", name="else")


def run(run: ScriptRun, data: Data) -> Outcome:
    """Run the steps for the way the condition turns out."""
    return inline(data["then"] if run.holds(data["when"]) else data["else"])


METHOD = Method(
    schema=IfData,
    run=run,
    summary="Runs steps where a condition holds, others where it does not.",
    keeps=frozenset({"when"}),
)
