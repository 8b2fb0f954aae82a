"""One channel that FreeSWITCH has handed over, driven through its own connection.

Commands that do not depend on an answer leave together; an application's end is told by its Event-UUID,
which comes back as Application-UUID, so any number may be under way at once.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence

from esl import command
from esl.command import Command
from esl.connection import Connection
from esl.errors import EslError
from esl.event import Event
from esl.frame import Frame
from esl.identifier import new_identifier
from esl.loop import Signal, new_signal
from esl.reply import Awaited, Expectation, PendingReply, refused

_NO_DATA = Event(b"")


class Completion(Awaited[Event]):
    """The end of one application, while it runs.

    get() returns its CHANNEL_EXECUTE_COMPLETE. Beside the failures of every wait: an application that
    FreeSWITCH does not know hangs the channel up and never completes, and neither does one that is
    posted to a channel that has ended already; then LinkLost comes when the connection closes.

    Attributes: uuid: its Event-UUID; on_done: called once in the hub when there is an outcome, must not
    wait; set it right after execute(), before anything waits.
    """

    __slots__ = ("_session", "on_done", "uuid")

    def __init__(self, session: Session, summary: str, uuid: str) -> None:
        super().__init__(summary)
        self._session: Session | None = session
        self.uuid = uuid
        self.on_done: Callable[[Completion], None] | None = None

    def get(self, timeout_s: float) -> Event:
        """The event; after a ReplyTimeout it is no longer looked out for.

        Raises: CommandRefused, LinkLost, ReplyTimeout.
        """
        try:
            return super().get(timeout_s)
        except EslError:
            self.forget()
            raise

    def forget(self) -> None:
        """Look out for it no longer."""
        session, self._session = self._session, None
        if session is not None:
            session.forget(self.uuid)

    def settle(self, frame: Frame) -> None:
        """Take the reply to the command: only a refusal says anything yet."""
        refusal = refused(self.summary, frame.content_type, frame.text)
        if refusal is not None:
            self._finish(refusal)

    def complete(self, event: Event) -> None:
        """Take the application's end."""
        self._finish(event)

    def _finish(self, outcome: Event | EslError) -> None:
        if self.is_done:
            return
        super()._finish(outcome)
        self.forget()
        on_done, self.on_done = self.on_done, None
        if on_done is not None:
            on_done(self)


class Session:
    """A channel handed over by FreeSWITCH's `socket` application (async full).

    Attributes: channel: its data at the hand-over; uuid: its id; on_event: gets each event in the hub
    before any Completion does, must not wait, to be set before begin(); on_close: called once when
    nothing more will come. If the connection has closed already, set() them and look at `closed`.
    """

    __slots__ = ("_closing", "_completions", "_connection", "channel", "on_close", "on_event", "uuid")

    def __init__(self, sock: socket.socket) -> None:
        self.channel = _NO_DATA
        self.uuid = ""
        self.on_event: Callable[[Event], None] | None = None
        self.on_close: Callable[[], None] | None = None
        self._completions: dict[str, Completion] = {}
        self._closing: Signal | None = None
        self._connection = Connection(sock, on_event=self._take, on_close=self._end)

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self._connection.closed

    @property
    def close_reason(self) -> str:
        """Why it is gone, "" as long as it is not."""
        return self._connection.close_reason

    @property
    def lingering(self) -> bool:
        """Whether the channel has ended, and only its last events may still come."""
        return self._connection.lingering

    def greet(self, expectation: Expectation) -> None:
        """Send `connect`; its reply goes to whoever waits for the hand-over (Listener does this).

        Raises: LinkLost.
        """
        self._connection.send(command.connect().wire, (expectation,))

    def adopt(self, channel: Event) -> None:
        """Take the channel's data, with which the session begins (Listener does this)."""
        self.channel = channel
        self.uuid = channel.uuid

    def begin(self, events: Sequence[str], linger_s: int) -> list[PendingReply]:
        """Subscribe to the channel's events and stay for its last ones, in one write, without waiting.

        The filter goes first: without it FreeSWITCH delivers every call's events to every connection.

        Args: events: as for command.events; CHANNEL_EXECUTE_COMPLETE is among them where executes are
        waited for; linger_s: how long FreeSWITCH keeps the connection after the channel's end.
        Raises: BadCommand, LinkLost.
        """
        return self.post(
            command.filter_header("Unique-ID", self.uuid),
            command.events(events),
            command.linger(linger_s),
        )

    def execute(self, app: str, arg: str = "", *, lock: bool = False, expand: bool = False) -> Completion:
        """Run an application; returns at once.

        Args: as for command.execute.
        Raises: BadCommand, LinkLost.
        """
        uuid = new_identifier()
        built = command.execute(app, arg, event_uuid=uuid, lock=lock, expand=expand)
        completion = Completion(self, built.summary, uuid)
        self._send(built.wire, [completion])
        return completion

    def execute_many(self, steps: Iterable[tuple[str, str, bool]]) -> list[Completion]:
        """Run several applications with one write; FreeSWITCH takes them up in one 20 ms slot.

        Args: steps: (application, argument, lock) each; one with lock goes into the next slot.
        Raises: BadCommand: none of them was sent; LinkLost.
        """
        wires: list[bytes] = []
        completions: list[Completion] = []
        for app, arg, lock in steps:
            uuid = new_identifier()
            built = command.execute(app, arg, event_uuid=uuid, lock=lock)
            wires.append(built.wire)
            completions.append(Completion(self, built.summary, uuid))
        self._send(b"".join(wires), completions)
        return completions

    def api(self, name: str, arg: str = "", timeout_s: float = 5.0) -> str:
        """The output of an API command.

        Raises: BadCommand, CommandRefused, LinkLost, ReplyTimeout.
        """
        return self._connection.request(command.api(name, arg), timeout_s).text

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write, without waiting for their replies.

        Raises: LinkLost.
        """
        return self._connection.post(*commands)

    def close(self) -> None:
        """Close the connection; commands sent before still reach FreeSWITCH. The channel stays."""
        self._connection.close()

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait for the connection's end; whether it came."""
        if self.closed:
            return True
        if self._closing is None:
            self._closing = new_signal()
        self._closing.wait(timeout_s)
        return self.closed

    def forget(self, completion_uuid: str) -> None:
        """Look out for an application's end no longer (Completion does this)."""
        self._completions.pop(completion_uuid, None)

    def _send(self, wire: bytes, completions: list[Completion]) -> None:
        """Send executes, and look out for their ends."""
        self._connection.send(wire, completions)
        for completion in completions:
            if not completion.is_done:
                self._completions[completion.uuid] = completion

    def _take(self, event: Event) -> None:
        """The connection's callback: one event."""
        if self.on_event is not None:
            self.on_event(event)
        if self._completions and event.name == "CHANNEL_EXECUTE_COMPLETE":
            completion = self._completions.get(event.get("Application-UUID") or "")
            if completion is not None:
                completion.complete(event)

    def _end(self) -> None:
        """The connection's callback: nothing more comes."""
        for completion in list(self._completions.values()):
            completion.fail("the connection is closed")
        on_close = self.on_close
        self.on_event = self.on_close = None  # no cycle with their owner, so that memory is free at once
        if self._closing is not None:
            self._closing.set()
        if on_close is not None:
            on_close()
