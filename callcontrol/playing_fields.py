"""Parameters that commands which play have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from callcontrol.command import Invocation
from callcontrol.errors import CallEnded, Unprocessable, invalid
from callcontrol.field import Text, WebUrl, Word
from callcontrol.playing import ENDLESS, Playable, Side, Sound, hearing, mixing, ordering, queue_of
from callcontrol.playing_stop import WHICH, stop
from callcontrol.snapshot import Snapshot

MAX_LOOPS = 100
INFINITY = "infinity"
MAX_MEDIA_NAME = 255


class Loop(fields.Field[int]):
    """How often: a number, or `infinity`; loaded as the number of rounds, ENDLESS for the latter."""

    def __init__(self) -> None:
        super().__init__(
            load_default=1,
            metadata={
                "description": "How often it is played. What is shorter than half a second FreeSWITCH plays "
                "once, however often it should.",
                "oneOf": [
                    {"type": "integer", "minimum": 1, "maximum": MAX_LOOPS},
                    {"type": "string", "enum": [INFINITY]},
                ],
            },
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        del attr, data, kwargs
        if value == INFINITY:
            return ENDLESS
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LOOPS:
            raise ValidationError(f"Must be a whole number from 1 to {MAX_LOOPS}, or {INFINITY}.")
        return value


def stop_first() -> Word:
    """Return the field for what is stopped before."""
    return Word(WHICH, "Stop this first: what is heard now, or that and all that waits.")


def target_legs() -> Word:
    """Return the field for who hears it."""
    return Word(
        tuple(Side),
        "self: this leg; what it is bridged with hears nothing meanwhile. opposite, both: at once, instead "
        "of what is said, without waiting for what is heard.",
        load_default=Side.SELF.value,
    )


def sound_url(description: str) -> WebUrl:
    """Return the field for a sound's address."""
    return WebUrl(f"{description} Private addresses are refused unless the operator allows them.")


def sound_name(description: str) -> Text:
    """Return the field for a sound's name."""
    return Text(1, MAX_MEDIA_NAME, f"{description} A media document's id or name, or the id of a recording.")


def one_of(data: Mapping[str, Any], names: tuple[str, ...], *, required: bool) -> None:
    """See that one of several parameters is given. Raises: ValidationError: none, or more than one."""
    given = [name for name in names if data.get(name) is not None]
    if len(given) > 1:
        raise ValidationError(f"Must not be given together with {given[0]}.", given[1])
    if required and not given:
        raise ValidationError(f"One of {', '.join(names)} must be given.", names[0])


def sound_file(invocation: Invocation, data: Mapping[str, Any], url: str, name: str) -> str:
    """Return what FreeSWITCH plays for one of two parameters, "" where neither is given. Raises: ApiError."""
    sounds = invocation.facilities.sounds
    if data.get(url) is not None:
        return sounds.of_url(
            data[url],
            invocation.account_id,
            f"/{url}",
            audio_type=data.get("audio_type") or "",
            is_kept=data.get("cache_audio", True),
        )
    if data.get(name) is not None:
        return sounds.of_name(data[name], invocation.account_id, f"/{name}")
    return ""


def play(invocation: Invocation, sound: Sound, playable: Playable, data: Mapping[str, Any]) -> None:
    """Order a sound, behind what waits already. Args: data: with `stop` and `loop`.

    Raises: CallEnded, Unavailable, Unanswered, Unprocessable.
    """
    snapshot = stopped_first(invocation, data)
    channel = invocation.channel
    order = ordering(channel, sound, playable, queue=queue_of(snapshot), loops=data["loop"])
    channel.run(*hearing(channel, snapshot), order)  # behind a sound, it could not be told of keys


def mix(invocation: Invocation, sound: Sound, file: str, side: Side, data: Mapping[str, Any]) -> bool:
    """Have a sound heard at once by the other leg, or by both, or over what this leg hears.

    Returns: whether FreeSWITCH has such a sound. Raises: CallEnded, Unavailable, Unanswered, Unprocessable.
    """
    order = mixing(invocation.channel, sound, file, side, loops=data["loop"])
    stopped_first(invocation, data)
    try:
        invocation.channel.run(order)
    except CallEnded:
        raise
    except Unprocessable:
        return False
    return True


def stopped_first(invocation: Invocation, data: Mapping[str, Any]) -> Snapshot:
    """Stop what is to be stopped before, and return how the leg is then."""
    snapshot = invocation.answered()
    return stop(invocation.channel, snapshot, data["stop"]) if data.get("stop") else snapshot


def beside(invocation: Invocation, pointer: str) -> None:
    """See that files of this host can be played. Raises: Unprocessable: the call is on another one."""
    if invocation.call.node != invocation.facilities.node:
        raise invalid(pointer, "Files are played by the process beside the call's own FreeSWITCH.")


def opposite(invocation: Invocation) -> str:
    """Return the leg that this one talks with. Raises: Unprocessable: none; CallEnded."""
    other = invocation.answered().bridged_with
    if not other:
        raise invalid("/target_legs", "This call is not bridged: there is no opposite leg.")
    return other
