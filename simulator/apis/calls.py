"""Api commands about one channel: uuid_….

Source: FreeSWITCH mod_commands.c.
"""

from __future__ import annotations

from simulator import signalling, wire
from simulator.apis.channel import NO_CHANNEL, NO_SESSION, on_channel
from simulator.applications.digits import send_digits
from simulator.causes import cause_of
from simulator.core import Api, Core
from simulator.dtmf import parse_digits
from simulator.joining import hold, unhold
from simulator.park import park_state
from simulator.schedule import broadcast, schedule_hangup
from simulator.session import Session
from simulator.transfer import join, transfer
from simulator.words import split_blanks

_OK = "+OK\n"


def uuid_exists(core: Core, argument: str) -> str:
    """Whether there is a channel of that uuid."""
    return "true" if core.located(argument) is not None else "false"


def uuid_kill(session: Session, words: list[str]) -> str:
    """Hang a channel up."""
    session.hangup(cause_of(words[0] if words else "NORMAL_CLEARING"))
    return _OK


def uuid_getvar(session: Session, words: list[str]) -> str:
    """A channel variable."""
    value = session.channel.get(words[0])
    return "_undef_" if value is None else value


def uuid_setvar(session: Session, words: list[str]) -> str:
    """Set a channel variable; without a value, remove it."""
    session.channel.set(words[0], words[1] if len(words) > 1 else None)
    return _OK


def uuid_setvar_multi(core: Core, argument: str) -> str:
    """`<uuid> <name>=<value>;…`."""
    uuid, _, pairs = argument.partition(" ")
    session = core.located(uuid)
    if session is None:
        return NO_CHANNEL
    named = [pair.partition("=") for pair in pairs.split(";") if pair.partition("=")[0]]
    for name, _, value in named:
        session.channel.set(name, value)
    return _OK if named else "-USAGE: <uuid> <var>=<value>;<var>=<value>...\n"


def uuid_dump(session: Session, words: list[str]) -> str:
    """Everything about a channel, as text or JSON."""
    core = session.core
    headers = [*core.bus.core_headers("CHANNEL_DATA"), *session.channel.headers("CHANNEL_DATA")]
    style = words[0].lower() if words else "txt"
    if style == "json":
        return wire.json_text(headers).decode("utf-8", "surrogateescape")
    if style == "plain":
        return "".join(f"{name}: [{wire.flat(value)}]\n" for name, value in headers)
    return wire.block(headers).decode("utf-8", "surrogateescape")


def uuid_break(session: Session, words: list[str]) -> str:
    """Interrupt what a channel plays; `all` forgets what is queued too."""
    everything = "all" in words
    if everything:
        session.flush_commands()
    session.interrupt(2 if everything else 1)
    return _OK


def uuid_broadcast(session: Session, words: list[str]) -> str:
    """Play something to a channel's legs."""
    broadcast(session, words[0], words[1].lower() if len(words) > 1 else "aleg")
    return "+OK Message sent\n"


def uuid_transfer(session: Session, words: list[str]) -> str:
    """`<uuid> [-bleg|-both] <extension> [<dialplan> [<context>]]`."""
    which = words.pop(0).lower() if words[0].lower() in ("-bleg", "-both") else ""
    target = [*words, "", "", ""][:3]
    if which and session.partner is not None:
        transfer(session.partner, *target)
        if which == "-bleg":
            return _OK
    return _OK if transfer(session, *target) else "-ERR\n"


def uuid_answer(session: Session, words: list[str]) -> str:
    """Answer a channel."""
    del words
    signalling.answer(session)
    return _OK


def uuid_pre_answer(session: Session, words: list[str]) -> str:
    """Give a channel early media."""
    del words
    signalling.pre_answer(session)
    return _OK


def uuid_send_dtmf(session: Session, words: list[str]) -> str:
    """Send digits to a channel's far end."""
    if not send_digits(session, words[0]):
        return "-ERR Operation failed\n"
    return f"+OK {session.channel.uuid} sent DTMF {words[0]}.\n"


def uuid_recv_dtmf(session: Session, words: list[str]) -> str:
    """Digits as if a channel's far end had pressed them."""
    session.press(parse_digits(words[0]))
    return f"+OK {session.channel.uuid} received DTMF {words[0]}.\n"


def uuid_flush_dtmf(session: Session, words: list[str]) -> str:
    """Forget digits nobody has read."""
    del words
    session.digits.flush()
    return _OK


def uuid_park(session: Session, words: list[str]) -> str:
    """Take a channel away from what it does and park it."""
    del words
    session.move(lambda: park_state(session))
    return _OK


def uuid_bridge(session: Session, words: list[str]) -> str:
    """`<uuid> <other uuid>`: join two legs."""
    other = session.core.located(words[0])
    if other is None or not (session.channel.has_media or other.channel.has_media):
        return "-ERR Invalid uuid\n"
    # Whichever has media carries the bridge; it waits for the other to be answered.
    first, second = (session, other) if session.channel.has_media else (other, session)
    if not join(first, second):
        return "-ERR Invalid uuid\n"
    return f"+OK {words[0]}\n"


def uuid_hold(core: Core, argument: str) -> str:
    """`[off|toggle] <uuid>`; FreeSWITCH says +OK whether or not there is such a channel."""
    words = split_blanks(argument)
    if not words:
        return "-USAGE: [off|toggle] <uuid> [<display>]\n-ERR Operation failed\n"
    chosen = words[0].lower() in ("off", "toggle") and len(words) > 1
    session = core.located(words[1] if chosen else words[0])
    if session is not None:
        wish = words[0].lower() if chosen else "on"
        if wish == "off" or (wish == "toggle" and session.is_held):
            unhold(session)
        else:
            hold(session)
    return "+OK Success\n"


def sched_hangup(core: Core, argument: str) -> str:
    """`[+]<seconds> <uuid> [<cause>]`."""
    words = split_blanks(argument)
    if len(words) < 2:
        return "-USAGE: [+]<time> <uuid> [<cause>]\n"
    session = core.located(words[1])
    if session is None:
        return NO_CHANNEL
    schedule_hangup(session, words[0], words[2] if len(words) > 2 else "ALLOTTED_TIMEOUT")
    return _OK


APIS = (
    Api("uuid_exists", uuid_exists, "Check if a uuid exists", "<uuid>"),
    on_channel("uuid_kill", uuid_kill, 1, "<uuid> [cause]"),
    on_channel("uuid_getvar", uuid_getvar, 2, "<uuid> <var>"),
    on_channel("uuid_setvar", uuid_setvar, 2, "<uuid> <var> [value]"),
    Api("uuid_setvar_multi", uuid_setvar_multi, "Set multiple variables", "<uuid> <var>=<value>;..."),
    on_channel("uuid_dump", uuid_dump, 1, "<uuid> [format]"),
    on_channel("uuid_break", uuid_break, 1, "<uuid> [all]"),
    on_channel("break", uuid_break, 1, "<uuid> [all]"),
    on_channel(
        "uuid_broadcast",
        uuid_broadcast,
        2,
        "<uuid> <path> [aleg|bleg|holdb|both]",
        missing="-ERR invalid uuid\n",
    ),
    on_channel(
        "uuid_transfer", uuid_transfer, 2, "<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]"
    ),
    on_channel("uuid_answer", uuid_answer, 1, "<uuid>", missing="-ERROR\n"),
    on_channel("uuid_pre_answer", uuid_pre_answer, 1, "<uuid>", missing="-ERROR\n"),
    on_channel("uuid_send_dtmf", uuid_send_dtmf, 2, "<uuid> <dtmf_data>", missing=NO_SESSION),
    on_channel("uuid_recv_dtmf", uuid_recv_dtmf, 2, "<uuid> <dtmf_data>", missing=NO_SESSION),
    on_channel("uuid_flush_dtmf", uuid_flush_dtmf, 1, "<uuid>", missing="-ERR No such session\n"),
    on_channel("uuid_bridge", uuid_bridge, 2, "<uuid> <other_uuid>", missing="-ERR Invalid uuid\n"),
    Api("uuid_hold", uuid_hold, "Place call on hold", "[off|toggle] <uuid> [<display>]"),
    on_channel("uuid_park", uuid_park, 1, "<uuid>"),
    Api("sched_hangup", sched_hangup, "Schedule hangup", "[+]<time> <uuid> [<cause>]"),
)
