"""Runs the steps for a variable's value. Source: SWML reference, switch; Errors."""

from __future__ import annotations

from swml.branching import value_named
from swml.errors import ScriptError
from swml.method import Data, Method, Outcome, inline
from swml.properties import MethodData, cases, steps, text
from swml.run import ScriptRun
from swml.value import as_text


class SwitchData(MethodData):
    """The variable, and the steps."""

    variable = text("The variable's name, such as call.type.", required=True)
    case = cases("Steps by the value they are for.", required=True)
    default = steps("For every other value.", default=None)


def run(run: ScriptRun, data: Data) -> Outcome:
    """Run the steps of the case; of the default where there is none.

    Raises: ScriptError: there is neither.
    """
    value = as_text(value_named(run, data["variable"]))
    chosen = data["case"].get(value, data["default"])
    if chosen is None:
        raise ScriptError(
            f"no case for {value[:64]!r} of {data['variable'][:64]}, and no default",
            code="relay_script_method_no_matching_condition",
        )
    return inline(chosen)


METHOD = Method(
    schema=SwitchData,
    run=run,
    summary="Runs the steps for a variable's value.",
    keeps=frozenset({"variable"}),
)
