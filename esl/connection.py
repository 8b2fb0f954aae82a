"""One socket to FreeSWITCH: events out of it, commands into it, replies matched by their order.

There is no greenlet per connection. The hub calls `_read` when bytes are there, and everything they
bring is dealt with on the spot, so an event flood fills the kernel's buffer and not ours. Writing never
waits either: what the kernel does not take at once is sent when it can be, under a deadline. So all of
this may be called from any greenlet of the hub's thread, and callbacks must not wait.

    OPEN --peer closes, or anything goes wrong--> CLOSED
    OPEN --close()--> DRAINING --peer closes, or DRAIN_S is over--> CLOSED
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable

import structlog

from esl import frame as kinds
from esl import loop
from esl.command import Command
from esl.decoder import MAX_FRAME_BYTES, Decoder
from esl.errors import BadFrame, LinkLost
from esl.event import Event
from esl.frame import Frame, header_value
from esl.reply import Expectation, PendingReply, Reply

log = structlog.get_logger(__name__)

# One read per wake-up, so that a busy connection does not starve the others; eight times the answer
# to `connect`.
_READ_BYTES = 65536
# A peer that reads nothing for so long is as good as gone; FreeSWITCH polls its socket every 20 ms.
WRITE_TIMEOUT_S = 5.0
# What may wait for a slow peer; about 4,000 commands.
MAX_UNSENT_BYTES = 1024 * 1024
# How long a connection we close may take to be closed by the peer as well.
DRAIN_S = 2.0


class Connection:
    """A connected socket from its first byte to its last.

    Args: sock: connected; belongs to the connection from here on. on_event: called in the hub with
    each event, must not wait. on_close: called once, when nothing more will come. on_frame: called in
    the hub with every other message that answers no command (auth/request, log/data, notices).

    Attributes: closed: no more commands, no more events; close_reason: why, "" until then; lingering:
    the channel has ended, its last events may still come; heard_s: when bytes last came, by
    time.monotonic().
    """

    __slots__ = (
        "_deadline",
        "_decoder",
        "_expected",
        "_is_mute",
        "_on_close",
        "_on_event",
        "_on_frame",
        "_reader",
        "_sock",
        "_unsent",
        "_writer",
        "close_reason",
        "closed",
        "heard_s",
        "lingering",
    )

    def __init__(
        self,
        sock: socket.socket,
        *,
        on_event: Callable[[Event], None],
        on_close: Callable[[], None],
        on_frame: Callable[[Frame], None] | None = None,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        self._sock = sock
        self._on_event = on_event
        self._on_close = on_close
        self._on_frame = on_frame
        self._decoder = Decoder(max_frame_bytes)
        self._expected: list[Expectation] = []  # short; a deque would be 0.7 kB even empty
        self._unsent: bytearray | None = None
        self._writer: loop.Watcher | None = None
        self._deadline: loop.Watcher | None = None
        self._is_mute = False
        self.closed = False
        self.lingering = False
        self.heard_s = time.monotonic()
        self.close_reason = ""
        sock.settimeout(0)
        self._reader: loop.Watcher | None = loop.when_readable(sock.fileno(), self._read)

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write, without waiting for their replies.

        Returns: the replies to come, in the order of the commands.
        Raises: LinkLost: the connection is closed already. If it breaks now, the replies say so.
        """
        replies = [PendingReply(command.summary) for command in commands]
        self.send(b"".join([command.wire for command in commands]), replies)
        return replies

    def request(self, command: Command, timeout_s: float) -> Reply:
        """Send one command and wait for its reply.

        Raises: CommandRefused, LinkLost, ReplyTimeout.
        """
        return self.post(command)[0].get(timeout_s)

    def send(self, wire: bytes, expected: Iterable[Expectation]) -> None:
        """Send the bytes of commands, and queue up who gets their replies.

        Raises: LinkLost: the connection is closed already.
        """
        if self.closed or self._is_mute:
            raise LinkLost("the connection is closed")
        self._expected += expected
        if self._unsent is not None:
            self._unsent += wire
            if len(self._unsent) > MAX_UNSENT_BYTES:
                self._lose("the peer does not read")
            return
        sent = self._send_now(wire)
        if sent < len(wire) and not self._is_mute:
            self._unsent = bytearray(wire[sent:])
            self._writer = loop.when_writable(self._sock.fileno(), self._flush)
            self._set_deadline(WRITE_TIMEOUT_S, "the peer does not read")

    def close(self) -> None:
        """Close from this side; what has been sent still reaches the peer.

        The socket is closed for writing at once, and altogether when the peer has closed as well:
        closing it with bytes unread would reset the connection, and the peer would lose commands it
        has not read yet, a hangup for example.
        """
        if self.closed:
            return
        if self._is_mute:
            self._lose("closed")
            return
        self._set_deadline(DRAIN_S, "closed")
        if self._unsent is None:
            self._shut_down()
        self._end("closed")

    def _read(self) -> None:
        """The hub's callback: bytes, or the end."""
        try:
            data = self._sock.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as exc:
            self._lose(exc.strerror or str(exc))
            return
        if not data:
            amid = " amid a message" if self._decoder.is_amid_message else ""
            self._lose("the peer closed" + amid)
            return
        if self.closed:  # draining
            return
        self.heard_s = time.monotonic()
        try:
            self._take(data)
        except BadFrame as exc:
            log.warning("event_socket_garbled", reason=str(exc))
            self._lose(str(exc))
        except Exception:  # the catch-all per connection: the hub must go on serving the others
            log.exception("event_callback_failed", outcome="connection closed")
            self._lose("a callback failed")

    def _take(self, data: bytes) -> None:
        """Deal with all that these bytes complete."""
        for frame in self._decoder.feed(data):
            kind = frame.content_type
            if kind in (kinds.EVENT_PLAIN, kinds.EVENT_JSON):
                event = frame.event()
                if event is not None:
                    self._on_event(event)
            elif kind in (kinds.COMMAND_REPLY, kinds.API_RESPONSE):
                if not self._expected:
                    raise BadFrame("a reply to no command")
                self._expected.pop(0).settle(frame)
            else:
                self._take_notice(frame)
            if self.closed:
                return
        if self._decoder.broken is not None:
            raise self._decoder.broken

    def _take_notice(self, frame: Frame) -> None:
        """Deal with a message that is neither an event nor a reply.

        After `Content-Disposition: disconnect` FreeSWITCH closes the connection, which ends it here too.
        """
        if (
            frame.content_type == kinds.DISCONNECT_NOTICE
            and header_value(frame.head, b"\nContent-Disposition: ") == b"linger"
        ):
            self.lingering = True
        if self._on_frame is not None:
            self._on_frame(frame)

    def _send_now(self, wire: bytes | bytearray) -> int:
        """Give the kernel what it takes.

        A write that fails does not end the connection: the peer's last events, a recording's end
        among them, may still wait to be read. Reading will come to the end, or the deadline will.
        """
        try:
            return self._sock.send(wire)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as exc:
            self._is_mute = True
            self._set_deadline(WRITE_TIMEOUT_S, exc.strerror or str(exc))
            return 0

    def _flush(self) -> None:
        """The hub's callback: the kernel takes bytes again."""
        if self._unsent is None:
            return
        del self._unsent[: self._send_now(self._unsent)]
        if self._unsent and not self._is_mute:
            return
        self._unsent = None
        loop.stop(self._writer)
        self._writer = None
        if self.closed:
            self._shut_down()
        elif not self._is_mute:
            loop.stop(self._deadline)
            self._deadline = None

    def _set_deadline(self, after_s: float, reason: str) -> None:
        """End the connection after so long; replaces the deadline before."""
        loop.stop(self._deadline)
        self._deadline = loop.after(after_s, lambda: self._lose(reason))

    def _shut_down(self) -> None:
        """Tell the peer that no more commands come."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:  # it is gone already; reading finds out
            return

    def _lose(self, reason: str) -> None:
        """Close at once."""
        for watcher in (self._reader, self._writer, self._deadline):
            loop.stop(watcher)
        self._reader = self._writer = self._deadline = self._unsent = None
        self._sock.close()
        self._end(reason)

    def _end(self, reason: str) -> None:
        """Fail whoever waits, and say once that nothing more will come."""
        if self.closed:
            return
        self.closed = True
        self.close_reason = reason
        expected, self._expected = self._expected, []
        on_close = self._on_close
        # no cycle from the owner through us and back, so that memory is free at once
        self._on_event, self._on_close, self._on_frame = _ignore, _nothing, None
        try:
            for expectation in expected:
                expectation.fail(reason)
            on_close()
        except Exception:  # part of the catch-all per connection
            log.exception("close_callback_failed", outcome="connection closed")


def _ignore(_event: Event) -> None:
    """Take events of a connection that is closed."""


def _nothing() -> None:
    """Take the end of a connection that has ended."""
