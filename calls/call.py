"""One live call: its state as its events tell it, and the few things everything else is built on.

A call costs one greenlet (its flow's), one connection, the channel's data as it came, and small tables
that exist only when used. Events are looked at in the hub as they arrive; of each only the headers
somebody asks for are decoded. Whoever waits does so on the call's bell, with a deadline, and is told by
CallGone when the call ends. The verbs (answer, play, collect ...) are functions in their own files; what is
left is one state with its doors, and longer than other files since it cannot be parted without sharing that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import structlog
from structlog.typing import FilteringBoundLogger

from calls.bell import Bell
from calls.dtmf import DtmfCollections
from calls.ending import CallEnd, How, hung_up, is_down, is_elsewhere, left, link_lost
from calls.errors import CallGone, CommandFailed
from calls.identity import CCV_PREFIX, Identity
from esl import command as commands
from esl import loop
from esl.command import Command
from esl.errors import CommandRefused, LinkLost, ReplyTimeout
from esl.event import Event
from esl.quoting import assignment
from esl.reply import PendingReply
from esl.session import Completion, Session

EVENTS = (
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "DTMF",
    "RECORD_START",
    "RECORD_STOP",
)
"""What a call subscribes to: all that somebody acts on, nothing more, since each event is two to ten
kilobytes. CHANNEL_EXECUTE is left out (our own command, told back), as are PLAYBACK_... (the application's
end says the same) and CHANNEL_PROGRESS... (nothing waits for ringing)."""

COMMAND_TIMEOUT_S = 10.0
"""For applications that end at once (set, answer ...): FreeSWITCH takes them up within 20 ms when idle."""

LEAVING_S = 0.25
"""How long CHANNEL_HANGUP may be behind the end of an application that it ended: different threads tell of
them. One in four hang-ups of a recorded loopback leg came in that order, within a millisecond."""

Handler = Callable[[Event], None]

Mark = tuple[str, str]
"""What events of another channel are known by: a header and its value, such as its Unique-ID."""

log = structlog.get_logger(__name__)


class Call:
    """A call handed over to us.

    Attributes: identity: who calls whom; dtmf: the digits pressed; is_answered, is_bridged: as last told;
    end: how it ended, None while it is ours; received_at_s: time.monotonic() of the hand-over.
    """

    __slots__ = (
        "_account_id",
        "_at_end",
        "_bell",
        "_changed",
        "_followed",
        "_handlers",
        "_is_complete",
        "_language",
        "_latest",
        "_leaving",
        "_session",
        "dtmf",
        "end",
        "identity",
        "is_answered",
        "is_bridged",
        "log",
        "received_at_s",
    )

    def __init__(self, session: Session, identity: Identity) -> None:
        """Take over a session that has not begun; see calls.reception."""
        self._session = session
        self._bell = Bell()
        self._latest = session.channel
        self._changed: dict[str, tuple[str, Completion]] | None = None
        self._handlers: dict[str, list[Handler]] | None = None
        self._followed: dict[Mark, Handler] | None = None
        self._at_end: list[Callable[[CallEnd], None]] | None = None
        self._is_complete = False
        self._leaving: loop.Watcher | None = None
        self._language = ""
        self._account_id = identity.account_id
        self.identity = identity
        self.dtmf = DtmfCollections()
        self.is_answered = session.channel.get("Answer-State") == "answered"
        self.is_bridged = False
        self.end: CallEnd | None = None
        self.received_at_s = time.monotonic()
        self.log: FilteringBoundLogger = log.bind(call_id=identity.call_id, account_id=identity.account_id)
        session.on_event = self._take
        session.on_close = self._lose
        if session.closed:
            self._lose()

    # -- what it is -----------------------------------------------------------------------------------

    @property
    def uuid(self) -> str:
        """FreeSWITCH's Unique-ID of the leg."""
        return self.identity.call_id

    @property
    def account_id(self) -> str:
        """The account the call belongs to, "" until it is known."""
        return self._account_id

    @account_id.setter
    def account_id(self, account_id: str) -> None:
        self._account_id = account_id
        self.log = self.log.bind(account_id=account_id)

    @property
    def created_at_us(self) -> int:
        """When the channel was created, epoch microseconds by FreeSWITCH's clock."""
        return self.identity.created_at_us

    @property
    def is_ended(self) -> bool:
        """Whether the call is no longer ours."""
        return self.end is not None

    @property
    def language(self) -> str:
        """The language set on this call, "" when none was."""
        return self._language

    @language.setter
    def language(self, language: str) -> None:
        self._language = language
        self.set({"default_language": language})

    def variable(self, name: str) -> str | None:
        """Return a channel variable as last seen on an event, or as set by us since; None when unset."""
        if self._changed and name in self._changed:
            value, completion = self._changed[name]
            if not completion.is_done:
                return value or None
            del self._changed[name]  # from here on the events tell
        return self._latest.variable(name)

    def custom_variable(self, name: str) -> str | None:
        """Return one of Kazoo's custom channel variables, such as `Account-ID`."""
        return self.variable(CCV_PREFIX + name)

    def custom_variables(self) -> dict[str, str]:
        """Return all of Kazoo's custom channel variables by their names without the prefix."""
        return self.variables_of(CCV_PREFIX)

    def variables_of(self, family: str) -> dict[str, str]:
        """Return all channel variables whose names begin with `family`, by what follows it.

        Every header is decoded for it (some 100 µs); ask for one by name where the name is known.
        """
        prefix = "variable_" + family
        found = {
            name.removeprefix(prefix): value
            for name, value in self._latest.headers().items()
            if name.startswith(prefix)
        }
        for name in tuple(self._changed or ()):
            if name.startswith(family):
                found[name.removeprefix(family)] = self.variable(name) or ""
        return found

    # -- what happens on it ---------------------------------------------------------------------------

    def on(self, name: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` in the hub with each event of that name; it must not wait.

        Args: name: one of EVENTS. Returns: a function that ends it.
        """
        if self._handlers is None:
            self._handlers = {}
        handlers = self._handlers.setdefault(name, [])
        handlers.append(handler)

        def unsubscribe() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return unsubscribe

    def follow(self, marks: Iterable[Mark], handler: Handler, events: Iterable[str] = ()) -> None:
        """Hear of other channels on this call's connection, such as legs that are dialled for it.

        Args: marks: (header, value) of their events; handler: called in the hub with each, must not wait;
        events: to subscribe to besides EVENTS. What is submitted afterwards happens after it.
        Raises: CallGone, BadCommand.
        """
        followed = dict.fromkeys(marks, handler)
        lines = [commands.filter_header(*mark) for mark in followed]
        names = tuple(events)
        self._post(*lines, *([commands.events(names)] if names else []))
        self._followed = {**(self._followed or {}), **followed}

    def unfollow(self, marks: Iterable[Mark]) -> None:
        """Hear of these no longer. Raises: nothing; a call that is gone is heard of no more."""
        known = [mark for mark in marks if self._followed and self._followed.pop(mark, None)]
        if known and not self._is_complete:
            with suppress(CallGone):
                self._post(*(commands.delete_filter(*mark) for mark in known))

    def on_end(self, callback: Callable[[CallEnd], None]) -> None:
        """Call `callback` once, in the hub, when the call is no longer ours; at once if it is not now."""
        if self.end is not None:
            callback(self.end)
            return
        if self._at_end is None:
            self._at_end = []
        self._at_end.append(callback)

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds; it is looked at after each event of the call.

        Returns: False when `timeout_s` passed first. Raises: CallGone: the call ended, and it did not hold.
        """
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if self.end is not None:
                raise self.end.error()
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            self._bell.wait(left_s)
        return True

    def wake(self) -> None:
        """Have the conditions waited for looked at again, for something that is no event of the call's."""
        self._bell.ring()

    def sleep(self, duration_s: float) -> None:
        """Do nothing for so long. Raises: CallGone: the call ended meanwhile."""
        self.wait_for(_never, duration_s)

    def wait_ended(self, timeout_s: float) -> bool:
        """Wait until the call is no longer ours; whether that came about. Never raises."""
        return self.wait_until(lambda: self.end is not None, timeout_s)

    def wait_complete(self, timeout_s: float) -> bool:
        """Wait until nothing more can come from the call; whether that came about. Never raises."""
        return self.wait_until(lambda: self._is_complete, timeout_s)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds, the call's end notwithstanding; whether it does. Never raises."""
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            self._bell.wait(left_s)
        return True

    # -- what it is told ------------------------------------------------------------------------------

    def execute(
        self, app: str, arg: str = "", *, lock: bool = True, timeout_s: float = COMMAND_TIMEOUT_S
    ) -> Event:
        """Run an application and wait for its end.

        Args: arg: arrives as given; lock: it waits its turn, rather than interrupt what is running.
        Returns: its CHANNEL_EXECUTE_COMPLETE. Raises: CallGone, CommandFailed, ReplyTimeout; BadCommand: the
        argument could have broken out of its line.
        """
        return self.completed(self.submit(app, arg, lock=lock), timeout_s)

    def submit(self, app: str, arg: str = "", *, lock: bool = False) -> Completion:
        """Run an application without waiting. Raises: CallGone, BadCommand."""
        return self.submit_many([(app, arg, lock)])[0]

    def submit_many(self, steps: Iterable[tuple[str, str, bool]]) -> list[Completion]:
        """Run several applications in one batch, without waiting. Raises: CallGone, BadCommand.

        Args: steps: (application, argument, lock) each; FreeSWITCH takes up those without lock in one slot.
        """
        if self._leaving is not None:
            self._await_end()
        if self.end is not None:
            raise self.end.error()
        try:
            return self._session.execute_many(steps)
        except LinkLost as exc:
            self._lose()
            raise link_lost(str(exc)).error() from exc

    def completed(self, completion: Completion, timeout_s: float) -> Event:
        """Wait for the end of an application that was submitted. Raises: as `execute`.

        One that ended since the channel is hung up raises CallGone, whichever FreeSWITCH tells of first.
        """
        completion.on_done = self._ring
        if not self.wait_for(lambda: completion.is_done, timeout_s):
            completion.forget()
            raise ReplyTimeout(completion.summary, timeout_s)
        try:
            event = completion.get(0)
        except CommandRefused as exc:
            raise CommandFailed(completion.summary, exc.reply) from exc
        except LinkLost as exc:
            raise (self.end or link_lost(str(exc))).error() from exc
        if is_down(event) and self.wait_ended(LEAVING_S) and self.end is not None:
            raise self.end.error()
        return event

    def set(self, variables: Mapping[str, str], *, export: bool = False) -> list[Completion]:
        """Set channel variables in one batch, without waiting; `variable` tells the new values at once.

        Args: variables: an empty value removes its variable; export: on legs bridged later too.
        Raises: CallGone, BadCommand: none was set.
        """
        app = "export" if export else "set"
        steps = [(app, assignment(name, value), False) for name, value in variables.items()]
        completions = self.submit_many(steps) if steps else []
        self.remember(variables, completions)
        return completions

    def remember(self, variables: Mapping[str, str], completions: Iterable[Completion]) -> None:
        """Note the values variables will have once the submitted commands that set them are done."""
        if self._changed is None:
            self._changed = {}
        for (name, value), completion in zip(variables.items(), completions, strict=True):
            self._changed[name] = value, completion

    def api(self, command: str, arg: str = "", timeout_s: float = 5.0) -> str:
        """Return the output of an API command. Raises: EslError."""
        return self._session.api(command, arg, timeout_s)

    def submit_api(self, command: str, arg: str = "") -> PendingReply:
        """Run an API command without waiting, past the channel's queue. Raises: EslError."""
        return self._session.post(commands.api(command, arg))[0]

    def close(self) -> None:
        """Let go of the connection; the channel stays as it is."""
        self._session.close()

    # -- the hub's side -------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        """One event, of ours or of what is followed."""
        uuid = event.uuid
        if uuid in ("", self.identity.call_id):
            self._take_own(event)
        for (header, value), handler in tuple((self._followed or {}).items()):
            if event.get(header) == value:
                handler(event)
        self._bell.ring()

    def _take_own(self, event: Event) -> None:
        """One event of ours."""
        name = event.name
        if name == "CHANNEL_EXECUTE_COMPLETE":
            self._latest = event
            if self.end is None and event.get("Application") == "socket":
                self._leave(event)
        elif name == "DTMF":
            self.dtmf.hear(event.get("DTMF-Digit"))
        elif name == "CHANNEL_ANSWER":
            self._latest, self.is_answered = event, True
        elif name in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
            self._latest, self.is_bridged = event, name == "CHANNEL_BRIDGE"
        elif name == "CHANNEL_HANGUP":
            self._latest = event
            if self.end is None or self.end.how is not How.HANGUP:
                self._finish(hung_up(event))
        elif name == "CHANNEL_HANGUP_COMPLETE":
            self._latest, self._is_complete = event, True
            if self.end is None:  # its CHANNEL_HANGUP was missed
                self._finish(hung_up(event))
        if self._handlers:
            for handler in tuple(self._handlers.get(name, ())):
                handler(event)

    def _leave(self, event: Event) -> None:
        """The `socket` application has ended: the channel goes elsewhere, or it is hung up."""
        if is_elsewhere(event):
            self._finish(left())
        elif self._leaving is None:
            self._leaving = loop.after(LEAVING_S, self._has_left)

    def _has_left(self) -> None:
        """It was not hung up."""
        if self.end is None:
            self._finish(left())

    def _await_end(self) -> None:
        """Wait until it is known what became of the channel: others may have it, and run what it is told."""
        if loop.is_hub():
            raise left().error()
        self.wait_until(lambda: self.end is not None, 2 * LEAVING_S)

    def _post(self, *lines: Command) -> None:
        """Send commands whose replies say nothing; also while the connection only lingers."""
        try:
            self._session.post(*lines)
        except LinkLost as exc:
            self._lose()
            raise link_lost(str(exc)).error() from exc

    def _lose(self) -> None:
        """The connection is closed."""
        self._is_complete = True
        if self.end is None:
            self._finish(left() if self._leaving else link_lost(self._session.close_reason))
        self._bell.ring()

    def _finish(self, end: CallEnd) -> None:
        self.end = end
        loop.stop(self._leaving)
        self._leaving = None
        callbacks, self._at_end = self._at_end, None
        for callback in callbacks or ():
            callback(end)
        self._bell.ring()

    def _ring(self, _completion: Completion) -> None:
        self._bell.ring()


def _never() -> bool:
    return False
