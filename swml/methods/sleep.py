"""Waits. Source: SWML reference, sleep."""

from __future__ import annotations

from swml.method import Data, Method, Outcome
from swml.properties import MethodData, whole
from swml.run import ScriptRun

HOUR_S = 3600.0


class SleepData(MethodData):
    """How long."""

    duration = whole("Milliseconds; -1: until the call ends.", minimum=-1, required=True)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Wait, go on; a hangup meanwhile ends the script."""
    if data["duration"] >= 0:
        run.call.sleep(data["duration"] / 1000)
        return None
    while True:
        run.call.sleep(HOUR_S)


METHOD = Method(schema=SleepData, run=run, summary="Waits.", bare="duration")
