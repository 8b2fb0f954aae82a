"""Goes back to who executed this section; ends the script where nobody did.

Source: SWML reference, return.
"""

from __future__ import annotations

from swml.method import Data, Method, Outcome, Way
from swml.properties import MethodData, anything
from swml.run import ScriptRun


class ReturnData(MethodData):
    """The value."""

    value = anything("Becomes return_value; null: none does.")


def run(_run: ScriptRun, data: Data) -> Outcome:
    """Go back with the value."""
    return Outcome(Way.RETURN, value=data["value"])


METHOD = Method(
    schema=ReturnData,
    run=run,
    summary="Goes back to who executed this section, with a value; ends the script where nobody did.",
    sole="value",
)
