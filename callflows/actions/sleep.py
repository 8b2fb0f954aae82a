"""Waits, without answering. Source: Kazoo cf_sleep."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any

from callflows.action import CONTINUE, Action, ActionData, Data, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun

UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
DAY_MS = 86_400_000


class SleepData(ActionData):
    """How long."""

    duration = _fields.whole("How long to wait; a day at most.", 0, DAY_MS, load_default=0)
    unit = _fields.text("The unit of the duration.", one_of=UNITS_MS, load_default="s")


def run(run: FlowRun, data: Data) -> Next:
    """Wait, go on; a hangup meanwhile stops the flow."""
    run.call.sleep(min(data["duration"] * UNITS_MS[data["unit"]], DAY_MS) / 1000)
    return CONTINUE


def _repair(data: dict[str, Any], _refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code clamps the duration and takes an unknown unit for seconds."""
    duration = data.get("duration")
    if isinstance(duration, int) or (isinstance(duration, float) and not math.isnan(duration)):
        data["duration"] = int(min(max(duration, 0), DAY_MS))
    if data.get("unit") not in UNITS_MS:
        data["unit"] = "s"
    return data


ACTION = Action(schema=SleepData, run=run, summary="Waits, without answering.", repair=_repair)
