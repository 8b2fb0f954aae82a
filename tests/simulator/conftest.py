"""A small controller for the simulator's tests: takes calls, sends commands, waits for events."""

from __future__ import annotations

import re
import socket
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from simulator.clock import Clock
from simulator.script import read_script
from simulator.simcall import SimCall
from simulator.switch import Switch

DEADLINE_S = 8.0
EVENTS = (
    "CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP "
    "CHANNEL_HANGUP_COMPLETE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_PARK CHANNEL_UNPARK DTMF "
    "RECORD_START RECORD_STOP PLAYBACK_START PLAYBACK_STOP"
)


class Talk:
    """One event-socket connection as its controller has it; `frames` keeps (headers, body) in order."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.frames: list[tuple[dict[str, str], str]] = []
        self.closed = False
        self._changed = gevent.event.Event()
        self._read = 0
        self._replies_read = 0
        gevent.spawn(self._receive)

    def _receive(self) -> None:
        pending = b""
        while True:
            try:
                data = self.sock.recv(65_536)
            except OSError:
                data = b""
            if not data:
                break
            pending += data
            while b"\n\n" in pending:
                head, rest = pending.split(b"\n\n", 1)
                length = re.search(rb"(?mi)^content-length: (\d+)$", head)
                size = int(length.group(1)) if length else 0
                if len(rest) < size:
                    break
                self.frames.append(
                    (headers_of(head.decode(errors="replace")), rest[:size].decode(errors="replace"))
                )
                pending = rest[size:]
            self._changed.set()
        self.closed = True
        self._changed.set()

    def wait(self, found: Callable[[], Any]) -> Any:
        """Wait until `found` returns something."""
        with gevent.Timeout(DEADLINE_S, AssertionError(f"never came; had {self.names()}")):
            while not (result := found()):
                self._changed.clear()
                self._changed.wait(timeout=0.2)
        return result

    def send(self, text: str) -> None:
        """Send a command as it stands."""
        self.sock.sendall(f"{text}\n\n".encode())

    def ask(self, text: str) -> str:
        """Send a command and return its reply's text, or its body."""
        self.send(text)
        return self.reply()

    def reply(self) -> str:
        """The next reply nobody has looked at."""

        def found() -> tuple[str] | None:
            replies = [
                (body if headers["Content-Type"] == "api/response" else headers.get("Reply-Text", ""),)
                for headers, body in self.frames
                if headers.get("Content-Type") in ("command/reply", "api/response")
                and "Event-Name" not in headers
            ]
            return replies[self._replies_read] if len(replies) > self._replies_read else None

        text: str = self.wait(found)[0]
        self._replies_read += 1
        return text

    def execute(self, app: str, argument: str = "", *, lock: bool = False, **headers: str) -> str:
        """Send an execute; returns its Event-UUID."""
        event_uuid = str(uuid.uuid4())
        lines = ["sendmsg", "call-command: execute", f"execute-app-name: {app}"]
        lines += [f"execute-app-arg: {argument}"] if argument else []
        lines += ["event-lock: true"] if lock else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        assert self.ask("\n".join([*lines, f"Event-UUID: {event_uuid}"])) == "+OK"
        return event_uuid

    def run(self, app: str, argument: str = "", **kwargs: Any) -> dict[str, str]:
        """Send an execute and wait for its completion."""
        return self.completed(self.execute(app, argument, **kwargs))

    def completed(self, event_uuid: str) -> dict[str, str]:
        """Wait for the completion of an execute."""
        return self.event("CHANNEL_EXECUTE_COMPLETE", **{"Application-UUID": event_uuid})

    def events(self) -> list[dict[str, str]]:
        """All events so far."""
        return [
            headers_of(body)
            for headers, body in self.frames
            if "event-plain" in headers.get("Content-Type", "")
        ]

    def names(self) -> list[str]:
        """What came so far, for messages."""
        return [event["Event-Name"] for event in self.events()]

    def event(self, name: str, **match: str) -> dict[str, str]:
        """Wait for an event of that name with those headers."""

        def found() -> dict[str, str] | None:
            for event in self.events():
                if event["Event-Name"] == name and match.items() <= event.items():
                    return event
            return None

        result: dict[str, str] = self.wait(found)
        return result

    def close(self) -> None:
        """Hang up the socket."""
        self.sock.close()


def headers_of(text: str) -> dict[str, str]:
    """A header block; values decoded after the split."""
    pairs = (line.split(": ", 1) for line in text.split("\n") if ": " in line)
    return {name: urllib.parse.unquote(value) for name, value in pairs}


class House:
    """A switch, the engine's listening socket, and what was opened on both."""

    def __init__(self, directory: Path, speed: float) -> None:
        self.directory = directory
        self.server = socket.create_server(("127.0.0.1", 0))
        clock = Clock(speed=speed)
        self.switch = Switch(self.server.getsockname()[:2], sounds_dir=directory, clock=clock).start()
        self._talks: list[Talk] = []

    def call(self, script: Any = None, *, answer: bool = True, **kwargs: Any) -> tuple[SimCall, Talk]:
        """Place a call and take it: connected, subscribed, answered."""
        call = self.switch.place_call(script=read_script(script or []), **kwargs)
        talk = self.take(call)
        if answer:
            talk.run("answer")
        return call, talk

    def accept(self) -> Talk:
        """The next connection to the engine."""
        with gevent.Timeout(DEADLINE_S):
            sock, _ = self.server.accept()
        self._talks.append(Talk(sock))
        return self._talks[-1]

    def take(self, call: SimCall) -> Talk:
        """Take a call: connect, linger, subscribe, all at once."""
        talk = self.accept()
        talk.send(f"connect\n\nlinger 1\n\nevent plain {EVENTS}\n\nfilter Unique-ID {call.uuid}")
        assert [talk.reply() for _ in range(3)][-1].startswith("+OK filter added")
        return talk

    def open(self) -> Talk:
        """A connection to the event socket that has been asked for its password."""
        talk = Talk(socket.create_connection(self.switch.event_socket))
        self._talks.append(talk)
        talk.wait(lambda: talk.frames)
        return talk

    def link(self, password: str = "ClueCon") -> Talk:
        """An authenticated connection to the event socket."""
        talk = self.open()
        assert talk.ask(f"auth {password}") == "+OK accepted"
        return talk

    def pass_time(self, seconds: float) -> None:
        """Let simulated time pass: what is recorded meanwhile is what the test is about."""
        self.switch.core.clock.sleep(seconds)

    def close(self) -> None:
        """Close everything."""
        for talk in self._talks:
            talk.close()
        self.switch.stop()
        self.server.close()


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """A switch with an engine in the test's hand; a module's SPEED lets its time pass faster."""
    house = House(tmp_path, getattr(request.module, "SPEED", 1.0))
    yield house
    house.close()
