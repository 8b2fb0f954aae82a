"""A place where verbs are tried on a running FreeSWITCH: calls come in, and a function is run on each."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import AsyncResult

from calls.call import Call
from calls.dial_rules import DialRules
from calls.reception import receive
from calls.signaling import hangup
from config.address import Address
from esl.errors import EslError
from esl.event import Event
from esl.link import Link
from esl.listener import Listener
from esl.session import Session
from tests.live.phone import Dialog, Phone
from tests.waiting import eventually

DEADLINE_S = 30.0
RULES = DialRules(profile="internal", sip="sofia/{profile}/{uri}", allow_private_hosts=True)
EVENTS = ("CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "DTMF")

Verb = Callable[[Call], Any]


@dataclass
class Ground:
    """Args: address, password: of the event socket. `phones` are closed at the end."""

    address: Address
    password: str
    phones: dict[str, Phone] = field(default_factory=dict)
    legs: list[str] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the doors."""
        self._verbs: dict[str, tuple[Verb, AsyncResult]] = {}
        self.listener = Listener("127.0.0.1", 0, self._handle)
        self.listener.start()
        self.link = Link(
            self.address.host,
            self.address.port,
            self.password,
            events=EVENTS,
            on_event=self.heard.append,
            on_gap=lambda _since, _until: None,
            on_up=lambda: None,
        )
        self.link.start()
        assert self.link.wait_up(10)

    def phone(self, name: str, hz: int = 400) -> Phone:
        """Return a telephone of that name."""
        if name not in self.phones:
            self.phones[name] = Phone(name, hz)
        return self.phones[name]

    def uri(self, name: str) -> str:
        """Return where that telephone is called."""
        return self.phone(name).uri

    def run(self, verb: Verb, *, name: str = "alice", variables: Mapping[str, str] | None = None) -> Running:
        """Have FreeSWITCH call a telephone, and run a verb on that call; returns once it is up."""
        leg = str(uuid.uuid4())
        self.legs.append(leg)
        result = AsyncResult()
        self._verbs[leg] = (verb, result)
        host, port = self.listener.address
        chosen = {"origination_uuid": leg, "origination_caller_id_number": "15551234567", **(variables or {})}
        braces = ",".join(f"{key}={value}" for key, value in chosen.items())
        phone = self.phone(name)
        before = len(phone.dialogs)
        to = f"{{{braces}}}sofia/internal/{name}@{phone.address} 'socket:{host}:{port} async full' inline"
        gevent.spawn(self._originate, to)
        return Running(leg, phone.wait_call(before + 1), result)

    def dial_in(self, verb: Verb, far_end: str = "&park()") -> tuple[Running, AsyncResult]:
        """Run a verb on an unanswered call: the second half of a loopback call.

        Returns: the verb under way, and what originate says once the call is answered, or over.
        """
        token, leg = str(uuid.uuid4()), str(uuid.uuid4())
        result = AsyncResult()
        host, port = self.listener.address
        self._verbs[token] = (verb, result)
        self.legs.append(leg)
        target = f"loopback/'socket:{host}:{port} async full'/default/inline"
        job = AsyncResult()
        dial = f"{{origination_uuid={leg},verb_token={token}}}{target} {far_end}"
        gevent.spawn(lambda: job.set(self._originate(dial)))
        return Running(leg, None, result), job

    def expect(self, verb: Verb, leg: str) -> AsyncResult:
        """Have a verb run on a call that will come; return what it will return."""
        result = AsyncResult()
        self._verbs[leg] = (verb, result)
        self.legs.append(leg)
        return result

    def again(self, running: Running) -> AsyncResult:
        """Have the same verb run when its leg is handed over again; return what it will return."""
        return self.expect(self._verbs[running.leg][0], running.leg)

    def events(self, name: str, leg: str) -> list[Event]:
        """Return what was heard of a channel."""
        return [event for event in self.heard if event.name == name and event.uuid == leg]

    def close(self) -> None:
        """End everything."""
        for leg in self.legs:
            with suppress(EslError):
                self.link.api("uuid_kill", leg)
        for phone in self.phones.values():
            phone.close()
        self.listener.close()
        self.link.stop()

    def _originate(self, arguments: str) -> str:
        try:
            return self.link.bgapi("originate", arguments, DEADLINE_S)
        except EslError as exc:
            return str(exc)

    def _handle(self, session: Session) -> None:
        call = receive(session, 2)
        token = session.channel.variable("verb_token") or session.uuid
        verb, result = self._verbs[token]
        try:
            value = verb(call)
        except Exception as exc:  # noqa: BLE001 - handed to whoever waits
            result.set_exception(exc)
        else:
            result.set(value)
        hangup(call)
        call.wait_complete(5)
        call.close()


@dataclass
class Running:
    """A verb under way. `leg`: the channel it runs on, or its far half; `phone`: its telephone, if any."""

    leg: str
    phone: Dialog | None
    _result: AsyncResult
    began_s: float = field(default_factory=time.monotonic)

    def result(self) -> Any:
        """Wait for what the verb returned; raises what it raised."""
        return self._result.get(timeout=DEADLINE_S)

    @property
    def dialog(self) -> Dialog:
        """Its telephone's call."""
        assert self.phone is not None
        return self.phone

    @property
    def is_done(self) -> bool:
        """Whether it has returned."""
        return bool(self._result.ready())

    def wait_done(self) -> None:
        """Wait until it has."""
        eventually(lambda: self.is_done, DEADLINE_S, "the verb's end")
