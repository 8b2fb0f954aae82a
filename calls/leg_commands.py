"""Commands that do something to any leg of a FreeSWITCH, by its uuid, over the inbound connection.

They are built here and sent by whoever has the connection; FreeSWITCH refuses them with -ERR for a leg that
is gone. Whatever is not a uuid or a word is quoted, so that no text of a client's becomes another argument.
Source: FreeSWITCH mod_commands.c (uuid_...), switch_ivr_async.c (switch_ivr_broadcast).
"""

from __future__ import annotations

import re
from enum import StrEnum

from calls.cause import HangupCause
from esl.command import Command, api
from esl.errors import BadCommand
from esl.quoting import word

_UUID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


class Side(StrEnum):
    """Who hears what is played; the values are FreeSWITCH's."""

    LEG = "aleg"
    PARTNER = "bleg"
    BOTH = "both"


def join(uuid: str, other: str) -> Command:
    """Connect two legs that are up; whoever they talked with before is let go."""
    return api("uuid_bridge", f"{_leg(uuid)} {_leg(other)}")


def move(uuid: str, applications: str, *, with_partner: bool = False) -> Command:
    """Have a leg do something else: `application:argument`, several with commas between.

    Args: with_partner: whoever it talks with does the same; otherwise that one is hung up, or goes where its
    transfer_after_bridge says.
    """
    both = " -both" if with_partner else ""
    return api("uuid_transfer", f"{_leg(uuid)}{both} {word(applications)} inline")


def park(uuid: str) -> Command:
    """Have a leg wait; whoever it talks with is let go."""
    return api("uuid_park", _leg(uuid))


def play(uuid: str, media: str, side: Side = Side.LEG) -> Command:
    """Play something to a leg, whatever it does; what it does goes on beneath, or afterwards."""
    return api("uuid_broadcast", f"{_leg(uuid)} {word(f'playback::{media}')} {side}")


def stop_playing(uuid: str) -> Command:
    """End what is played to a leg, and forget what was to follow."""
    return api("uuid_break", f"{_leg(uuid)} all")


def answer(uuid: str) -> Command:
    """Answer a leg that called in."""
    return api("uuid_answer", _leg(uuid))


def hang_up(uuid: str, cause: HangupCause = HangupCause.NORMAL_CLEARING) -> Command:
    """End a leg."""
    return api("uuid_kill", f"{_leg(uuid)} {cause.value}")


def _leg(uuid: str) -> str:
    """Raises: BadCommand: it is no uuid."""
    if not _UUID.match(uuid):
        raise BadCommand("no uuid of a leg")
    return uuid
