"""One channel of a FreeSWITCH whose every move a test decides; it answers at once, in no one's real time.

The simulator is the faithful one. This one is for rules that must hold whatever FreeSWITCH does: it can
refuse, lose, delay or forget anything.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import gevent

from calls.call import Call
from calls.reception import receive
from esl.event import Event
from esl.session import Session
from tests.waiting import eventually

UUID = "3e69dcc5-283d-4712-b208-b2b7771bdcab"
DEADLINE_S = 5.0
OK = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
CAUSES = {"486": "USER_BUSY", "404": "UNALLOCATED_NUMBER", "503": "NORMAL_TEMPORARY_FAILURE"}

opened: list[ScriptedSwitch] = []  # closed by conftest.py

Application = Callable[["ScriptedSwitch", str], "dict[str, str] | None"]
"""Runs one application: returns headers of its end, None when it never ends."""


class ScriptedSwitch:
    """The far end of one session.

    Attributes: commands: every (application, argument, lock) in order; lines: other commands, such as
    `filter ...`; variables: of the channel; keys: digits pressed during the next sounds, one string each;
    applications: overrides by name.
    """

    def __init__(self, variables: dict[str, str] | None = None, **headers: str) -> None:
        ours, theirs = socket.socketpair()
        self._sock = theirs
        self._rest = b""
        self.variables = dict(variables or {})
        self.headers = {"Answer-State": "ringing", "Call-Direction": "inbound", "Unique-ID": UUID}
        self.headers |= {key.replace("_", "-"): value for key, value in headers.items()}
        self.commands: list[tuple[str, str, bool]] = []
        self.lines: list[str] = []
        self.keys: list[str] = []
        self.applications: dict[str, Application] = {}
        self.refused: set[str] = set()
        self.session = Session(ours)
        self.session.adopt(Event.from_headers(self._event_headers("CHANNEL_DATA")))
        self._reader = gevent.spawn(self._read)
        opened.append(self)

    def call(self) -> Call:
        """The call as the engine receives it."""
        return receive(self.session)

    @property
    def names(self) -> list[str]:
        """The applications run, without `set`."""
        return [app for app, _, _ in self.commands if app != "set"]

    def arguments(self, app: str) -> list[str]:
        """The arguments of every run of an application."""
        return [arg for name, arg, _ in self.commands if name == app]

    # -- what the far end does ------------------------------------------------------------------------

    def event(self, name: str, **headers: str) -> None:
        """Send an event of the channel; underscores in header names stand for dashes."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        block = Event.from_headers(self._event_headers(name) | named)
        body = (
            b"".join(f"{key}: {_encoded(value)}\n".encode() for key, value in block.headers().items()) + b"\n"
        )
        self._send(b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(body) + body)

    def press(self, digits: str) -> None:
        """Press keys."""
        for digit in digits:
            self.event("DTMF", DTMF_Digit=digit)

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """The caller is gone."""
        self.headers["Answer-State"] = "hangup"
        self.event("CHANNEL_HANGUP", Hangup_Cause=cause)
        self.event("CHANNEL_HANGUP_COMPLETE", Hangup_Cause=cause)

    def leave(self, state: int = 2) -> None:
        """The `socket` application ends. Args: state: the channel's; 2 when it is transferred."""
        ended = {"Application": "socket", "Application_UUID": "of-the-dialplan"}
        self.event("CHANNEL_EXECUTE_COMPLETE", Channel_State_Number=str(state), **ended)

    def close(self) -> None:
        """Break the connection."""
        self._sock.close()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Let the others run until the condition holds."""
        eventually(condition, DEADLINE_S)

    def wait_run(self, app: str, count: int = 1) -> None:
        """Wait until an application has been run so many times."""
        self.wait_for(lambda: len(self.arguments(app)) >= count)

    # -- what it is told ------------------------------------------------------------------------------

    def _read(self) -> None:
        while True:
            try:
                data = self._sock.recv(65536)
            except OSError:
                return
            if not data:
                return
            self._rest += data
            while b"\n\n" in self._rest:
                command, _, self._rest = self._rest.partition(b"\n\n")
                self._take(command.decode())

    def _take(self, command: str) -> None:
        head, *lines = command.split("\n")
        if head != "sendmsg":
            self.lines.append(command)
            if head.startswith("api "):
                self._send(b"Content-Type: api/response\nContent-Length: 3\n\n+OK")
                if head.startswith("api uuid_kill"):
                    self.hang_up(head.rpartition(" ")[2])
            else:
                self._send(OK)
            return
        fields = dict(line.split(": ", 1) for line in lines)
        app, arg = fields["execute-app-name"], fields.get("execute-app-arg", "")
        self.commands.append((app, arg, fields.get("event-lock") == "true"))
        if app in self.refused:
            self._send(b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n")
            return
        self._send(OK)
        run = self.applications.get(app) or DEFAULTS.get(app) or _ended
        gevent.spawn(self._run, run, app, arg, fields["Event-UUID"])

    def _run(self, run: Application, app: str, arg: str, uuid: str) -> None:
        end = run(self, arg)
        if end is not None:
            headers = {"Application_Response": "_none_"} | end
            self.event("CHANNEL_EXECUTE_COMPLETE", Application=app, Application_UUID=uuid, **headers)

    def _event_headers(self, name: str) -> dict[str, str]:
        variables = {f"variable_{key}": value for key, value in self.variables.items()}
        return {"Event-Name": name} | self.headers | variables

    def _send(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError:
            self._sock.close()


def _encoded(value: str) -> str:
    return value.replace("%", "%25").replace("\n", "%0A") or "_undef_"


def _ended(_switch: ScriptedSwitch, _arg: str) -> dict[str, str]:
    return {}


def _set(switch: ScriptedSwitch, arg: str) -> dict[str, str]:
    name, _, value = arg.partition("=")
    if value:
        switch.variables[name] = value
    else:
        switch.variables.pop(name, None)
    return {}


def _answer(switch: ScriptedSwitch, _arg: str) -> dict[str, str]:
    switch.headers["Answer-State"] = "answered"
    switch.event("CHANNEL_ANSWER")
    return {}


def _hangup(switch: ScriptedSwitch, arg: str) -> dict[str, str]:
    if switch.headers["Answer-State"] != "hangup":
        switch.hang_up(arg or "NORMAL_CLEARING")
    return {}


def _respond(switch: ScriptedSwitch, arg: str) -> dict[str, str]:
    if switch.headers["Answer-State"] != "answered":
        switch.hang_up(CAUSES.get(arg[:3], "NORMAL_UNSPECIFIED"))
    return {}


def sound(switch: ScriptedSwitch, _arg: str) -> dict[str, str]:
    """A sound that ends at once, by the next of `keys` if there is one."""
    keys = switch.keys.pop(0) if switch.keys else ""
    terminators = switch.variables.get("playback_terminators", "*")
    switch.variables["playback_terminator_used"] = ""
    if keys:
        switch.press(keys)
        switch.variables["playback_terminator_used"] = keys[0] if keys[0] in terminators else ""
    return {"Application_Response": "FILE PLAYED"}


def missing(_switch: ScriptedSwitch, _arg: str) -> dict[str, str]:
    """A sound FreeSWITCH does not have."""
    return {"Application_Response": "FILE NOT FOUND"}


def never(_switch: ScriptedSwitch, _arg: str) -> None:
    """An application that does not end."""


DEFAULTS: dict[str, Application] = {
    "set": _set,
    "export": _set,
    "answer": _answer,
    "hangup": _hangup,
    "respond": _respond,
    "playback": sound,
    "speak": sound,
    "record": sound,
}
