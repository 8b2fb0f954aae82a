"""Sounds on a leg: how they are ordered from FreeSWITCH, and how its events tell which sound they are about.

An order is locked (`event-lock`), so orders wait for one another in the leg's own queue, as the commands of
call control do; whatever process gave them. Nothing of a sound is kept anywhere else:

| what | where it is |
|---|---|
| what webhooks say of it | in the id of its order, which events of its beginning and end bear |
| which sound is heard now | the variable SOUND, there while its application runs |
| that it was stopped | the variable STOPPED, which its last event bears |
| that those which wait are not wanted any more | the variable VOID_<queue>, set in front of what they play |

The last needs a word. What waits on a leg cannot be listed, and forgetting all of it (`uuid_break all`) would
take away what a callflow waits for. So an order names the queue it belongs to, `${callcontrol_void_3}` in
front of its file, expanded when its turn comes: nothing as a rule, and after a stop a path that cannot exist.

Source: FreeSWITCH switch_ivr.c, switch_ivr_parse_event (loops, event-lock); switch_core_session.c,
switch_core_session_exec (`%[...]`: variables for one application; Application-UUID).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from callcontrol import variables
from callcontrol.channel import LiveChannel, built, packed, unpacked
from callcontrol.errors import invalid
from callcontrol.snapshot import Snapshot
from esl import command, quoting
from esl.command import Command
from esl.event import Event
from esl.identifier import new_identifier

SOUND = "callcontrol_sound"
STOPPED = "callcontrol_stopped"
QUEUE = "callcontrol_queue"
VOID = "callcontrol_void_"
NOWHERE = "/dev/null/"
"""In front of a path, a URL or an engine's name it makes nothing that there could be."""

ENDLESS = -1
MAX_MIXED = 12_000
"""Characters of what is mixed in, whose events carry it all: the longest address with the longest state."""

_ORDER = "callcontrol.sound."
_MIXED = "{callcontrol="


class Kind(StrEnum):
    """What it is."""

    PLAYBACK = "playback"
    SPEECH = "speech"


class Side(StrEnum):
    """Who hears it, as clients say it."""

    SELF = "self"
    OPPOSITE = "opposite"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound, by what is told of it.

    Attributes: id: unique on the leg; client_state: as it was when the sound was ordered; media_url,
    media_name: as the client named it; gather_id: of the gather that it prompts for; queue: see the module.
    """

    id: str
    kind: Kind
    client_state: str = ""
    media_url: str = ""
    media_name: str = ""
    gather_id: str = ""
    is_overlay: bool = False

    @property
    def order_id(self) -> str:
        """All of it, in letters that an id may have."""
        said = (
            self.id,
            self.kind,
            self.client_state,
            self.media_url,
            self.media_name,
            self.gather_id,
            self.is_overlay,
        )
        return _ORDER + packed(said)


@dataclass(frozen=True, slots=True)
class Playable:
    """What FreeSWITCH is to do for a sound. Attributes: app: an application; argument: its own, as it is."""

    app: str
    argument: str


def playback(file: str) -> Playable:
    """Return what plays a file, URL or stream of FreeSWITCH's."""
    # `@@` would separate the place where it begins (playback_function).
    return Playable("playback", file.replace("@@", "%40%40") if "://" in file else file)


def new_sound_id() -> str:
    """Return an id for a sound."""
    return new_identifier()


def sound_of(order_id: str | None) -> Sound | None:
    """Return the sound that an order's id tells of, None for an order that was none of ours."""
    if not order_id or not order_id.startswith(_ORDER):
        return None
    said = unpacked(order_id.removeprefix(_ORDER))
    if not isinstance(said, list) or len(said) != 7:
        return None
    *texts, is_overlay = said
    if not all(isinstance(text, str) for text in texts) or not isinstance(is_overlay, bool):
        return None
    try:
        kind = Kind(texts[1])
    except ValueError:
        return None
    sound_id, _, client_state, media_url, media_name, gather_id = texts
    return (
        Sound(sound_id, kind, client_state, media_url, media_name, gather_id, is_overlay)
        if sound_id
        else None
    )


def ordering(
    channel: LiveChannel, sound: Sound, playable: Playable, *, queue: str, loops: int = 1
) -> Command:
    """Return the order that has a leg play a sound when its turn comes.

    Args: queue: what it is void with (see `queue_of`); loops: ENDLESS for ever. FreeSWITCH plays what is
    shorter than half a second once, whatever `loops`.
    """
    scope = f"%[{SOUND}={sound.id},playback_terminators=none]"
    argument = f"{scope}${{{VOID}{queue}}}{quoting.literal(playable.argument)}"
    return built(
        lambda: command.execute(
            playable.app,
            argument,
            event_uuid=sound.order_id,
            lock=True,
            loops=loops,
            expand=True,
            uuid=channel.uuid,
        )
    )


def mixing(channel: LiveChannel, sound: Sound, file: str, side: Side, *, loops: int = 1) -> Command:
    """Return the command that mixes a sound into what is heard, or, of another side, puts it in its place.

    Such a sound waits for nothing. Raises: Unprocessable: too long to be repeated so often.
    Source: FreeSWITCH switch_ivr_async.c, switch_ivr_displace_session (flags); mod_dptools.c, file_string.
    """
    flags = {Side.SELF: "m", Side.OPPOSITE: "r", Side.BOTH: "rw"}[side]
    if loops == ENDLESS:
        flags += "l"
    elif loops > 1:
        if "!" in file and "://" not in file:
            raise invalid("/loop", "A file of this name cannot be repeated on such a side.")
        file = "file_string://" + "!".join([file.replace("!", "%21")] * loops)
    whole = f"{_MIXED}{sound.order_id}}}{file}"
    if len(whole) > MAX_MIXED:
        raise invalid("/loop", "Too long an address, too often: use an endless loop, and stop it.")
    return built(lambda: channel.of("uuid_displace", f"start {quoting.word(whole)} 0 {flags}"))


def mixed_sound_of(target: str | None) -> Sound | None:
    """Return the sound that a target of FreeSWITCH's media bugs tells of, None for another."""
    if not target or not target.startswith(_MIXED):
        return None
    return sound_of(target.removeprefix(_MIXED).partition("}")[0])


def hearing(channel: LiveChannel, snapshot: Snapshot) -> Sequence[Command]:
    """Return what has all events of a leg carry its variables, if they do not yet: keys, ends of orders.

    Legs that are told of from their beginning have it from their answer on (callcontrol.telling).
    """
    if snapshot.variable(variables.VERBOSE):
        return ()
    setting = channel.setting({variables.VERBOSE: variables.VERBOSE_APPLICATION})
    return setting, channel.executing(variables.VERBOSE_APPLICATION)


def queue_of(snapshot: Snapshot) -> str:
    """Return the queue that sounds are ordered into now."""
    told = snapshot.variable(QUEUE)
    return told if told.isascii() and told.isdigit() and len(told) < 9 else "0"


def heard_on(snapshot: Snapshot) -> str:
    """Return the id of the sound that is heard now, "" for none of ours."""
    return snapshot.event.get(f"scope_variable_{SOUND}") or ""


def is_void(event: Event) -> bool:
    """Whether an application was run for a sound that was not wanted any more."""
    data = event.get("Application-Data") or event.variable("current_application_data") or ""
    return data.startswith(NOWHERE)


def was_stopped(snapshot: Snapshot, sound: Sound) -> bool:
    """Whether a sound that is over was stopped."""
    return sound.id in snapshot.variable(STOPPED).split(".")
