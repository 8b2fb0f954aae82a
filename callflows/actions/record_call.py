"""Starts, stops and steers recordings of the call; it answers nothing, and only an announcement delays it.

| action | does |
|---|---|
| start | begins a recording; several may run at once |
| stop | ends the newest, or the newest of that media_name (or media_id) |
| toggle | stops if there is one to stop, else starts |
| mask, unmask | silence is written from here on, or no longer |
| pause, resume | nothing is written from here on, or again: the file leaves the gap out |

Kazoo's callflows start and stop (its stop takes the newest, whatever its name; here a name that no recording
has, as where it has ended already, stops nothing else). Mask, unmask and toggle are in its metaflows' schema;
pause and resume are FreeSWITCH's.
Source: Kazoo cf_record_call, konami_record_call, kapps_call:start_recording (reference 2.3, 3.2, 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields, _recording_fields
from callflows.announcing import announce
from callflows.flow_run import FlowRun
from calls.call import Call
from config.configuration import Configured
from recording.call_recorder import CallRecorder, StartedRecording
from recording.parameters import resolve
from recording.request import RecordingRequest

START, STOP, TOGGLE = "start", "stop", "toggle"

MAX_BEEP_S = 3600
"""As recording.care.beep_every_s has it."""

Verb = Callable[[CallRecorder, Call, str], StartedRecording | None]

STEERING: Mapping[str, Verb] = {
    "mask": lambda recorder, call, name: recorder.mask(call, name),
    "unmask": lambda recorder, call, name: recorder.unmask(call, name),
    "pause": lambda recorder, call, name: recorder.pause(call, name),
    "resume": lambda recorder, call, name: recorder.resume(call, name),
}

ACTIONS = (START, STOP, TOGGLE, *STEERING)


class RecordCallData(ActionData):
    """What to do, and how and where to record."""

    action = _fields.text("What to do.", one_of=ACTIONS, required=True, shown=START)
    announcement = _fields.media(
        "Played to the caller, into the recording, as it begins; empty: nothing. "
        "recording.care.announcement.",
        load_default=None,
    )
    beep_every_s = _fields.whole(
        "How often a beep tells those who talk that they are recorded, in s, 0: never; "
        "recording.care.beep_every_s.",
        load_default=None,
        told_limits=(0, MAX_BEEP_S),
    )
    format = _recording_fields.format_()
    label = _fields.text("Named in the recording's origin; the callflow's name.", load_default="")
    media_id = _fields.text("The id of the recording's document; one is made.", load_default="")
    media_name = _fields.text("What the delivered copy is called.", load_default="")
    method = _fields.text("How the recording is sent to the URL.", one_of=("put", "post"), load_default="put")
    origin = _fields.text("How the recording came about; written, never read.", load_default="")
    record_min_sec = _fields.whole(
        "Shorter recordings are dropped, in s; media.record_min_sec.", load_default=None
    )
    record_on_answer = _fields.flag("Start when the call is answered.", load_default=False)
    record_on_bridge = _fields.flag("Start when the call is bridged.", load_default=False)
    record_sample_rate = _fields.whole(
        "The file's sample rate in Hz; ecallmgr.record_stereo_sample_rate.", load_default=None
    )
    should_follow_transfer = _fields.flag("Go on when the call is transferred.", load_default=True)
    silence_detection = _fields.flag("End the recording when nobody speaks.", load_default=False)
    silence_final_timeout = _recording_fields.silence(
        "How long nobody speaks after somebody did, in ms; less than 200 is seconds.", None, 5
    )
    silence_initial_timeout = _recording_fields.silence(
        "How long nobody speaks at all, in ms; less than 200 is seconds, 0 for ever.", None, 0
    )
    silence_threshold = _recording_fields.silence("The energy below which it is silent.", None, 200)
    time_limit = _recording_fields.time_limit()
    url = _fields.text(
        "Where the recording is sent; the configuration decides when there is none.", load_default=""
    )


def run(run: FlowRun, data: Data) -> Next:
    """Do it, go on."""
    action, call = data["action"], run.call
    name = data["media_id"] or data["media_name"]
    if action in STEERING:
        if STEERING[action](run.recorder, call, name) is None:
            call.log.info("no_recording_to_steer", wanted=action, recording_name=name)
        return CONTINUE
    if action in (STOP, TOGGLE):
        stopped = run.recorder.stop(call, name)
        if stopped is not None or action == STOP:
            return CONTINUE
    _start(run, data)
    return CONTINUE


def _start(run: FlowRun, data: Data) -> None:
    run.kvs.recording_follow_transfer = data["should_follow_transfer"]
    request = request_of(data, run.configured, run.kvs.flow_name or run.kvs.flow_id)
    recording = run.recorder.start(run.call, request)
    run.kvs.recordings.append(recording.id)
    media = data["announcement"]
    announce(
        run, recording, request, run.config("recording", "care", "announcement") if media is None else media
    )


def request_of(data: Data, config: Configured, flow_name: str) -> RecordingRequest:
    """Return what the data asks for, defaults and clamps applied.

    Args: config: of the account; flow_name: of the callflow the call began with.
    """
    return resolve(data, config, origin=origin_of(data, flow_name))


def origin_of(data: Data, flow_name: str) -> str:
    """Return how a recording came about, as its document says it."""
    return f"callflow : {data['label'] or flow_name}"


def _repair(data: dict[str, Any], refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code takes what it cannot use for absent, and any action but stop for start."""
    kept = _recording_fields.repaired(data, refused)
    kept.setdefault("action", START)
    return kept


def _doubts(data: Data) -> Iterator[Doubt]:
    every_s = data["beep_every_s"]
    if every_s is not None and not 0 <= every_s <= MAX_BEEP_S:
        yield Doubt("beep_every_s", f"must be from 0 to {MAX_BEEP_S}", is_fault=True)
    yield from _recording_fields.doubts(data)


ACTION = Action(
    schema=RecordCallData,
    run=run,
    summary="Starts, stops, masks or pauses recordings of the call.",
    repair=_repair,
    doubts=_doubts,
)
