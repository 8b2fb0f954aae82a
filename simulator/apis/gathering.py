"""Api commands about conferences and queues.

Source: FreeSWITCH conference_api.c, mod_fifo.c (fifo_api_function).
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.conference import Conference, Member
from simulator.core import Api, Core
from simulator.fifo import count
from simulator.words import split_blanks

_OK = "+OK\n"


def conference(core: Core, argument: str) -> str:
    """`conference <name> list|kick|mute|unmute|relate …`."""
    words = [*split_blanks(argument), "", "", "", ""]
    found = core.conferences.get(words[0])
    if found is None:
        return f"-ERR Conference {words[0]} not found\n"
    match words[1].lower():
        case "list":
            return _listed(found)
        case "kick" | "hup":
            return _each(found, words[2], found.dismiss)
        case "mute":
            return _each(found, words[2], lambda member: found.mute(member, is_muted=True))
        case "unmute":
            return _each(found, words[2], lambda member: found.mute(member, is_muted=False))
        case "relate":
            return _relate(found, words[2], words[3], words[4])
        case other:
            return f"-ERR Conference command '{other}' not found.\n"


def _listed(found: Conference) -> str:
    lines = []
    for member in found.members:
        who = member.session.channel
        fields = (str(member.number), who.name, who.uuid, who.profile.caller_name, who.profile.caller_number)
        flags = ["hear", *([] if member.is_muted else ["speak"]), *sorted(member.flags & {"moderator"})]
        lines.append(";".join([*fields, "|".join(flags), "0", "0", "0"]))
    return "".join(f"{line}\n" for line in lines)


def _each(found: Conference, which: str, do: Callable[[Member], None]) -> str:
    chosen = list(found.members)
    if which == "last":
        chosen = chosen[-1:]
    elif which != "all":
        chosen = [member for member in chosen if str(member.number) == which]
    for member in chosen:
        do(member)
    return _OK if chosen else f"Non-Existant ID {which}\n"


def _relate(found: Conference, number: str, other: str, how: str) -> str:
    if how not in ("nospeak", "clear") or not (number.isdecimal() and other.isdecimal()):
        return "-ERR Syntax error\n"
    if not found.relate(int(number), int(other), is_heard=how == "clear"):
        return f"-ERR relationship {number}->{other} not found.\n"
    return f"+OK {number}->{other} {how} set\n"


APIS = (
    Api("conference", conference, "Conference module commands", "<name> <command>", module="mod_conference"),
    Api("fifo", count, "Return data about a fifo", "count <name>", module="mod_fifo"),
)
