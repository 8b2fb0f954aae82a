"""One call of load mode: the real conversation, without the machinery behind it.

Commands are taken up on the call's 20 ms edges and answered with the events FreeSWITCH would send. Prompts
last as long as told and digits are always the same.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections import deque
from dataclasses import dataclass

from simulator import wire
from simulator.errors import CommandTooLong
from simulator.load_plan import Agenda, LoadPlan, Measures
from simulator.load_recordings import LoadRecordings
from simulator.outlet import Outlet
from simulator.slots import SLOT_S
from simulator.wire import Headers
from simulator.words import split_blanks

_PROMPTS = frozenset(["playback", "speak", "say", "gentones", "endless_playback", "loop_playback"])
# Applications that collect digits, with the place of the variable's name among their arguments.
_COLLECTORS = {"play_and_get_digits": 7, "read": 3}
_ENDLESS = frozenset(["bridge", "park", "echo", "record"])
_FIRST_COMMAND_S = 25.0


@dataclass(slots=True, eq=False)
class _Running:
    """An application on its way: its headers, and whether it keeps others from starting."""

    name: str
    headers: Headers
    locked: bool


class LoadCall:
    """Runs one call; `run` returns when its socket is closed."""

    def __init__(self, plan: LoadPlan, agenda: Agenda) -> None:
        self.measures = Measures()
        self._plan = plan
        self._at = agenda.at
        self._uuid = str(uuid.uuid4()).encode()
        self._began = 0.0
        self._state = "ringing"
        self._json = False
        self._queue: deque[wire.Command] = deque()
        self._events: list[bytes] = []
        self._waiting = False
        self._locked = 0
        self._running: list[_Running] = []
        self._recordings = LoadRecordings(plan.recording)
        self._variables: Headers = []
        self._replied = self._completed = self._linger_s = 0.0
        self._down = self._closing = False
        self._sock: socket.socket | None = None
        self._outlet: Outlet | None = None

    def run(self, address: tuple[str, int]) -> Measures:
        """Connect, talk until the socket closes, and say how it went."""
        measures = self.measures
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as sock:
                sock.connect(address)
                self._converse(sock)
        except (OSError, CommandTooLong) as exc:
            # gevent wakes a reader with an error when its own side shuts the socket down.
            measures.failure = measures.failure if self._closing else f"{type(exc).__name__}: {exc}"
        self._sock = None
        if not self._down and not measures.failure:
            measures.failure = "the engine left while the call was up"
        measures.finished = not measures.failure
        measures.lived_s = time.monotonic() - self._began
        return measures

    def _converse(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock, self._outlet, self._began = sock, Outlet(sock), time.monotonic()
        patience_s = self._plan.hold_s + self._plan.linger_s + _FIRST_COMMAND_S
        self._at(self._began + self._plan.hold_s, self._hang_up)
        self._at(self._began + patience_s, self._give_up)
        reader = wire.CommandReader()
        while data := sock.recv(16_384):
            now = time.monotonic()
            if self.measures.accept_s is None:
                self.measures.accept_s = now - self._began
            self._outlet.send(b"".join(self._answer(command, now) for command in reader.feed(data)))
            self._replied = self._replied or time.monotonic()

    # -- commands ---------------------------------------------------------------------------------------

    def _answer(self, command: wire.Command, now: float) -> bytes:
        self.measures.commands += 1
        word, _, rest = command.line.partition(" ")
        if word == "sendmsg":
            self._take(command, now)
        elif word == "connect":
            return self._plan.template.connect(self._uuid)
        elif word == "api":
            return wire.api_response("true" if rest.startswith("uuid_exists") else "+OK\n")
        elif word == "bgapi":
            return wire.job_reply(str(uuid.uuid4()))
        elif word == "exit":
            self._at(now, self._close)
        return wire.reply(self._reply_to(word, rest))

    def _reply_to(self, word: str, rest: str) -> str:
        match word:
            case "linger":
                self._linger_s = min(float(rest) if rest.isdecimal() else 0.0, self._plan.linger_s)
                return f"+OK will linger {rest} seconds"
            case "event":
                self._json = rest.startswith("json")
                return f"+OK event listener enabled {'json' if self._json else 'plain'}"
            case "filter":
                return f"+OK filter added. [{rest.replace(' ', ']=[', 1)}]"
            case "exit":
                return "+OK bye"
            case _:
                return "" if word == "getvar" else "+OK"

    def _take(self, command: wire.Command, now: float) -> None:
        if self.measures.first_app_s is None:
            self.measures.first_app_s = now - (self._replied or now)
        elif self._completed:
            self.measures.next_app_s.append(now - self._completed)
        self._completed = 0.0
        self._queue.append(command)
        self._wake(now)

    def _wake(self, now: float) -> None:
        """Look at the queue on the next edge."""
        if not self._waiting:
            self._waiting = True
            self._at(now + SLOT_S - (now - self._began) % SLOT_S, self._slot)

    def _slot(self) -> None:
        self._waiting = False
        self._run_queue()
        self._flush()

    def _run_queue(self) -> None:
        while self._queue and not self._locked and not self._down:
            command = self._queue.popleft()
            if command.get("call-command") == "hangup":
                self._hang_up()
            else:
                self._start(command)
            if command.get("event-lock") == "true" and self._queue:
                self._wake(time.monotonic())
                return

    # -- applications -----------------------------------------------------------------------------------

    def _start(self, command: wire.Command) -> None:
        name, data = command.get("execute-app-name"), command.get("execute-app-arg")
        headers: Headers = [("Application", name), ("Application-Data", data)]
        headers.append(("Application-UUID", command.get("event-uuid") or str(uuid.uuid4())))
        running = _Running(name, headers, command.get("event-lock") == "true")
        self._set("current_application", name)
        self._event("CHANNEL_EXECUTE", headers)
        if name == "hangup":
            self._running.append(running)
            self._hang_up()
            return
        length_s = self._effect(name, data)
        if length_s <= 0:
            self._complete(running, "_none_")
            return
        self._running.append(running)
        self._locked += running.locked
        self._at(time.monotonic() + length_s, lambda: self._end(running, data))

    def _effect(self, name: str, data: str) -> float:
        """What an application does at once; returns how long it goes on, in seconds."""
        if name in _PROMPTS:
            self._event("PLAYBACK_START", [("Playback-File-Path", data)])
            return self._plan.prompt_s
        if name in _COLLECTORS:
            return self._plan.prompt_s / 2
        if name in _ENDLESS:
            return self._plan.hold_s * 2
        if name == "sleep" and data.isdecimal():
            return int(data) / 1000
        if name in ("answer", "pre_answer") and self._state != "answered":
            self._state = "answered" if name == "answer" else "early"
            self._event("CHANNEL_ANSWER" if name == "answer" else "CHANNEL_PROGRESS_MEDIA", [])
        elif name == "set" and "=" in data:
            self._set(*data.split("=", 1))
        elif name == "record_session" and (headers := self._recordings.start(data)):
            self._event("RECORD_START", headers)
        elif name == "stop_record_session":
            for headers in self._recordings.stop(data, hung_up=False):
                self._event("RECORD_STOP", headers)
        return 0.0

    def _set(self, name: str, value: str) -> None:
        self._variables = [pair for pair in self._variables if pair[0] != f"variable_{name}"]
        self._variables.append((f"variable_{name}", value))

    def _end(self, running: _Running, data: str) -> None:
        if self._down or running not in self._running:
            return
        self._running.remove(running)
        self._locked -= running.locked
        response = "_none_"
        if running.name in _PROMPTS:
            self._event("PLAYBACK_STOP", [("Playback-File-Path", data), ("Playback-Status", "done")])
            response = "FILE PLAYED" if running.name == "playback" else "_none_"
        elif running.name in _COLLECTORS:
            self._collect(split_blanks(data), _COLLECTORS[running.name])
        self._complete(running, response)
        self._flush()
        if self._queue:
            self._wake(time.monotonic())

    def _collect(self, words: list[str], place: int) -> None:
        for digit in self._plan.digits:
            which: Headers = [("DTMF-Digit", digit), ("DTMF-Duration", "2000"), ("DTMF-Source", "RTP")]
            self._event("DTMF", which)
        if len(words) > place:
            self._set(words[place], self._plan.digits)

    def _complete(self, running: _Running, response: str) -> None:
        self._set("current_application", running.name)  # by which some controllers know whose end it is
        self._event("CHANNEL_EXECUTE_COMPLETE", [*running.headers, ("Application-Response", response)])
        self._completed = time.monotonic()

    # -- the end ----------------------------------------------------------------------------------------

    def _hang_up(self) -> None:
        """The caller, or the engine, ends the call."""
        if self._down or self._sock is None or self._outlet is None:
            return
        self._down, self._state = True, "hangup"
        self._event("CHANNEL_HANGUP", [])
        for running in reversed(self._running):
            self._complete(running, "_none_")
        self._running.clear()
        self._event("CHANNEL_UNPARK", [])
        argument = self._plan.template.socket_argument
        which: Headers = [("Application", "socket"), ("Application-Data", argument)]
        self._complete(_Running("socket", which, locked=False), "_none_")
        for headers in self._recordings.stop("all", hung_up=True):
            self._event("RECORD_STOP", headers)
        self._event("CHANNEL_HANGUP_COMPLETE", [("variable_hangup_cause", "NORMAL_CLEARING")])
        self._completed = 0.0
        self._flush()
        if self._linger_s:
            notice = wire.linger_notice(self._uuid.decode(), "sofia/external/load", int(self._linger_s))
            self._outlet.send(notice)
        self._at(time.monotonic() + self._linger_s, self._close)

    def _give_up(self) -> None:
        """The controller holds the socket longer than any plan allows."""
        if self._sock is not None:
            self.measures.failure = "the engine never let go"
            self._close()

    def _close(self) -> None:
        if self._sock is not None and self._outlet is not None:
            self._closing = True
            self._outlet.send(wire.disconnect_notice(self._uuid.decode()))
            self._outlet.finish()

    def _event(self, name: str, extra: Headers) -> None:
        own = [*self._variables, *extra]
        event = self._plan.template.event(self._uuid, name, self._state, own, as_json=self._json)
        self._events.append(event)

    def _flush(self) -> None:
        """What happened on one edge leaves in one piece."""
        if self._outlet is not None:
            self._outlet.send(b"".join(self._events))
        self._events.clear()
