"""Records in the foreground: the script waits until a key, silence, the limit or a hangup ends it.

The call is answered, for an unanswered caller cannot be heard. A terminating key is taken; other keys are
kept for what comes. `record_result` is `failed` where there is nothing to be heard: it could not begin (then
`record_url` is empty), or nobody spoke.
Source: SignalWire's SWML reference, record.
"""

from __future__ import annotations

import math
import time
import uuid

from calls.aside import aside
from calls.call import Call
from calls.signaling import answer
from recording.call_recorder import StartedRecording
from recording.outcome import RecordingOutcome
from recording.status import StatusState, state_of
from swml import recording_fields as fields
from swml.beep import beep
from swml.method import Data, Method, Outcome, Support
from swml.property import MethodData
from swml.record_status import observer
from swml.recording_parameters import request_of
from swml.run import ScriptRun

LOOK_S = 1.0
"""Between two looks at a recording whose end is told on another connection than the call's."""

OVERDUE_S = 30.0
"""Past its limit a recording whose end nobody told us of is waited for no longer."""

VERIFY_S = 10.0
"""For its file to be looked at; a message is short. Longer, and it counts as recorded."""

FIXED = {"should_follow_transfer": False, "beep_every_s": 0}
"""Of every message: its leg is its caller, who knows that it is recorded."""


class RecordData(MethodData):
    """What to record, and what ends it."""

    stereo = fields.stereo()
    format = fields.format_()
    direction = fields.direction("speak", "listen", default="speak")
    terminators = fields.terminators("#")
    beep = fields.beep()
    input_sensitivity = fields.input_sensitivity()
    initial_timeout = fields.initial_timeout(4.0)
    end_silence_timeout = fields.end_silence_timeout(5.0)
    max_length = fields.max_length()
    status_url = fields.status_url()


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Record to the end, go on."""
    call = run.call
    answer(call)
    if data["beep"]:
        beep(call)
    control_id = str(uuid.uuid4())
    told = (observer(run, data["status_url"], control_id),) if data["status_url"] else ()
    request = request_of(run, data, origin="swml : record", observers=told, fixed=FIXED)
    recording = run.facilities.recorder.start(call, request)
    run.recorded.append(recording.id)
    limit_s = request.time_limit_s
    _wait_over(run, recording, data, math.inf if limit_s is None else limit_s)
    run.facilities.recorder.stop(call, recording.id)
    outcome = _outcome(call, recording)
    has_file = outcome is None or outcome.path is not None
    url = run.facilities.links.url(recording.id, request.format.value) if has_file else ""
    run.variables.set("record_url", url)
    run.variables.set("record_result", "failed" if outcome is not None and is_failure(outcome) else "success")
    return None


def _outcome(call: Call, recording: StartedRecording) -> RecordingOutcome | None:
    """Return what became of it, None where that is not known in time. Raises: CallGone."""
    try:
        return aside(call, lambda: recording.wait_verified(VERIFY_S), VERIFY_S + LOOK_S)
    except TimeoutError:  # the machine is so busy that even the waiting was late
        return None


def _wait_over(run: ScriptRun, recording: StartedRecording, data: Data, limit_s: float) -> None:
    """Wait until it is over, or is to be: by a key, or by a limit in fractions of a second."""
    call, keys = run.call, data["terminators"].upper()
    exact_s = data["max_length"] or math.inf
    if exact_s == limit_s:
        exact_s = math.inf  # the recorder sees to whole ones
    pressed: list[str] = []
    began_at_s = math.inf

    def hear(digit: str) -> None:
        if digit in keys:
            pressed.append(digit)
        else:
            call.dtmf.append(digit)

    def is_over() -> bool:
        return recording.is_over or bool(pressed)

    def has_news() -> bool:
        return is_over() or (math.isinf(began_at_s) and recording.wait_started(0))

    given_up_at_s = time.monotonic() + limit_s + OVERDUE_S
    with call.dtmf.listening(hear):
        while not is_over():
            now_s = time.monotonic()
            if math.isinf(began_at_s) and recording.wait_started(0):
                began_at_s = now_s
            left_s = began_at_s + exact_s - now_s
            if left_s <= 0 or now_s > given_up_at_s:
                return
            call.wait_for(has_news, min(LOOK_S, left_s))


def is_failure(outcome: RecordingOutcome) -> bool:
    """Whether there is nothing to be heard, as status callbacks have it."""
    return state_of(outcome) is not StatusState.FINISHED


METHOD = Method(
    schema=RecordData,
    run=run,
    summary="Records, and waits for the end.",
    support=Support.PARTLY,
    limits="stereo: one direction has one channel",
)
