"""Goes to a section, or to another document, for good. Source: SWML reference, transfer."""

from __future__ import annotations

from swml.method import Data, Method, Outcome, Way
from swml.methods import _destination
from swml.properties import MethodData, mapping, text
from swml.run import ScriptRun


class TransferData(MethodData):
    """Where to, and with what."""

    dest = text("A section, a URL, or a document as JSON.", required=True)
    params = mapping("Given to it as params.")
    meta = mapping("For the document's author; not looked at.")


def run(run: ScriptRun, data: Data) -> Outcome:
    """Have the interpreter go there."""
    return Outcome(
        Way.TRANSFER, dest=_destination.destination(run, data), params=data["params"], meta=data["meta"]
    )


METHOD = Method(
    schema=TransferData,
    run=run,
    summary="Goes to a section or another document, for good.",
    keeps=frozenset({"dest"}),
    check=_destination.check,
)
