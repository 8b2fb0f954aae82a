"""Applications that only tell somebody something: log, info, events, nothing at all."""

from __future__ import annotations

from simulator.channel import is_true
from simulator.core import Application
from simulator.events import EVENT_NAMES
from simulator.recording import finish_all
from simulator.schedule import schedule_broadcast
from simulator.session import Session
from simulator.words import split_blanks


def log(session: Session, data: str) -> None:
    """`log <level> <text>`."""
    session.note("log", data)


def info(session: Session, data: str) -> None:
    """Write the channel's data to the log."""
    session.note("info", f"{data} {len(session.channel.variables)} variables".strip())


def event(session: Session, data: str) -> None:
    """`event <Header>=<value>,…`: fire an event of the channel."""
    pairs = [part.partition("=") for part in data.split(",")]
    headers = [(name.strip(), value.strip()) for name, equals, value in pairs if equals]
    named = dict(headers).get("Event-Name", "CHANNEL_APPLICATION").upper()
    name = named if named in EVENT_NAMES else "CHANNEL_APPLICATION"
    session.fire(name, [(key, value) for key, value in headers if key != "Event-Name"])


def nothing(session: Session, data: str) -> None:
    """Expand the argument and forget it."""
    del session, data


def verbose_events(session: Session, data: str) -> None:
    """`verbose_events [true|false]`: every event of the channel carries all its variables."""
    session.channel.is_verbose = not data or is_true(data)


def sched_broadcast(session: Session, data: str) -> None:
    """`sched_broadcast [+]<seconds> <path>|<application>::<argument> [aleg|bleg|both]`."""
    words = split_blanks(data)
    if len(words) > 1:
        schedule_broadcast(session, words[0], words[1], words[2] if len(words) > 2 else "aleg")


def remove_bugs(session: Session, data: str) -> None:
    """End every recording of the channel."""
    del data
    finish_all(list(session.recordings.values()))


APPLICATIONS = (
    Application("log", log, zombie=True, description="Logs to the logger", syntax="<log_level> <log_string>"),
    Application("info", info, zombie=True, description="Display Call Info"),
    Application("event", event, zombie=True, description="Fire an event"),
    Application("eval", nothing, zombie=True, description="Do Nothing"),
    Application("stop", nothing, description="Do Nothing"),
    Application("presence", nothing, description="Send Presence", syntax="<rpid> <status> [<id>]"),
    Application("set_audio_level", nothing, needs_media=True, description="set volume"),
    Application("verbose_events", verbose_events, description="Make ALL Events verbose."),
    Application("jitterbuffer", nothing, description="Send session jitterbuffer"),
    Application("privacy", nothing, description="Set privacy on calls", syntax="off|on|name|full|number"),
    Application("send_display", nothing, description="Send session a new display", syntax="<text>"),
    Application("remove_bugs", remove_bugs, needs_media=True, description="Remove media bugs"),
    Application(
        "sched_broadcast",
        sched_broadcast,
        description="Schedule a broadcast in the future",
        syntax="[+]<time> <path> [aleg|bleg|both]",
    ),
)
