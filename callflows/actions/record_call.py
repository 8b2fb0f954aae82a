"""Starts or stops the recording of the call; it neither answers nor delays it.

No parameter is worth losing a recording over: what cannot be used is told when the document is validated,
and the recording runs with what Kazoo's code would take instead.
Source: Kazoo cf_record_call, kapps_call:start_recording (reference sections 2.3 and 3.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from recording.parameters import RATES_HZ, resolve
from recording.request import RecordingRequest
from storage import http_url

MIN_TIME_LIMIT_S, MAX_TIME_LIMIT_S = 5, 10_800
"""Of the published schema; media.max_recording_time_limit may be lower."""

NOT_IN_FORCE = {
    "record_on_answer": "the recording starts at once, not when the call is answered",
    "record_on_bridge": "the recording starts at once, not when the call is bridged",
    "silence_detection": "silence does not end the recording",
    "silence_final_timeout": "silence does not end the recording",
    "silence_initial_timeout": "silence does not end the recording",
    "silence_threshold": "silence does not end the recording",
    "media_id": "the recording's document gets an id of its own",
}
"""Parameters of the published schema that are accepted and not acted on, and what happens instead."""


class RecordCallData(ActionData):
    """Whether to start or to stop, and how and where to record."""

    action = _fields.text("Start or stop.", one_of=("start", "stop"), required=True, shown="start")
    format = _fields.text(
        "The file's format; media.call_recording.extension.", one_of=("mp3", "wav"), load_default=None
    )
    label = _fields.text("Named in the recording's origin; the callflow's name.", load_default="")
    media_id = _fields.text("The id of the recording's document.", load_default="")
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
    silence_final_timeout = _fields.whole(
        "How long nobody speaks after somebody did.", load_default=None, shown=5
    )
    silence_initial_timeout = _fields.whole("How long nobody speaks at all.", load_default=None, shown=0)
    silence_threshold = _fields.whole("The energy below which it is silent.", load_default=None, shown=200)
    time_limit = _fields.whole(
        "The longest the recording may get, in s; media.max_recording_time_limit.",
        load_default=None,
        shown=3600,
        told_limits=(MIN_TIME_LIMIT_S, MAX_TIME_LIMIT_S),
    )
    url = _fields.text(
        "Where the recording is sent; the configuration decides when there is none.", load_default=""
    )


def run(run: FlowRun, data: Data) -> Next:
    """Start or stop, go on at once."""
    if data["action"] == "stop":
        if run.recorder.stop(run.call) is None:
            run.call.log.info("no_recording_to_stop")
        return CONTINUE
    run.kvs.recording_follow_transfer = data["should_follow_transfer"]
    recording = run.recorder.start(run.call, request_of(run, data))
    run.kvs.recordings.append(recording.id)
    return CONTINUE


def request_of(run: FlowRun, data: Data) -> RecordingRequest:
    """Return what the data asks for, defaults and clamps applied."""
    label = data["label"] or run.kvs.flow_name or run.kvs.flow_id
    return resolve(data, run.configured, origin=f"callflow : {label}")


def _repair(data: dict[str, Any], refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code takes what it cannot use for absent, and any action but stop for start."""
    kept = {key: value for key, value in data.items() if key not in refused}
    kept.setdefault("action", "start")
    return kept


def _doubts(data: Data) -> Iterator[Doubt]:
    limit_s, rate_hz, min_s = data["time_limit"], data["record_sample_rate"], data["record_min_sec"]
    if limit_s is not None and not MIN_TIME_LIMIT_S <= limit_s <= MAX_TIME_LIMIT_S:
        text = f"must be from {MIN_TIME_LIMIT_S} to {MAX_TIME_LIMIT_S} s; a longer one is cut to the longest"
        yield Doubt("time_limit", text, is_fault=True)
    if rate_hz is not None and rate_hz not in RATES_HZ:
        text = f"must be one of {', '.join(map(str, sorted(RATES_HZ)))}; the default is taken"
        yield Doubt("record_sample_rate", text, is_fault=True)
    if min_s is not None and min_s < 0:
        yield Doubt("record_min_sec", "must not be negative; the default is taken", is_fault=True)
    if data["url"]:
        try:
            http_url.parse(data["url"])
        except ValueError as exc:
            yield Doubt("url", f"the recording could not be delivered: {exc}", is_fault=True)
    for key, outcome in NOT_IN_FORCE.items():
        if data[key]:
            yield Doubt(key, f"not in force in this version: {outcome}")


ACTION = Action(
    schema=RecordCallData,
    run=run,
    summary="Starts or stops recording the call.",
    repair=_repair,
    doubts=_doubts,
)
