"""Names a place that `goto` can jump to. Source: SWML reference, label."""

from __future__ import annotations

from swml.method import Data, Method, Outcome
from swml.properties import MethodData, text
from swml.run import ScriptRun


class LabelData(MethodData):
    """The name."""

    label = text("The name of the place.", required=True)


def run(_run: ScriptRun, _data: Data) -> Outcome | None:
    """Go on: the interpreter finds labels by itself."""
    return None


METHOD = Method(
    schema=LabelData,
    run=run,
    summary="Names a place that goto can jump to.",
    sole="label",
    keeps=frozenset({"label"}),
)
