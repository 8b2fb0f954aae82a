"""Records a message of the caller and waits for its end: a key, silence, the time limit.

The call is answered. What the caller says is recorded in mono and stored as record_call's recordings are; a
caller who hangs up in the middle leaves what was said by then. With `review` the caller then hears it again
(2), records it anew (3), deletes it (7) or saves it (1), by the keys of Kazoo's voicemail; four answers that
are none save it, as there. Nothing is recorded where nothing would be stored.

Its own defaults are those of Kazoo's code: any key ends it, and five seconds of silence do, at the beginning
too. Prompt, beep and review are not Kazoo's, so a document of Kazoo's has none of them.
Source: Kazoo cf_record_caller, kapps_call_command:b_record, cf_voicemail:review_recording (reference 2.3).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Set
from enum import Enum, auto
from typing import Any

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields, _recording_fields
from callflows.actions.record_call import origin_of
from callflows.flow_run import FlowRun
from callflows.playing import play_prompt, play_reference
from callflows.storing import would_store
from calls.digits import collect
from calls.errors import CallGone, MediaMissing
from calls.media import Tone, play, tones
from calls.signaling import answer
from config.configuration import Configured
from recording.call_recorder import StartedRecording
from recording.outcome import Verdict
from recording.parameters import resolve
from recording.request import Direction, RecordingRequest

SAVE, LISTEN, AGAIN, DELETE = "1", "2", "3", "7"

DISCARDED = {AGAIN: "the caller recorded it anew", DELETE: "the caller deleted it"}
"""Choices that throw a take away, and what its outcome says then."""

BEEP = Tone((440,), 500)
"""Kazoo's voicemail's."""

MAX_ANSWERS = 4
"""Answers that are none, before the message is saved. Source: cf_voicemail:review_recording."""

MAX_TAKES = 20
"""A caller who records anew more often saves the last take."""

ANSWER_TIMEOUT_S = 5.0
"""For the first key of an answer. Source: kapps_call_command:default_collect_timeout."""

VERIFY_TIMEOUT_S = 10.0
"""For a take to be looked at before it is reviewed; a message is short."""

OVERDUE_S = 30.0
"""Past its time limit a recording whose end nobody told us of is waited for no longer."""

LOOK_S = 1.0
"""Between two looks at a recording whose end is told on another connection than the call's."""

SILENCE_MS = 5000
"""Kazoo's, at the beginning and at the end."""

FIXED: Mapping[str, Any] = {"should_follow_transfer": False, "beep_every_s": 0}
"""Of every message: its leg is its caller, who knows that it is recorded."""


class RecordCallerData(ActionData):
    """How to record the message, and where it goes."""

    beep = _fields.flag("Sound a tone before it.", load_default=False)
    format = _recording_fields.format_()
    label = _fields.text("Named in the recording's origin; the callflow's name.", load_default="")
    media_id = _fields.text("The id of the recording's document; one is made.", load_default="")
    media_name = _fields.text("What the delivered copy is called.", load_default="")
    method = _fields.text("How the message is sent to the URL.", one_of=("put", "post"), load_default="put")
    prompt = _fields.media("Played before it; any key ends that.", load_default="")
    record_min_sec = _fields.whole(
        "Shorter messages are dropped, in s; media.record_min_sec.", load_default=None
    )
    record_sample_rate = _fields.whole(
        "The file's sample rate in Hz; ecallmgr.record_sample_rate.", load_default=None
    )
    review = _fields.flag("Let the caller hear it, record it anew, delete or save it.", load_default=False)
    silence_detection = _fields.flag("End it when nobody speaks.", load_default=True)
    silence_final_timeout = _recording_fields.silence(
        "How long nobody speaks after somebody did, in ms; less than 200 is seconds.", SILENCE_MS
    )
    silence_initial_timeout = _recording_fields.silence(
        "How long nobody speaks at all, in ms; less than 200 is seconds, 0 for ever.", SILENCE_MS
    )
    silence_threshold = _recording_fields.silence("The energy below which it is silent.", None, 200)
    terminators = _fields.terminators()
    time_limit = _recording_fields.time_limit()
    url = _fields.text(
        "Where the message is sent; the configuration decides when there is none.", load_default=""
    )


class _Answer(Enum):
    """What a caller wants of a take."""

    DONE = auto()
    AGAIN = auto()


def run(run: FlowRun, data: Data) -> Next:
    """Answer, record until the message is as the caller wants it, go on."""
    request = request_of(data, run.configured, run.kvs.flow_name or run.kvs.flow_id)
    if not would_store(run, request):
        run.call.log.info("message_not_recorded", reason="nothing says where it would be stored")
        return CONTINUE
    answer(run.call)
    for take in range(1, MAX_TAKES + 1):
        _invite(run, data)
        recording = _record(run, data, request)
        if not data["review"] or _reviewed(run, recording, may_repeat=take < MAX_TAKES) is _Answer.DONE:
            break
    return CONTINUE


def request_of(data: Data, config: Configured, flow_name: str) -> RecordingRequest:
    """Return what the data asks for: the caller's voice, on this leg only. Args: as record_call's."""
    origin = origin_of(data, flow_name)
    return resolve({**data, **FIXED}, config, origin=origin, direction=Direction.SPEAK)


def _invite(run: FlowRun, data: Data) -> None:
    """Prompt and beep. A key that ends the prompt is meant for it alone."""
    with run.call.dtmf.listening(_not_heard):
        if data["prompt"]:
            play_reference(run, data["prompt"])
        if data["beep"]:
            tones(run.call, [BEEP])


def _not_heard(_digit: str) -> None:
    return


def _record(run: FlowRun, data: Data, request: RecordingRequest) -> StartedRecording:
    """Record one take to its end."""
    call, keys = run.call, set(data["terminators"])
    pressed: list[str] = []
    recording = run.recorder.start(call, request, review=data["review"])
    run.kvs.recordings.append(recording.id)
    limit_s = request.time_limit_s
    given_up_at_s = None if limit_s is None else time.monotonic() + limit_s + OVERDUE_S
    try:
        with call.dtmf.listening(pressed.append):
            while not recording.is_over and not keys.intersection(pressed):
                if given_up_at_s is not None and time.monotonic() > given_up_at_s:
                    call.log.warning("message_overdue", recording_id=recording.id, outcome="stopped")
                    break
                call.wait_for(lambda: recording.is_over or bool(keys.intersection(pressed)), LOOK_S)
    except CallGone:
        recording.keep()
        raise
    run.recorder.stop(call, recording.id)
    return recording


def _reviewed(run: FlowRun, recording: StartedRecording, *, may_repeat: bool) -> _Answer:
    """Ask what is to become of a take; a caller who is gone meanwhile has left it."""
    choice = SAVE
    early: list[str] = []
    try:
        with run.call.dtmf.listening(early.append):
            outcome = recording.wait_verified(VERIFY_TIMEOUT_S)
        if outcome is not None and outcome.verdict in (Verdict.DISCARDED, Verdict.FAILED):
            play_prompt(run, "vm-recording_to_short")
            return _Answer.AGAIN if may_repeat else _Answer.DONE
        choice = _ask(run, recording, early, may_repeat=may_repeat)
    finally:
        if choice in DISCARDED:
            recording.discard(DISCARDED[choice])
        else:
            recording.keep()
    if choice == AGAIN:
        return _Answer.AGAIN
    play_prompt(run, "vm-deleted" if choice == DELETE else "vm-saved")
    return _Answer.DONE


def _ask(run: FlowRun, recording: StartedRecording, early: list[str], *, may_repeat: bool) -> str:
    """Return the key that settles it; SAVE when the caller does not choose.

    Args: early: keys pressed before there was a question, by callers who know it.
    """
    choices = {SAVE, DELETE, AGAIN} if may_repeat else {SAVE, DELETE}
    answers = 0
    while answers < MAX_ANSWERS:
        digits = early.pop(0) if early else _answer(run)
        if digits in choices:
            return digits
        answers += 1
        if digits == LISTEN:
            answers = 0
            _play_back(run, recording)
    return SAVE


def _answer(run: FlowRun) -> str:
    def prompt() -> None:
        play_prompt(run, "vm-review_recording")

    return collect(run.call, 1, ANSWER_TIMEOUT_S, ANSWER_TIMEOUT_S, prompt=prompt).digits


def _play_back(run: FlowRun, recording: StartedRecording) -> None:
    try:
        play(run.call, str(recording.path))
    except MediaMissing:
        run.call.log.warning("message_not_played_back", recording_id=recording.id)


def _repair(data: dict[str, Any], refused: Set[str]) -> dict[str, Any]:
    return _recording_fields.repaired(data, refused)


def _doubts(data: Data) -> Iterator[Doubt]:
    odd = _fields.doubtful_terminators(data["terminators"])
    if odd:
        yield Doubt("terminators", odd)
    yield from _recording_fields.doubts(data, SILENCE_MS)


ACTION = Action(
    schema=RecordCallerData,
    run=run,
    summary="Answers and records a message of the caller, who may review it.",
    repair=_repair,
    doubts=_doubts,
)
