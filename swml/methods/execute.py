"""Runs a section, or another document, and comes back. Source: SWML reference, execute."""

from __future__ import annotations

from typing import Any

from swml.document import Step
from swml.method import Data, Method, Outcome, Way
from swml.methods import _destination
from swml.properties import MethodData, mapping, result, steps, text
from swml.run import ScriptRun


class ExecuteData(MethodData):
    """What, with what, and what then."""

    dest = text("A section, a URL, or a document as JSON.", required=True)
    params = mapping("Given to it as params.")
    meta = mapping("For the document's author; not looked at.")
    on_return = steps("Run when it has come back.")
    result = result("Steps chosen by the value it returned.")


def run(run: ScriptRun, data: Data) -> Outcome:
    """Have the interpreter run it, and then what is to be run for what it returned."""

    def on_return(value: Any) -> tuple[Step, ...]:
        chosen: tuple[Step, ...] = data["result"](run, value)
        return (*data["on_return"], *chosen)

    return Outcome(
        Way.EXECUTE,
        dest=_destination.destination(run, data),
        params=data["params"],
        meta=data["meta"],
        on_return=on_return,
    )


METHOD = Method(
    schema=ExecuteData,
    run=run,
    summary="Runs a section or another document, and comes back.",
    keeps=frozenset({"dest"}),
    check=_destination.check,
)
