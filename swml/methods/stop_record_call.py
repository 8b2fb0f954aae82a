"""Stops a recording of record_call: that of a control id, else the latest.

`stop_record_call_result` is `failed` where there is none that runs.
Source: SignalWire's SWML reference, stop_record_call.
"""

from __future__ import annotations

from recording.call_recorder import StartedRecording
from swml.method import Data, Method, Outcome
from swml.properties import text
from swml.property import MethodData
from swml.run import ScriptRun
from swml.value import as_text


class StopRecordCallData(MethodData):
    """Which to stop."""

    control_id = text("That of the recording; the variable record_control_id, else the latest that runs.")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Have it stopped, go on."""
    recording = _chosen(run, data["control_id"])
    stopped = None if recording is None else run.facilities.recorder.stop(run.call, recording.id)
    if stopped is None:
        run.log.warning("no_recording_to_stop", control_id=data["control_id"] or "")
    run.variables.set("stop_record_call_result", "failed" if stopped is None else "success")
    return None


def _chosen(run: ScriptRun, control_id: str | None) -> StartedRecording | None:
    """Return the recording meant, None when it does not run."""
    running = {known: one for known, one in run.recordings.items() if not one.is_over}
    if control_id:
        return running.get(control_id)
    latest = as_text(run.variables.get("record_control_id"))
    return running.get(latest) or next(reversed(running.values()), None)


METHOD = Method(schema=StopRecordCallData, run=run, summary="Stops a background recording.")
