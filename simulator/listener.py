"""One controller's connection: the commands that both directions of the event socket have in common.

Source: FreeSWITCH mod_event_socket.c (parse_command, api_exec).
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from simulator import wire
from simulator.core import Core
from simulator.errors import CommandTooLong
from simulator.events import EVENT_NAMES, Event
from simulator.loop import spawn, spawn_later
from simulator.outlet import Outlet
from simulator.session import Session
from simulator.subscription import Subscription

# How long an event may be under way while an api command is answered.
_QUEUES_S = 0.005
NOT_FOUND = "-ERR command not found"
_LOG_LEVELS = ("console", "alert", "crit", "err", "warning", "notice", "info", "debug")


class Listener:
    """A connection. Subclasses say how it begins, what it controls and how it ends."""

    def __init__(self, core: Core, sock: socket.socket, *, chunk: int = 0) -> None:
        self.core = core
        self.session: Session | None = None
        self.outlet = Outlet(sock, chunk=chunk)
        self.running = True
        self.linger_s: int | None = None
        self.subscription = Subscription()
        self._in_api = False
        self._held: list[bytes] = []
        self._sock = sock
        self._reader = wire.CommandReader()
        self._handlers: dict[str, Callable[[str, wire.Command], str | None]] = {
            "exit": lambda _rest, _command: self._exit(),
            "...": lambda _rest, _command: self._exit(),
            "event": lambda rest, _command: self._subscribe(self.subscription.event(rest)),
            "nixevent": lambda rest, _command: self._subscribe(self.subscription.nixevent(rest)),
            "noevents": lambda _rest, _command: self._subscribe(self.subscription.noevents()),
            "filter": lambda rest, _command: self._subscribe(self.subscription.filter(rest)),
            "myevents": lambda rest, _command: self._my_events(rest),
            "divert_events": lambda rest, _command: self._divert_events(rest),
            "sendmsg": self._sendmsg,
            "sendevent": self._sendevent,
            "api": lambda rest, _command: self._api(rest),
            "bgapi": self._bgapi,
            "log": lambda rest, _command: _log(rest),
            "nolog": lambda _rest, _command: "-ERR not loging",
            "linger": lambda rest, _command: self._linger(rest),
            "nolinger": lambda _rest, _command: self._linger(None),
        }

    def serve(self) -> None:
        """Read and answer commands until the connection or the patience of either side ends."""
        try:
            while self.running:
                data = self._sock.recv(65_536)
                if not data:
                    break
                for command in self._reader.feed(data):
                    if self.running:
                        self.handle(command)
        except (OSError, CommandTooLong):
            self.running = False  # the same as hanging up
        finally:
            self.end()

    def handle(self, command: wire.Command) -> None:
        """Answer one command."""
        word, _, rest = command.line.strip().partition(" ")
        answer = self.answer(word.lower(), rest.strip(), command)
        if answer is not None:
            self.reply(answer)

    def answer(self, word: str, rest: str, command: wire.Command) -> str | None:
        """The reply to a command; None when something else was sent."""
        handler = self._handlers.get(word)
        return NOT_FOUND if handler is None else handler(rest, command)

    def reply(self, text: str) -> None:
        """Send a command's answer, after the delay that a fault may ask for."""
        if self.session is not None and self.session.faults.reply_delay_s:
            self.core.clock.sleep(self.session.faults.reply_delay_s)
        self.outlet.send(wire.reply(text))

    def end(self) -> None:
        """The connection is over: say so and close it."""
        self.running = False
        self.core.bus.unsubscribe(self)
        self.outlet.send(wire.disconnect_notice(self.session.channel.uuid if self.session else ""))
        self.outlet.close()

    def cut(self) -> None:
        """Break the connection without a word."""
        self.running = False
        self.core.bus.unsubscribe(self)
        self.outlet.cut()

    # -- events -----------------------------------------------------------------------------------------

    def wants(self, event: Event) -> bool:
        """See simulator.events.Subscriber."""
        return self.running and self.subscription.passes(event)

    def deliver(self, event: Event) -> None:
        """Send an event in this connection's format.

        FreeSWITCH's events pass through queues: what an api command causes at once comes after its response.
        """
        kind = self.subscription.format
        render = wire.json_text if kind == "json" else wire.block
        frame = wire.event_frame(render(event.headers, event.body), kind)
        if not self._in_api:
            self.outlet.send(frame)
            return
        self._held.append(frame)
        if len(self._held) == 1:
            spawn_later(_QUEUES_S, self._release)

    def _release(self) -> None:
        """Send the events that an api command has caused so far."""
        held, self._held = self._held, []
        self.outlet.send(b"".join(held))

    def divert(self, event: Event) -> None:
        """Send an event of a channel whose events are diverted to its controller."""
        if self.subscription.listening:
            self.deliver(event)

    def _subscribe(self, answer: str) -> str:
        """Tell the bus what the subscription has become."""
        if self.subscription.listening:
            self.core.bus.subscribe(self, self.subscription.channels())
        else:
            self.core.bus.unsubscribe(self)
        return answer

    def _my_events(self, rest: str) -> str:
        words = rest.split()
        if self.session is None and words:
            self.session = self.core.sessions.get(words[0])
        if self.session is None:
            return "-ERR invalid uuid" if words else NOT_FOUND
        return self._subscribe(self.subscription.my_events(rest, self.session.channel.uuid))

    def _divert_events(self, rest: str) -> str:
        if self.session is None:
            return "-ERR not controlling a session."
        if not rest:
            return "-ERR missing value."
        self.session.diverts_events = rest.lower() == "on"
        return "+OK events diverted" if self.session.diverts_events else "+OK events not diverted"

    # -- commands ---------------------------------------------------------------------------------------

    def _exit(self) -> str:
        self.running = False
        return "+OK bye"

    def _sendmsg(self, rest: str, command: wire.Command) -> str:
        uuid = rest or command.get("session-id")
        session = self.core.located(uuid) if uuid else self.session
        if session is None:
            return f"-ERR invalid session id [{uuid}]"
        session.queue(command)
        return "+OK"

    def _sendevent(self, rest: str, command: wire.Command) -> str:
        event_uuid = self.core.new_uuid()
        headers: wire.Headers = [*command.headers, ("Event-UUID", event_uuid)]
        if self.core.located(command.get("unique-id")) is not None:
            return f"+OK {event_uuid}"  # the leg has it, and would fire it only while it is parked
        name = rest.upper() if rest.upper() in EVENT_NAMES else "CUSTOM"
        self.core.bus.announce(name, headers, body=command.body, subclass=command.get("Event-Subclass"))
        return f"+OK {event_uuid}"

    def _run_api(self, text: str) -> str:
        name, _, argument = text.partition(" ")
        api = self.core.apis.get(name)
        if api is None:
            return f"-ERR {name} Command not found!\n"
        return api.run(self.core, argument.strip())

    def _api(self, rest: str) -> str | None:
        if not rest:
            return NOT_FOUND
        self._in_api = True
        output = self._run_api(rest)
        self._in_api = False
        self.outlet.send(wire.api_response(output))
        self._release()
        return None

    def _bgapi(self, rest: str, command: wire.Command) -> str | None:
        if not rest:
            return NOT_FOUND
        job = command.get("job-uuid") or self.core.new_uuid()
        self.outlet.send(wire.job_reply(job))
        spawn(self._run_job, rest, job)
        return None

    def _run_job(self, text: str, job: str) -> None:
        name, _, argument = text.partition(" ")
        output = self._run_api(text)
        headers: wire.Headers = [("Job-UUID", job)]
        if self.session is not None:
            headers.append(("Job-Owner-UUID", self.session.channel.uuid))
        headers.append(("Job-Command", name))
        if argument:
            headers.append(("Job-Command-Arg", argument))
        self.core.bus.announce("BACKGROUND_JOB", headers, body=output)

    def _linger(self, rest: str | None) -> str:
        if self.session is None:
            return "-ERR not controlling a session"
        if rest is None:
            self.linger_s = None
            return "+OK will not linger"
        if not rest:
            self.linger_s = -1
            return "+OK will linger"
        self.linger_s = int(rest) if rest.isdecimal() else 0
        return f"+OK will linger {self.linger_s} seconds"


def _log(rest: str) -> str:
    """`log LEVEL`; nothing is logged here, but the answer is FreeSWITCH's."""
    level = rest.split(" ", maxsplit=1)[0].lower()
    if level in _LOG_LEVELS:
        return f"+OK log level {level} [{_LOG_LEVELS.index(level)}]"
    if not level or level.isdecimal():
        return f"+OK log level {level} [{level or 7}]"
    return "-ERR invalid log level"
