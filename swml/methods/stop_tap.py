"""Ends a tap: that of the control id, or the one started last that still runs.

`stop_tap_result` is `success`, or `failed` where there is none.
Source: SignalWire's SWML reference, stop_tap.
"""

from __future__ import annotations

from swml import tapping
from swml.method import Data, Method, Outcome
from swml.properties import MethodData, text
from swml.run import ScriptRun


class StopTapData(MethodData):
    """Which tap."""

    control_id = text("The tap's control_id; the latest unless given.", default="")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Stop it, go on."""
    stopped = tapping.stop(run, data["control_id"])
    run.variables.set("stop_tap_result", "success" if stopped else "failed")
    return None


METHOD = Method(schema=StopTapData, run=run, summary="Ends a tap.")
