"""What a real FreeSWITCH told of calls that were moved: tests/data/conversations, one event a line.

alice called in and was bridged to bob; carol is whom they turn to. What the files are called tells what
happens: a_ is done by alice's phone, b_ by bob's, the others by an application or a command.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from esl.event import Event
from recording.conversation import Conversation, Decision, End, Follow
from recording.leg_event import LegEvent, read_leg_event
from recording.timeline import What

DIRECTORY = Path(__file__).parent.parent / "data" / "conversations"


def names() -> list[str]:
    """Return what there is."""
    return sorted(path.stem for path in DIRECTORY.glob("*.jsonl"))


def events(name: str) -> list[Event]:
    """Return the events of one."""
    lines = (DIRECTORY / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Event.from_headers(json.loads(line)) for line in lines]


def leg_events(name: str) -> list[LegEvent]:
    """Return them as read."""
    return [found for found in map(read_leg_event, events(name)) if found is not None]


def decisions(heard: Iterable[LegEvent], recorded: str, *, follow: bool) -> list[Decision]:
    """Return what one conversation makes of them."""
    conversation = Conversation(recorded, follow=follow)
    return [decision for event in heard for decision in conversation.hear(event)]


def legs(made: Iterable[Decision], recorded: str) -> list[str]:
    """Return the legs recorded one after the other."""
    return [recorded, *(one.uuid for one in made if isinstance(one, Follow))]


def is_ended(made: Iterable[Decision]) -> bool:
    """Whether it was said to stop."""
    return any(isinstance(one, End) for one in made)


def marks(made: Iterable[Decision]) -> list[tuple[What, dict[str, str]]]:
    """Return the timeline."""
    return [(one.what, dict(one.detail)) for one in made if not isinstance(one, Follow | End)]
