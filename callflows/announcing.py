"""Tells those who talk that they are recorded, so that the recording itself proves it.

The recording begins first and the announcement is played into it. One that is to begin with the answer or the
bridge is announced when it has begun, beside whatever the callflow does by then; on a bridged call both hear
it. What was played is noted in the recording's timeline. An announcement that cannot be played is said in the
log, and costs neither the recording nor the call.
"""

from __future__ import annotations

import re

import gevent

from callflows.flow_run import FlowRun
from callflows.media import Playable
from callflows.playing import NOTHING_PLAYED, play_first, shown
from calls.errors import CallError, CallGone
from calls.signaling import pre_answer
from esl.errors import EslError
from recording.call_recorder import StartedRecording
from recording.request import RecordingRequest
from recording.timeline import What
from storage.errors import StoreUnavailable

LONGEST_WAIT_S = 24 * 3600.0
"""For the answer or the bridge; the end of the call ends it as a rule."""

BROADCAST_TIMEOUT_S = 5.0

_ONE_SOUND = re.compile(r"(?!.*::)[^\s'\\!]+\Z")
"""What uuid_broadcast takes for the name of a sound: it reads quotes and backslashes, and would run
`<application>::<arguments>` as an application. Source: FreeSWITCH switch_ivr_async.c (switch_ivr_broadcast)
and mod_commands.c (uuid_broadcast_function)."""


def announce(run: FlowRun, recording: StartedRecording, request: RecordingRequest, media: str) -> None:
    """Play an announcement into a recording that has just been asked for; "" for none.

    No key ends it. Returns when it was played, at once where the recording is yet to begin.
    Raises: CallGone.
    """
    if not media:
        return
    call = run.call
    waits = (request.on_answer and not call.is_answered) or (request.on_bridge and not call.is_bridged)
    if waits:
        gevent.spawn(_when_begun, run, recording, media)
        return
    pre_answer(call)
    _play(run, media)


def _when_begun(run: FlowRun, recording: StartedRecording, media: str) -> None:
    if not recording.wait_started(LONGEST_WAIT_S) or recording.is_over:
        return
    try:
        if run.call.is_bridged:
            _broadcast(run, media)
        else:
            _play(run, media, beside=True)
    except CallGone:
        return


def _play(run: FlowRun, media: str, *, beside: bool = False) -> None:
    try:
        candidates = run.facilities.media.resolve(media, run.audience)
        played = _beside(run, candidates) if beside else _in_turn(run, candidates)
    except CallGone:
        raise
    except (CallError, EslError, StoreUnavailable, ValueError) as exc:
        _not_played(run, media, str(exc))
        return
    if played:
        run.recorder.mark(run.call, What.ANNOUNCED, media=shown(media))
    else:
        _not_played(run, media, "there is no such sound")


def _in_turn(run: FlowRun, candidates: list[Playable]) -> bool:
    """Play as a node would: the callflow waits for its end."""
    return play_first(run, candidates, ()) is not NOTHING_PLAYED


def _beside(run: FlowRun, candidates: list[Playable]) -> bool:
    """Play into what the callflow does now: an unlocked command interrupts it, and it goes on afterwards."""
    for media in candidates:
        if isinstance(media, str):
            event = run.call.completed(run.call.submit("playback", media), LONGEST_WAIT_S)
            if event.get("Application-Response") != "FILE NOT FOUND":
                return True
    return False


def _broadcast(run: FlowRun, media: str) -> None:
    """Play to both sides of a bridge. FreeSWITCH does not say whether it has the sound."""
    try:
        candidates = run.facilities.media.resolve(media, run.audience)
        sound = next((one for one in candidates if isinstance(one, str) and _ONE_SOUND.match(one)), "")
        if not sound:
            _not_played(run, media, "no sound that can be played to both sides")
            return
        run.call.api("uuid_broadcast", f"{run.call.uuid} {sound} both", BROADCAST_TIMEOUT_S)
    except (EslError, StoreUnavailable) as exc:
        _not_played(run, media, str(exc))
        return
    run.recorder.mark(run.call, What.ANNOUNCED, media=shown(media), to="both")


def _not_played(run: FlowRun, media: str, reason: str) -> None:
    run.call.log.warning(
        "announcement_not_played", media=shown(media), reason=reason, outcome="the recording goes on"
    )
