"""Commands to FreeSWITCH as bytes, none of which a value can break out of.

A command is a line, header lines after it for some, and a blank line. So a raw line break in a value
would begin a header, or another command: such a value is refused, as is NUL, at which FreeSWITCH stops
reading. What FreeSWITCH does with a value afterwards is quoting.py's matter.

Source: FreeSWITCH mod_event_socket.c: read_packet (how lines are read), parse_command (the commands);
src/switch_ivr.c, switch_ivr_parse_event (sendmsg).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from esl.errors import BadCommand
from esl.quoting import literal

# FreeSWITCH would read 10 MiB, one byte at a time (read_packet); no argument of ours comes near this.
MAX_COMMAND_BYTES = 256 * 1024

# Names of applications, headers, api commands, events and causes, and identifiers. A constant of ours,
# without nesting, so Python's own expressions are safe for it.
_NAME = re.compile(r"[A-Za-z0-9_.:-]+")
_FORMATS = ("plain", "json")
# parse_command looks for these words in the whole text of every command, arguments included, and where
# it finds them runs `bgapi reload mod_event_socket`, which ends every connection of the switch.
_RELOAD = (b"unload", b"reload")
_MODULE = b"mod_event_socket"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `wire` is what is sent, `summary` names it in errors and logs without its arguments
    (they may hold digits or a password).
    """

    wire: bytes
    summary: str


def connect() -> Command:
    """Take the channel over (outbound); the answer is its data."""
    return Command(b"connect\n\n", "connect")


def auth(password: str) -> Command:
    """Log in (inbound)."""
    return _command(f"auth {_name(password, 'password', reveal=False)}\n\n", "auth")


def exit_() -> Command:
    """Have FreeSWITCH close the connection."""
    return Command(b"exit\n\n", "exit")


def linger(seconds: int) -> Command:
    """Keep the connection for so long after the channel's end, so that its last events arrive.

    Raises: BadCommand: not at least one second; FreeSWITCH would take 0 as "at once".
    """
    if seconds < 1:
        raise BadCommand(f"linger {seconds}: at least 1 s")
    return _command(f"linger {seconds}\n\n", "linger")


def events(names: Iterable[str], fmt: str = "plain") -> Command:
    """Subscribe to events.

    Args: names: such as CHANNEL_ANSWER, or with a subclass "CUSTOM sofia::register"; fmt: plain or json.
    """
    if fmt not in _FORMATS:
        raise BadCommand(f"event format {fmt!r}: one of {', '.join(_FORMATS)}")
    return _command(f"event {fmt} {_event_names(names)}\n\n", "event")


def nixevent(names: Iterable[str]) -> Command:
    """Unsubscribe from events; `names` as for events()."""
    return _command(f"nixevent {_event_names(names)}\n\n", "nixevent")


def noevents() -> Command:
    """Unsubscribe from all events."""
    return Command(b"noevents\n\n", "noevents")


def filter_header(name: str, value: str) -> Command:
    """Let only events through in which this header has this value; with several filters, any of them.

    Args: value: compared without regard to case; one that begins with / would be a regular expression,
    and blanks, + and - at the beginning have a meaning of their own, so these are refused.
    Source: mod_event_socket.c, event_handler.
    """
    return _command(f"filter {_filtered(name, value)}\n\n", "filter")


def filter_present(name: str) -> Command:
    """Let only events through that have this header, whatever its value; as a filter among others.

    Source: mod_event_socket.c, event_handler (a value that begins with / is a regular expression).
    """
    return _command(f"filter {_filtered(name, '.')[:-1]}/./\n\n", "filter")


def delete_filter(name: str, value: str) -> Command:
    """Take a filter back; without any, all events come through again."""
    return _command(f"filter delete {_filtered(name, value)}\n\n", "filter delete")


def execute(
    app: str,
    arg: str = "",
    *,
    event_uuid: str,
    lock: bool = False,
    loops: int = 1,
    expand: bool = False,
    uuid: str = "",
) -> Command:
    """Run a dialplan application on a channel.

    Args: arg: arrives at the application exactly as given; expand: let FreeSWITCH replace `${...}` in it
    instead (variables, and API commands!), then everything in it that comes from outside must have gone
    through quoting.literal; event_uuid: comes back as Application-UUID; lock: wait until the application
    before it is done (event-lock), without it a running one is interrupted; loops: -1 for ever; uuid: of the
    channel, "" for that of this (outbound) connection; where there is none, FreeSWITCH refuses.
    Raises: BadCommand: also for an argument that begins with `%[`, which sets variables
    (switch_core_session_exec) and cannot be escaped.
    """
    to = f"sendmsg {_name(uuid, 'uuid')}" if uuid else "sendmsg"
    lines = f"{to}\ncall-command: execute\nexecute-app-name: {_name(app, 'application')}\n"
    summary = f"execute {app}"
    if arg:
        argument = _line(arg, summary) if expand else _inert(_line(arg, summary), summary)
        lines += f"execute-app-arg: {argument}\n"
    lines += f"Event-UUID: {_name(event_uuid, 'Event-UUID')}\n"
    if lock:
        lines += "event-lock: true\n"
    if loops != 1:
        lines += f"loops: {loops:d}\n"
    return _command(lines + "\n", summary)


def hangup(cause: str = "NORMAL_CLEARING") -> Command:
    """Hang the channel of this (outbound) connection up."""
    wire = f"sendmsg\ncall-command: hangup\nhangup-cause: {_name(cause, 'cause')}\n\n"
    return _command(wire, "hangup")


def api(command: str, arg: str = "") -> Command:
    """Run an API command; the connection answers nothing else until it is done."""
    return _command(f"api {_with_argument(command, arg)}\n\n", f"api {command}")


def bgapi(command: str, arg: str = "", job_uuid: str = "") -> Command:
    """Run an API command in the background; its output comes as BACKGROUND_JOB with this Job-UUID.

    Args: job_uuid: at most 36 characters (FreeSWITCH cuts it there); "" lets FreeSWITCH make one.
    """
    lines = f"bgapi {_with_argument(command, arg)}\n"
    if len(job_uuid) > 36:
        raise BadCommand("Job-UUID: more than 36 characters")
    if job_uuid:
        lines += f"Job-UUID: {_name(job_uuid, 'Job-UUID')}\n"
    return _command(lines + "\n", f"bgapi {command}")


def sendevent(subclass: str, headers: Mapping[str, str]) -> Command:
    """Fire a CUSTOM event of our own, for everybody who has subscribed to its subclass.

    Source: mod_event_socket.c, parse_command (sendevent); values are read as they stand.
    """
    lines = "".join(
        f"{_name(name, 'header')}: {_line(value, 'sendevent')}\n" for name, value in headers.items()
    )
    return _command(
        f"sendevent CUSTOM\nEvent-Subclass: {_name(subclass, 'subclass')}\n{lines}\n", "sendevent"
    )


def _filtered(name: str, value: str) -> str:
    """A header and the value it is compared with."""
    if not value or value[0] in "/+- ":
        raise BadCommand(f"filter {name}: a value that is no plain text")
    if name.lower() in ("add", "delete"):
        raise BadCommand(f"filter: {name} is a subcommand, no header")
    return f"{_name(name, 'header')} {_line(value, 'filter')}"


def _command(text: str, summary: str) -> Command:
    """The command, checked as a whole."""
    try:
        wire = text.encode()
    except UnicodeEncodeError as exc:
        raise BadCommand(f"{summary}: a value that is no text") from exc
    if len(wire) > MAX_COMMAND_BYTES:
        raise BadCommand(f"{summary}: {len(wire)} bytes, more than {MAX_COMMAND_BYTES}")
    lowered = wire.lower()
    if _MODULE in lowered and any(word in lowered for word in _RELOAD):
        raise BadCommand(f"{summary}: a value that would have FreeSWITCH reload its event socket")
    return Command(wire, summary)


def _line(value: str, summary: str) -> str:
    """The value, if it stays on its line."""
    if "\n" in value or "\r" in value or "\0" in value:
        raise BadCommand(f"{summary}: a line break or NUL in a value")
    return value


def _with_argument(command: str, arg: str) -> str:
    """An api command and what follows it."""
    name = _name(command, "api command")
    return f"{name} {_line(arg, f'api {name}')}" if arg else name


def _name(value: str, what: str, *, reveal: bool = True) -> str:
    """The value, if it is a name."""
    if _NAME.fullmatch(value) is None:
        shown = f"{value!r} " if reveal else ""
        raise BadCommand(f"{what} {shown}may only hold letters, digits and _.:-")
    return value


def _event_names(names: Iterable[str]) -> str:
    """Event names in the order FreeSWITCH needs: whatever follows CUSTOM it takes for a subclass."""
    plain: list[str] = []
    custom: list[str] = []
    for entry in names:
        name, *subclasses = [_name(word, "event") for word in entry.split(" ")]
        if name == "CUSTOM":
            custom = custom or ["CUSTOM"]
            custom += subclasses
        elif subclasses:
            raise BadCommand(f"event {entry!r}: only CUSTOM has subclasses")
        else:
            plain.append(name)
    if not plain and not custom:
        raise BadCommand("event: no names")
    return " ".join(plain + custom)


def _inert(arg: str, summary: str) -> str:
    r"""The argument written so that it arrives as it is.

    Source: read_packet skips blanks before a header's value; switch_channel_expand_variables_check
    drops `\'`, so that it can stand before them.
    """
    if arg[0] == "%" and "[" in arg[1:3]:
        raise BadCommand(f"{summary}: an argument that begins with %[ would set variables")
    escaped = literal(arg)
    return "\\'" + escaped if escaped[0] == " " else escaped
