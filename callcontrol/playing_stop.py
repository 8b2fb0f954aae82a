"""Stops what is heard on a leg: the sound that is heard now, and those that wait behind it.

What waits is made void first and looked at afterwards: so a sound either begins void, or is seen to be heard
and broken off. See callcontrol.playing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from callcontrol.channel import LiveChannel
from callcontrol.playing import (
    NOWHERE,
    QUEUE,
    STOPPED,
    VOID,
    Sound,
    heard_on,
    mixed_sound_of,
    queue_of,
)
from callcontrol.snapshot import Snapshot
from esl import quoting
from esl.command import Command
from esl.event import Event

CURRENT, ALL = "current", "all"
WHICH = (CURRENT, ALL)

_TARGETS = re.compile(r"<target>(.*?)</target>", re.DOTALL)


def stop(channel: LiveChannel, snapshot: Snapshot, which: str) -> Snapshot:
    """Stop the current sound, or all. With none heard yet, the current ones are those that wait.

    Args: snapshot: of the leg before. Returns: of the leg after, for what is to be ordered now.
    Raises: CallEnded, Unavailable, Unanswered.
    """
    heard = heard_on(snapshot)
    if which == ALL or not heard:
        queue = queue_of(snapshot)
        voiding = channel.setting({f"{VOID}{queue}": NOWHERE, QUEUE: str(int(queue) + 1)})
        told = channel.run(voiding, channel.of("uuid_dump"))[1]
        snapshot = Snapshot(Event(told.encode("utf-8", "surrogateescape")))
        heard = heard_on(snapshot)
        channel.post(forgetting(channel, queue))
    if heard:
        channel.run(*breaking(channel, heard))
    return snapshot


def forgetting(channel: LiveChannel, queue: str) -> Command:
    """Return the order that takes away what makes a queue void, once those that wait have had their turn."""
    return channel.executing("unset", f"{VOID}{queue}", lock=True)


def breaking(channel: LiveChannel, sound_id: str) -> Sequence[Command]:
    """Return what breaks off the sound that is heard, to be run with others."""
    return channel.setting({STOPPED: sound_id}), channel.of("uuid_break")


def stop_mixed(channel: LiveChannel, *, overlays: bool) -> None:
    """Stop every sound that is mixed in (callcontrol.playing.mixing): overlays, or those of other sides."""
    found = [one for one in mixed_in(channel) if one[1].is_overlay == overlays]
    if not found:
        return
    stopping = [channel.of("uuid_displace", f"stop {quoting.word(target)}") for target, _ in found]
    ids = ".".join(sound.id for _, sound in found)
    channel.post(channel.setting({STOPPED: ids}), *stopping)


def mixed_in(channel: LiveChannel) -> list[tuple[str, Sound]]:
    """Return the sounds that are mixed in now, each with what FreeSWITCH calls it."""
    listed = channel.api("uuid_buglist")
    found = []
    for target in _TARGETS.findall(listed):
        sound = mixed_sound_of(target)
        if sound is not None:
            found.append((target, sound))
    return found
