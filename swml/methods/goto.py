"""Jumps to a label of the same section, a bounded number of times. Source: SWML reference, goto."""

from __future__ import annotations

from collections.abc import Iterator

from swml.method import NEXT, Data, Fault, Method, Names, Outcome, Way
from swml.properties import MethodData, text, whole
from swml.run import ScriptRun
from swml.value import has_expression

MOST = 100


class GotoData(MethodData):
    """Where to, and whether."""

    label = text("The label, of this section or of the list of steps this stands in.", required=True)
    when = text("A JavaScript condition; without one, it always jumps.")
    max = whole("How many times it jumps; then it goes on.", default=MOST, minimum=1, maximum=MOST)


def run(run: ScriptRun, data: Data) -> Outcome:
    """Jump, if there is no condition or it holds; the interpreter counts."""
    if data["when"] is not None and not run.holds(data["when"]):
        return NEXT
    return Outcome(Way.GOTO, dest=data["label"], limit=data["max"])


def _check(data: Data, names: Names) -> Iterator[Fault]:
    label = data["label"]
    if not has_expression(label) and label not in names.labels:
        yield Fault(
            "label", f"there is no label {label[:64]!r} to go to", code="relay_script_element_undefined"
        )


METHOD = Method(
    schema=GotoData,
    run=run,
    summary="Jumps to a label of the same section.",
    keeps=frozenset({"when"}),
    check=_check,
)
