"""Records in the background: the script goes on at once, the recording until it is stopped or the call ends.

`record_call_result` is `failed` where it did not begin, or its control id is that of one that runs. The URL
works from then on; what it leads to is whole when the recording is over.
Source: SignalWire's SWML reference, record_call.
"""

from __future__ import annotations

import uuid

from recording.call_recorder import StartedRecording
from swml import recording_fields as fields
from swml.beep import beep
from swml.method import Data, Method, Outcome, Support
from swml.properties import text
from swml.property import MethodData
from swml.record_status import observer
from swml.recording_parameters import request_of
from swml.run import ScriptRun

BEGIN_S = 2.0
"""For FreeSWITCH to say that it records, which takes a fiftieth of a second. Longer, and it is believed."""


class RecordCallData(MethodData):
    """What to record, and what ends it."""

    control_id = text("What stop_record_call names it by; one is made.", default="")
    stereo = fields.stereo()
    format = fields.format_()
    direction = fields.direction("speak", "listen", "both", default="both")
    terminators = fields.terminators("")
    beep = fields.beep()
    input_sensitivity = fields.input_sensitivity()
    initial_timeout = fields.initial_timeout(0.0)
    end_silence_timeout = fields.end_silence_timeout(0.0)
    max_length = fields.max_length()
    status_url = fields.status_url()


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Have it begin, go on."""
    control_id = data["control_id"] or str(uuid.uuid4())
    known = run.recordings.get(control_id)
    if known is not None and not known.is_over:
        run.log.warning("recording_not_started", control_id=control_id, reason="one of that control id runs")
        _conclude(run, "", control_id, has_begun=False)
        return None
    if data["beep"]:
        beep(run.call)
    told = (observer(run, data["status_url"], control_id),) if data["status_url"] else ()
    request = request_of(
        run,
        data,
        origin="swml : record_call",
        label=data["control_id"],
        observers=told,
    )
    recording = run.facilities.recorder.start(run.call, request)
    run.recorded.append(recording.id)
    run.recordings.pop(control_id, None)  # the newest stands last
    run.recordings[control_id] = recording
    url = run.facilities.links.url(recording.id, request.format.value)
    _conclude(run, url, control_id, has_begun=_has_begun(run, recording))
    return None


def _has_begun(run: ScriptRun, recording: StartedRecording) -> bool:
    run.call.wait_for(lambda: recording.is_over or recording.wait_started(0), BEGIN_S)
    return not recording.is_over or recording.wait_started(0)


def _conclude(run: ScriptRun, url: str, control_id: str, *, has_begun: bool) -> None:
    run.variables.set("record_call_url", url if has_begun else "")
    run.variables.set("record_call_result", "success" if has_begun else "failed")
    if has_begun:
        run.variables.set("record_control_id", control_id)


METHOD = Method(
    schema=RecordCallData,
    run=run,
    summary="Records in the background.",
    support=Support.PARTLY,
    limits="stereo: one direction has one channel",
)
