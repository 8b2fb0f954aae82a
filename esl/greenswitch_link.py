"""The inbound client of greenswitch, with its reading, writing and waiting replaced.

Kept: its constructor, the order of connecting and logging in, the registry of handlers by event name,
and its use as a context manager. Replaced, because of faults of 0.0.19 that calls would pay for: it
decodes a block before splitting its lines (a caller could forge headers), sends with `send` and not
`sendall`, waits for replies and for the greeting without end, takes two greenlets and a queue without
bound per connection, leaves the body of a disconnect notice unread, and knows IPv4 only.

The one file that imports greenswitch; its exceptions end here.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from greenswitch.esl import InboundESL

from esl import frame as kinds
from esl.command import Command, auth
from esl.connection import Connection
from esl.decoder import MAX_LINK_FRAME_BYTES
from esl.errors import BadCommand, CommandRefused, EslError, LinkLost
from esl.event import Event
from esl.frame import Frame
from esl.reply import PendingReply, Reply


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply in greenswitch's terms."""

    headers: dict[str, str]
    data: str


class GreenswitchLink(InboundESL):  # type: ignore[misc]  # greenswitch has no types
    """One inbound connection, from connect() to its loss; not used again after that.

    Args: timeout_s: for each step of connecting, and for each command of send(); on_close: called once
    when a connection that was made is gone.
    """

    def __init__(
        self, host: str, port: int, password: str, timeout_s: float, on_close: Callable[[], None]
    ) -> None:
        super().__init__(host, port, password, timeout=timeout_s)
        self.connection: Connection | None = None
        self._on_close = on_close
        self._rejection = ""

    def connect(self) -> None:
        """Connect, wait for the greeting, and log in.

        Raises: LinkLost: no connection, or it is gone again; CommandRefused: FreeSWITCH does not want
        us: a wrong password, or an address that its access list keeps out.
        """
        try:
            self.sock = socket.create_connection((self.host, self.port), self.timeout)
        except OSError as exc:
            raise LinkLost(f"{self.host}:{self.port}: {exc.strerror or exc}") from exc
        self.connected = True
        self.start_event_handlers()
        try:
            self._await_greeting()
            self.authenticate()
        except EslError:
            self.stop()
            raise

    def authenticate(self) -> None:
        """Log in; greenswitch compares the answer.

        Raises: CommandRefused: a wrong password, or one that no FreeSWITCH could have; LinkLost.
        """
        try:
            auth(self.password)  # checked here: greenswitch puts it into a line as it is
            super().authenticate()
        except (ValueError, BadCommand) as exc:
            raise CommandRefused("auth", str(exc)) from exc

    def start_event_handlers(self) -> None:
        """Begin to read: in the hub, with our decoder."""
        for option, value in (
            (socket.TCP_NODELAY, 1),
            (socket.TCP_USER_TIMEOUT, int(self.timeout * 1000)),
        ):
            self.sock.setsockopt(socket.IPPROTO_TCP, option, value)
        self.connection = Connection(
            self.sock,
            on_event=self._dispatch,
            on_close=self._closed,
            on_frame=self._greeted,
            max_frame_bytes=MAX_LINK_FRAME_BYTES,
        )

    def send(self, data: str) -> Answer:
        """Send one command line and wait for its reply.

        Raises: BadCommand, CommandRefused, LinkLost, ReplyTimeout.
        """
        if any(char in data for char in "\r\n\0"):
            raise BadCommand("a line break or NUL in a command line")
        reply = self.request(Command(f"{data}\n\n".encode(), data.partition(" ")[0]), self.timeout)
        return Answer({"Reply-Text": reply.text, **reply.frame.headers}, reply.text)

    def request(self, command: Command, timeout_s: float) -> Reply:
        """Send one command and wait for its reply.

        Raises: CommandRefused, LinkLost, ReplyTimeout.
        """
        return self.post(command)[0].get(timeout_s)

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write, without waiting for their replies.

        Raises: LinkLost.
        """
        if self.connection is None:
            raise LinkLost("not connected")
        return self.connection.post(*commands)

    @property
    def silent_s(self) -> float:
        """For how long nothing has come."""
        return 0.0 if self.connection is None else time.monotonic() - self.connection.heard_s

    @property
    def close_reason(self) -> str:
        """Why the connection is gone, "" as long as it is not."""
        return "" if self.connection is None else self.connection.close_reason

    def stop(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close()

    def _await_greeting(self) -> None:
        """Wait until FreeSWITCH asks for the password."""
        if not self._auth_request_event.wait(self.timeout):
            raise LinkLost(f"no greeting within {self.timeout:g} s")
        if self._rejection:
            raise CommandRefused("connect", self._rejection)
        if not self.connected:
            raise LinkLost("closed before the greeting")

    def _dispatch(self, event: Event) -> None:
        """Give an event to the handlers registered for its name, or its subclass, else to those for `*`."""
        name = event.name
        key = event.subclass if name == "CUSTOM" else name
        for handler in self.event_handlers.get(key) or self.event_handlers.get("*", ()):
            handler(event)

    def _greeted(self, frame: Frame) -> None:
        """Take the greeting, or the refusal in its place."""
        if frame.content_type == kinds.RUDE_REJECTION:
            self._rejection = (
                frame.text.strip() or frame.body.decode("utf-8", "replace").strip() or "rejected"
            )
        if frame.content_type in (kinds.AUTH_REQUEST, kinds.RUDE_REJECTION):
            self._auth_request_event.set()

    def _closed(self) -> None:
        """The connection's callback: it is gone."""
        self.connected = False
        self._auth_request_event.set()
        self._on_close()
