"""The event socket's text, both ways: commands taken apart, replies and events put together. No IO.

Source: FreeSWITCH mod_event_socket.c (read_packet, send_disconnect), switch_event.c
(switch_event_serialize, switch_event_serialize_json), switch_utils.c (switch_url_encode_opt).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.errors import CommandTooLong

HeaderValue = str | list[str]
Headers = list[tuple[str, HeaderValue]]

# A command larger than this ends the connection: nothing a controller sends comes near it.
MAX_COMMAND_BYTES = 1_048_576
# A percent sign before two upper-case hex digits is left alone: FreeSWITCH does not encode twice.
_UNSAFE = re.compile(r"%(?![0-9A-F]{2})|[^ -~]|[ #&+:;<=>?@\[\\\]^`{|}\"]")
_HEX_PAIR = re.compile(rb"%([0-9A-Fa-f]{2})")


def encode(value: str) -> str:
    """Encode a header value the way FreeSWITCH does, which leaves existing %XX as they are."""
    if not _UNSAFE.search(value):
        return value
    return _UNSAFE.sub(lambda match: _percent(match.group()), value)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def decode(value: str) -> str:
    """Decode %XX once; malformed sequences stay. Source: switch_url_decode."""
    if "%" not in value:
        return value
    raw = value.encode("utf-8", "surrogateescape")
    raw = _HEX_PAIR.sub(lambda match: bytes([int(match.group(1), 16)]), raw)
    return raw.decode("utf-8", "surrogateescape")


def flat(value: HeaderValue) -> str:
    """A header with several values as the one string FreeSWITCH makes of it."""
    return value if isinstance(value, str) else "ARRAY::" + "|:".join(value)


@dataclass(slots=True)
class Command:
    """One command of the controller: its first line, its headers, its body."""

    line: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    def get(self, name: str, default: str = "") -> str:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)


class CommandReader:
    """Takes bytes in, gives commands out; a partial command is kept for the next bytes."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[Command]:
        """Take bytes and return the commands completed by them.

        Raises: CommandTooLong.
        """
        self._pending += data
        commands = []
        while (command := self._next()) is not None:
            commands.append(command)
        if len(self._pending) > MAX_COMMAND_BYTES:
            raise CommandTooLong(f"{len(self._pending)} bytes without an end")
        return commands

    def _next(self) -> Command | None:
        self._pending = self._pending.lstrip(b"\r\n")
        end = re.search(rb"\r?\n\r?\n", self._pending)
        if end is None:
            return None
        lines = self._pending[: end.start()].decode("utf-8", "surrogateescape").split("\n")
        command = Command(lines[0].rstrip("\r"))
        for line in lines[1:]:
            name, colon, value = line.rstrip("\r").partition(":")
            if colon:
                command.headers.append((name, value.lstrip(" ")))
        length = command.get("content-length")
        size = int(length) if length.isdecimal() else 0
        if len(self._pending) < end.end() + size:
            return None
        command.body = self._pending[end.end() : end.end() + size].decode("utf-8", "surrogateescape")
        self._pending = self._pending[end.end() + size :]
        return command


def block(headers: Iterable[tuple[str, HeaderValue]], body: str = "") -> bytes:
    """Headers as FreeSWITCH serialises an event; an empty value becomes `_undef_`."""
    lines = [f"{name}: {encode(flat(value)) or '_undef_'}\n" for name, value in headers]
    if body:
        raw = body.encode("utf-8", "surrogateescape")
        lines.append(f"Content-Length: {len(raw)}\n\n")
        return "".join(lines).encode("utf-8", "surrogateescape") + raw
    lines.append("\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def json_text(headers: Iterable[tuple[str, HeaderValue]], body: str = "") -> bytes:
    """The same event as JSON: values unencoded, several values as a list, the body as `_body`."""
    document: dict[str, HeaderValue] = {}
    for name, value in headers:
        document.setdefault(name, value)
    if body:
        document["Content-Length"] = str(len(body.encode("utf-8", "surrogateescape")))
        document["_body"] = body
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogateescape")


def event_frame(payload: bytes, kind: str) -> bytes:
    """An event as it travels: `kind` is plain or json."""
    return b"Content-Length: %d\nContent-Type: text/event-%s\n\n" % (len(payload), kind.encode()) + payload


def reply(text: str) -> bytes:
    """The answer to a command. The text is not encoded: FreeSWITCH does not either."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode("utf-8", "surrogateescape")


def job_reply(job_uuid: str) -> bytes:
    """The answer to bgapi, which names the job twice."""
    text = f"+OK Job-UUID: {job_uuid}\nJob-UUID: {job_uuid}"
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def api_response(text: str) -> bytes:
    """The answer to `api`: its output as a body."""
    raw = (text or "-ERR no reply\n").encode("utf-8", "surrogateescape")
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(raw) + raw


AUTH_REQUEST = b"Content-Type: auth/request\n\n"
_REJECTION = b"Access Denied, go away.\n"
RUDE_REJECTION = b"Content-Type: text/rude-rejection\nContent-Length: %d\n\n" % len(_REJECTION) + _REJECTION
_GOODBYE = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"


def linger_notice(uuid: str, channel_name: str, linger_s: int) -> bytes:
    """The channel is gone, the socket stays for a while."""
    return (
        "Content-Type: text/disconnect-notice\n"
        f"Controlled-Session-UUID: {uuid}\n"
        "Content-Disposition: linger\n"
        f"Channel-Name: {channel_name}\n"
        f"Linger-Time: {linger_s}\n"
        "Content-Length: 0\n\n"
    ).encode("utf-8", "surrogateescape")


def disconnect_notice(uuid: str = "") -> bytes:
    """The last thing on every connection; `uuid` of the controlled channel, if there is one."""
    session = f"Controlled-Session-UUID: {uuid}\nContent-Disposition: disconnect\n" if uuid else ""
    head = f"Content-Type: text/disconnect-notice\n{session}Content-Length: {len(_GOODBYE)}\n\n"
    return head.encode() + _GOODBYE
