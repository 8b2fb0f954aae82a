"""Sets variables. Source: SWML reference, set, Expressions."""

from __future__ import annotations

from swml.method import Data, Method, Outcome
from swml.properties import MethodData, mapping
from swml.run import ScriptRun
from swml.value import as_text


class SetData(MethodData):
    """The variables."""

    variables = mapping("Values by the names of variables.", required=True)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Set one after the other: each sees those before it."""
    for name, value in data["variables"].items():
        run.variables.set(as_text(run.expand(name)), run.expand(value))
    return None


METHOD = Method(
    schema=SetData, run=run, summary="Sets variables.", sole="variables", keeps=frozenset({"variables"})
)
