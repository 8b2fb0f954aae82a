"""Plays media to the caller, once, several times or until a key ends it.

Both `loop_count` and `endless_playback` do what the published schema says. Kazoo's own later versions
send them and ignore them (reference section 6, no. 13).
Source: Kazoo cf_play.
"""

from __future__ import annotations

from collections.abc import Iterator

from callflows.action import CONTINUE, HARD_STOP, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from callflows.playing import play_reference
from calls.errors import CallGone, CallLeft
from calls.signaling import answer


class PlayData(ActionData):
    """What to play, and how often."""

    id = _fields.media("The media: a document of the account, a URL, a path, a stream.", load_default="")
    answer = _fields.flag("Whether to answer an unanswered call first.", load_default=True)
    endless_playback = _fields.flag("Repeat until a key or the caller ends it.", load_default=False)
    loop_count = _fields.whole("How many times to play it.", 1, load_default=1)
    terminators = _fields.terminators()


def run(run: FlowRun, data: Data) -> Next:
    """Play, then go on; the keys pressed meanwhile go into the default collection."""
    if not data["id"]:
        return CONTINUE
    if data["answer"]:
        answer_with_pause(run)
    try:
        play_reference(
            run, data["id"], data["terminators"], loops=data["loop_count"], endless=data["endless_playback"]
        )
    except CallLeft:
        raise
    except CallGone:
        return HARD_STOP
    return CONTINUE


def answer_with_pause(run: FlowRun) -> None:
    """Answer, and give the caller's phone the moment it needs before it lets sound through.

    A call that is answered already needs no pause; Kazoo makes it all the same. Where the configuration wants
    no pause the sound is asked for together with the answer, which saves a media frame.
    """
    if run.call.is_answered:
        return
    pause_s = run.config("callflow", "post_answer_delay") / 1000
    answer(run.call, wait=pause_s > 0)
    if pause_s > 0:
        run.call.sleep(pause_s)


def _doubts(data: Data) -> Iterator[Doubt]:
    if not data["id"]:
        yield Doubt("id", "missing: nothing is played")
    odd = _fields.doubtful_terminators(data["terminators"])
    if odd:
        yield Doubt("terminators", odd)


ACTION = Action(schema=PlayData, run=run, summary="Plays media to the caller.", doubts=_doubts)
