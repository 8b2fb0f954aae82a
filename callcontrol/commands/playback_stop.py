"""Stops what is heard on a call, sounds and speech alike. Source: Telnyx' call control, playback_stop."""

from __future__ import annotations

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.field import Flag, Word
from callcontrol.playing_stop import ALL, WHICH, stop, stop_mixed
from callcontrol.token import Scope


class PlaybackStopData(CommandData):
    """Parameters of playback_stop."""

    overlay = Flag("Stop what is mixed in instead, all of it.")
    stop = Word(
        WHICH,
        "current: what is heard now. all: that and whatever waits. What other legs hear is stopped, too.",
        load_default=ALL,
    )


def run(invocation: Invocation, data: Data) -> None:
    """Stop it; that nothing is heard is no fault. Raises: CallEnded, Unavailable, Unanswered."""
    snapshot = invocation.snapshot()
    stop_mixed(invocation.channel, overlays=data["overlay"])  # at once; the other a frame later
    if not data["overlay"]:
        stop(invocation.channel, snapshot, data["stop"])


COMMAND = Command(
    schema=PlaybackStopData,
    scope=Scope.CONTROL,
    run=run,
    summary="Stop what is played",
    webhooks=("call.playback.ended", "call.speak.ended"),
)
