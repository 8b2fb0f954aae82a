"""One message of the event socket: a few header lines, then as many bytes as they say.

Source: FreeSWITCH src/mod/event_handlers/mod_event_socket/mod_event_socket.c: listener_run and
parse_command (replies), read_packet (events, logs, the linger notice), send_disconnect.
"""

from __future__ import annotations

from typing import Final

from esl.event import Event

AUTH_REQUEST: Final = "auth/request"
COMMAND_REPLY: Final = "command/reply"
API_RESPONSE: Final = "api/response"
EVENT_PLAIN: Final = "text/event-plain"
EVENT_JSON: Final = "text/event-json"
DISCONNECT_NOTICE: Final = "text/disconnect-notice"
RUDE_REJECTION: Final = "text/rude-rejection"
LOG_DATA: Final = "log/data"

# The answer to `connect` is an event's header block with the reply's own headers at its end, and no body.
_EVENT_BLOCK = b"Event-Name: "


def header_value(head: bytes, line_start: bytes) -> bytes | None:
    r"""The raw value of the first header line that begins so.

    Args: line_start: such as b"\nContent-Type: ", with the line break before it.
    """
    if head.startswith(line_start[1:]):
        start = len(line_start) - 1
    else:
        start = head.find(line_start)
        if start < 0:
            return None
        start += len(line_start)
    stop = head.find(b"\n", start)
    return head[start:] if stop < 0 else head[start:stop]


class Frame:
    """A message as it came.

    Attributes: content_type: one of the constants above, or whatever the peer wrote; head: its header
    lines without the blank line.
    """

    __slots__ = ("_tail", "content_type", "head")

    def __init__(self, content_type: str, head: bytes, tail: bytes = b"") -> None:
        """Args: tail: the body with the line break before it (an Event needs it there), b"" for none."""
        self.content_type = content_type
        self.head = head
        self._tail = tail

    @property
    def body(self) -> bytes:
        """The bytes after the headers."""
        return self._tail[1:]

    @property
    def headers(self) -> dict[str, str]:
        """The header lines, made anew at each call.

        FreeSWITCH URL-encodes them in the answer to `connect` alone, so only those are decoded: in
        `Reply-Text: +OK 100%25` the text is the reply's own.
        """
        if self.head.startswith(_EVENT_BLOCK):
            return Event(self.head).headers()
        headers: dict[str, str] = {}
        for line in self.head.split(b"\n"):
            name, colon, value = line.partition(b": ")
            if colon:
                headers.setdefault(name.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
        return headers

    @property
    def text(self) -> str:
        """What FreeSWITCH says in answer to a command: Reply-Text, or the output of an api command."""
        if self.content_type == API_RESPONSE:
            return self.body.decode("utf-8", "replace")
        if self.head.startswith(_EVENT_BLOCK):
            return Event(self.head).get("Reply-Text") or ""
        value = header_value(self.head, b"\nReply-Text: ")
        return "" if value is None else value.decode("utf-8", "replace")

    def event(self) -> Event | None:
        """The event in it: of text/event-plain, text/event-json and the answer to `connect`.

        Returns: None for every other message.
        Raises: BadFrame: text/event-json without a JSON object.
        """
        if self.content_type == EVENT_PLAIN:
            return Event(self._tail)
        if self.content_type == EVENT_JSON:
            return Event.from_json(self.body)
        if self.content_type == COMMAND_REPLY and self.head.startswith(_EVENT_BLOCK):
            return Event(self.head)
        return None

    def __repr__(self) -> str:
        return f"<Frame {self.content_type} {len(self.head)}+{max(0, len(self._tail) - 1)} bytes>"
