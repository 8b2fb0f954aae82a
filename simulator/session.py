"""One leg's thread: takes up commands slot by slot, runs applications, nests them, and ends.

Law: the thread looks at its queues on the edges of its 20 ms grid. All commands that wait are run on one
edge, in order. A command sent with `event-lock: true` keeps others from being taken up while it runs, and
sends those behind it to the following edge. A command taken up while an application runs (which was sent
without the lock) interrupts it: it runs inside the application's loop, which goes on afterwards.
Source: FreeSWITCH switch_ivr.c (switch_ivr_parse_event, _parse_all_events), switch_core_session.c
(switch_core_session_execute_application_get_flags, switch_core_session_exec).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from simulator import signalling
from simulator.causes import cause_of
from simulator.channel import Channel, is_true
from simulator.core import Application, Core
from simulator.dtmf import Digit, DigitQueue
from simulator.events import Event
from simulator.loop import new_signal
from simulator.script import Media, Script
from simulator.slots import SLOT_S, Pacer, Slots
from simulator.timeline import Timeline
from simulator.wire import Command
from simulator.words import split_scope

if TYPE_CHECKING:
    from simulator.displacing import Displacement
    from simulator.joining import Bridge
    from simulator.recording import Recording

# FreeSWITCH refuses to nest deeper (SWITCH_MAX_STACKS).
_MAX_DEPTH = 16
Extra = Iterable[tuple[str, str | None]]
# Where a moved leg goes: the applications of an extension, or something its thread does instead.
Elsewhere = list[tuple[str, str]] | Callable[[], None]


class Controller(Protocol):
    """The outbound socket that controls a leg."""

    def divert(self, event: Event) -> None:
        """An event of a leg whose events are diverted."""


class Session:
    """A leg and what it is doing.

    Attributes: said: what its far end says; heard: what that end is played; whispered: what is mixed into
    that besides, and not recorded.
    """

    def __init__(self, core: Core, channel: Channel, script: Script) -> None:
        self.core = core
        self.clock = core.clock
        self.channel = channel
        self.script = script
        self.faults = script.faults
        self.began_s = core.clock.now()
        self.slots = Slots(self.began_s)
        self.said = Timeline()
        self.heard = Timeline()
        self.whispered = Timeline()
        self.displaced: dict[str, Displacement] = {}
        self.digits = DigitQueue()
        self.recordings: dict[str, Recording] = {}
        self.made: list[Recording] = []
        self.bridges: list[tuple[float, float | None]] = []
        self.holds: list[tuple[float, float | None]] = []
        self.bridge: Bridge | None = None
        self.answered_s: float | None = None
        self.partner: Session | None = None
        self.mirror: Session | None = None
        self.sent_digits = ""
        self.controller: Controller | None = None
        self.diverts_events = False
        self.controlled = False
        self.redirect: Elsewhere | None = None
        self.interrupted = 0
        self.down = new_signal()
        self.on_down: list[Callable[[], None]] = []
        self.ended = new_signal()
        self._follows = new_signal()
        self.watchers: list[Callable[[Event], None]] = []
        self.journal: Callable[[str, str], None] = lambda _kind, _detail: None
        self._pacer = Pacer(core.clock, self.slots)
        self._commands: deque[Command] = deque()
        self._locks = 0
        self._held_until_s = 0.0
        self._depth = 0
        self._broadcast = False
        self._stop_broadcast = False
        core.register(self)

    @property
    def ready(self) -> bool:
        """Whether an application of this leg should go on."""
        return not self.channel.is_down and self.redirect is None

    @property
    def is_held(self) -> bool:
        """Whether its phone holds the call."""
        return bool(self.holds) and self.holds[-1][1] is None

    def move(self, elsewhere: Elsewhere) -> None:
        """Make the leg's thread leave what it does, a bridge included, and go there."""
        self.redirect = elsewhere
        self._follows.clear()
        if self.bridge is not None:
            self.bridge.leave(self)
        self.stir()

    def wait_unbridged(self) -> None:
        """Wait until the bridge this leg was in has ended."""
        if self.bridge is not None:
            self.bridge.wait_over()

    def wait_following(self) -> bool:
        """Wait until the leg has left what it did and follows; False when it went down instead."""
        while not self._follows.is_set() and not self.channel.is_down:
            self._follows.wait(timeout=self.clock.real(SLOT_S))
        return not self.channel.is_down

    def consume_media(self) -> None:
        """Commands and digits while somebody else carries the call, until the leg is down or moved."""
        self._follows.set()
        while self.ready:
            self.wait()
            self.take_interrupt()
            if self.ready:
                self.run_commands()
                self.take_digit()

    @property
    def call_s(self) -> float:
        """Seconds since this leg began."""
        return self.clock.now() - self.began_s

    def note(self, kind: str, detail: str) -> None:
        """Tell whoever watches the call what happened."""
        self.journal(kind, detail)

    def fire(
        self, name: str, extra: Extra = (), before: Extra = (), body: str = "", subclass: str = ""
    ) -> None:
        """Fire an event of this channel; headers without a value are left out."""
        own = [(key, value) for key, value in extra if value is not None]
        first = [(key, value) for key, value in before if value is not None]
        if subclass:
            first.insert(0, ("Event-Subclass", subclass))
        headers = [*self.core.bus.core_headers(name), *first, *self.channel.headers(name), *own]
        event = Event(
            name, headers, body=body, subclass=subclass, own=dict([*first, *own]), uuid=self.channel.uuid
        )
        for watcher in list(self.watchers):
            watcher(event)
        if name in self.faults.lose_events:
            self.note("fault", f"{name} is lost")
        elif name == "DTMF" and self.diverts_events and self.controller is not None:
            self.controller.divert(event)
        else:
            self.core.bus.fire(event)

    # -- waiting ----------------------------------------------------------------------------------------

    def stir(self) -> None:
        """Make the thread look at its queues again."""
        self._pacer.stir()

    def wait(
        self,
        until_s: float | None = None,
        *,
        digits: bool = True,
        commands: bool = True,
        over: Callable[[], bool] = lambda: False,
    ) -> None:
        """Sleep until then, or until the edge after something came in; at once when the leg goes down.

        Args: until_s: simulated time; digits, commands: whether these are something to wake up for;
        over: asked after each `stir` whether the waiting has lost its reason.
        """
        self._pacer.wait(
            until_s,
            lambda: bool(
                (commands and self._commands and not self._locks)
                or (digits and self.digits)
                or self.interrupted
            ),
            lambda: not self.ready or over(),
        )

    def take_interrupt(self) -> int:
        """Whether the running application was told to break: 0, 1, or 2 for everything queued in it."""
        value, self.interrupted = self.interrupted, 0
        return value

    def interrupt(self, value: int = 1) -> None:
        """Break the running application. Source: mod_commands.c break_function."""
        self.interrupted = value
        if self._broadcast:
            self._stop_broadcast = True
            self.interrupted = 2
        self.stir()

    # -- digits -----------------------------------------------------------------------------------------

    def press(self, digits: Iterable[Digit]) -> None:
        """The far end presses keys."""
        for digit in digits:
            self.digits.put(digit)
        self.stir()

    def take_digit(self) -> str:
        """Read a digit off the queue, which is when its event is fired; "" when there is none."""
        digit = self.digits.take()
        if digit is None:
            return ""
        self.fire(
            "DTMF",
            [
                ("DTMF-Digit", digit.key),
                ("DTMF-Duration", str(digit.samples)),
                ("DTMF-Source", digit.source),
            ],
        )
        return digit.key

    # -- commands ---------------------------------------------------------------------------------------

    def queue(self, command: Command) -> None:
        """A private command for this leg's thread."""
        self._commands.append(command)
        self.stir()

    def flush_commands(self) -> None:
        """Forget the commands that wait."""
        self._commands.clear()

    def run_commands(self) -> None:
        """Take up what waits, unless a locked command runs; returns when the queue is empty or held."""
        if self._depth >= _MAX_DEPTH:
            return
        self._depth += 1
        try:
            while self._commands and not self._locks and self.clock.now() >= self._held_until_s - 0.001:
                if not self._perform(self._commands.popleft()):
                    break
        finally:
            self._depth -= 1

    def _perform(self, command: Command) -> bool:
        """Run one private command; False ends this edge's batch."""
        locked = is_true(command.get("event-lock"))
        self._locks += locked
        try:
            kind = command.get("call-command").lower()
            if kind == "execute":
                self._perform_execute(command)
            elif kind == "hangup":
                self.hangup(cause_of(command.get("hangup-cause", "NORMAL_CLEARING")))
        finally:
            self._locks -= locked
            if locked:
                self._held_until_s = self.slots.following(self.clock.now())
        if self.channel.is_verbose:  # FreeSWITCH fires it always; so far nobody here looks at the others
            self.fire("PRIVATE_COMMAND", before=command.headers)
        return not self.interrupted

    def _perform_execute(self, command: Command) -> None:
        lead = command.get("lead-frames")
        if lead.isdecimal() and self.channel.has_media:
            # A far end that sends nothing makes each read of a frame take twice its time.
            frame_s = 2 * SLOT_S if self.script.media is Media.LOOPBACK else SLOT_S
            self.clock.sleep(min(50, int(lead)) * frame_s)
        name = command.get("execute-app-name")
        argument = command.get("execute-app-arg") or command.body or None
        loops = int(command.get("loops") or 1) if command.get("loops").lstrip("-").isdecimal() else 1
        self._stop_broadcast = False
        outermost, self._broadcast = not self._broadcast, True
        count = 0
        while count < loops or loops < 0:
            count += 1
            self.channel.set("current_loop", str(count))
            self.channel.set("total_loops", str(loops))
            self.channel.set("app_uuid", command.get("event-uuid"))
            began_s = self.clock.now()
            done = self.execute(name, argument, command.get("event-uuid"))
            if not done or not self.ready or self._stop_broadcast or self.clock.now() - began_s < 0.5:
                break
        self.channel.set("current_loop", None)
        self.channel.set("total_loops", None)
        if outermost or self._stop_broadcast:
            self._broadcast = False
        if self._stop_broadcast:
            self.interrupted = 1

    # -- applications -----------------------------------------------------------------------------------

    def execute(self, name: str, argument: str | None, event_uuid: str = "") -> bool:
        """Run an application; returns whether it ran. An unknown one hangs the channel up."""
        if argument is None and "::" in name:
            self._queue_execute(*name.split("::", 1))
            return True
        app = self.core.applications.get(name.lower())
        if name.lower() in self.faults.missing_applications:
            app = None
        if self.channel.is_down and (app is None or not app.zombie):
            return False
        if app is None:
            self.note("application", f"{name} is unknown to FreeSWITCH")
            self.hangup("DESTINATION_OUT_OF_ORDER")
            return False
        if app.needs_media and not self.channel.has_media:
            signalling.pre_answer(self)
        self._run(app, argument, event_uuid or self.core.new_uuid())
        return True

    def _queue_execute(self, name: str, argument: str) -> None:
        headers = [("call-command", "execute"), ("execute-app-name", name), ("execute-app-arg", argument)]
        self.queue(Command("sendmsg", [*headers, ("event-lock", "true")]))

    def _run(self, app: Application, argument: str | None, app_uuid: str) -> None:
        channel = self.channel
        scope, data = split_scope(channel.expand(argument)) if argument else (None, argument)
        if scope is not None:
            channel.scopes.append(scope)
        channel.set("app_uuid", None)
        channel.set("current_application", app.name)
        channel.set("current_application_data", data)
        channel.set("current_application_response", None)
        which = [("Application", app.name), ("Application-Data", data or None)]
        self.note("application", f"{app.name} {data or ''}".rstrip())
        self.fire("CHANNEL_EXECUTE", [*which, ("Application-UUID", app_uuid)])
        self.interrupted = 0
        channel.set("current_application", app.name)
        app.run(self, data or "")
        if self.faults.completion_delay_s and app.name != "socket":
            self.clock.sleep(self.faults.completion_delay_s)
        response = channel.get("current_application_response") or "_none_"
        self.fire(
            "CHANNEL_EXECUTE_COMPLETE",
            [*which, ("Application-Response", response), ("Application-UUID", app_uuid)],
        )
        if scope is not None:
            channel.scopes.pop()

    def hangup(self, cause: str) -> None:
        """Hang the leg up; only the first time counts."""
        signalling.hangup(self, cause)
