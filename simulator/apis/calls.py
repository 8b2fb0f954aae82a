"""Api commands about one channel: uuid_….

Source: FreeSWITCH mod_commands.c.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator import recorder, signalling, wire
from simulator.applications.digits import send_digits
from simulator.applications.recordings import stop, switch
from simulator.causes import cause_of
from simulator.core import Api, Core
from simulator.dtmf import parse_digits
from simulator.schedule import broadcast, schedule_hangup
from simulator.session import Session
from simulator.transfer import transfer
from simulator.words import split_blanks, variable_block

_NO_CHANNEL = "-ERR No such channel!\n"
_NO_SESSION = "-ERR Cannot locate session!\n"
_OK = "+OK\n"


def _on_channel(
    name: str,
    run: Callable[[Session, list[str]], str],
    least: int,
    syntax: str,
    *,
    missing: str = _NO_CHANNEL,
    description: str = "",
) -> Api:
    """An api whose first word is a channel's uuid; `least` is the number of words it needs."""

    def call(core: Core, argument: str) -> str:
        words = split_blanks(argument)
        if len(words) < least:
            return f"-USAGE: {syntax}\n"
        session = core.sessions.get(words[0])
        return missing if session is None else run(session, words[1:])

    return Api(name, call, description or name, syntax)


def uuid_exists(core: Core, argument: str) -> str:
    """Whether there is a channel of that uuid."""
    return "true" if argument in core.sessions else "false"


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
    session = core.sessions.get(uuid)
    if session is None:
        return _NO_CHANNEL
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


def uuid_record(session: Session, words: list[str]) -> str:
    """`<uuid> start|stop|mask|unmask|pause|resume <path> [<limit> [{vars}]]`."""
    action, path = words[0].lower(), words[1]
    if action == "start":
        limit_s = int(words[2]) if len(words) > 2 and words[2].isdecimal() else 0
        own = variable_block(wire.decode(words[3])) if len(words) > 3 else {}
        done = recorder.start(session, path, limit_s, own)
        return "+OK Success\n" if done else "-ERR Cannot record session!\n"
    if action == "stop":
        return "+OK Success\n" if stop(session, path) else "-ERR Cannot stop record session!\n"
    switches = {
        "pause": ("pause", True),
        "resume": ("pause", False),
        "mask": ("mask", True),
        "unmask": ("mask", False),
    }
    if action not in switches:
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
    what, on = switches[action]
    done = switch(session, path, what, on=on)
    return "+OK Success\n" if done else f"-ERR Cannot {action} recording session!\n"


def uuid_buglist(core: Core, argument: str) -> str:
    """What is recording a channel, as XML. Source: switch_core_media_bug_enumerate."""
    if not argument:
        return "-USAGE: <uuid>\n"
    session = core.sessions.get(argument)
    if session is None:
        return ""
    bugs = "".join(
        " <media-bug>\n  <function>session_record</function>\n"
        f"  <target>{path}</target>\n  <thread-locked>0</thread-locked>\n </media-bug>\n"
        for path in session.recordings
    )
    return f"<media-bugs>\n{bugs}</media-bugs>\n"


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
    session.redirect = [("park", "")]
    session.stir()
    return _OK


def sched_hangup(core: Core, argument: str) -> str:
    """`[+]<seconds> <uuid> [<cause>]`."""
    words = split_blanks(argument)
    if len(words) < 2:
        return "-USAGE: [+]<time> <uuid> [<cause>]\n"
    session = core.sessions.get(words[1])
    if session is None:
        return _NO_CHANNEL
    schedule_hangup(session, words[0], words[2] if len(words) > 2 else "ALLOTTED_TIMEOUT")
    return _OK


_RECORD_SYNTAX = "<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]"

APIS = (
    Api("uuid_exists", uuid_exists, "Check if a uuid exists", "<uuid>"),
    _on_channel("uuid_kill", uuid_kill, 1, "<uuid> [cause]"),
    _on_channel("uuid_getvar", uuid_getvar, 2, "<uuid> <var>"),
    _on_channel("uuid_setvar", uuid_setvar, 2, "<uuid> <var> [value]"),
    Api("uuid_setvar_multi", uuid_setvar_multi, "Set multiple variables", "<uuid> <var>=<value>;..."),
    _on_channel("uuid_dump", uuid_dump, 1, "<uuid> [format]"),
    _on_channel("uuid_record", uuid_record, 3, _RECORD_SYNTAX, missing=_NO_SESSION),
    Api("uuid_buglist", uuid_buglist, "List media bugs on a session", "<uuid>"),
    _on_channel("uuid_break", uuid_break, 1, "<uuid> [all]"),
    _on_channel("break", uuid_break, 1, "<uuid> [all]"),
    _on_channel(
        "uuid_broadcast", uuid_broadcast, 2, "<uuid> <path> [aleg|bleg|both]", missing="-ERR invalid uuid\n"
    ),
    _on_channel(
        "uuid_transfer", uuid_transfer, 2, "<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]"
    ),
    _on_channel("uuid_answer", uuid_answer, 1, "<uuid>", missing="-ERROR\n"),
    _on_channel("uuid_pre_answer", uuid_pre_answer, 1, "<uuid>", missing="-ERROR\n"),
    _on_channel("uuid_send_dtmf", uuid_send_dtmf, 2, "<uuid> <dtmf_data>", missing=_NO_SESSION),
    _on_channel("uuid_recv_dtmf", uuid_recv_dtmf, 2, "<uuid> <dtmf_data>", missing=_NO_SESSION),
    _on_channel("uuid_flush_dtmf", uuid_flush_dtmf, 1, "<uuid>", missing="-ERR No such session\n"),
    _on_channel("uuid_park", uuid_park, 1, "<uuid>"),
    Api("sched_hangup", sched_hangup, "Schedule hangup", "[+]<time> <uuid> [<cause>]"),
)
