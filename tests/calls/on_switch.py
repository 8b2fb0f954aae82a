"""Verbs on a simulated FreeSWITCH: a call comes in, a function is run on it, its story looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import AsyncResult

from calls.call import Call
from calls.dial_rules import DialRules
from calls.reception import receive
from calls.signaling import hangup
from esl.link import Link
from esl.listener import Listener
from esl.session import Session
from simulator.clock import Clock
from simulator.script import read_script
from simulator.simcall import SimCall
from simulator.switch import Switch

DEADLINE_S = 20.0
RULES = DialRules(
    gateway="carrier",
    phone="sofia/gateway/{gateway}/{number}",
    profile="external",
    sip="sofia/{profile}/{uri}",
    resources={"private": "user/{name}@pbx.example.com"},
)
Verb = Callable[[Call], Any]


class Place:
    """A switch and the doors of an engine."""

    def __init__(self, speed: float = 1.0) -> None:
        self.listener = Listener("127.0.0.1", 0, self._handle)
        self.listener.start()
        self.switch = Switch(self.listener.address, clock=Clock(speed=speed)).start()
        self._verbs: dict[str, tuple[Verb, AsyncResult]] = {}
        self._link: Link | None = None

    @property
    def link(self) -> Link:
        """The inbound connection, up."""
        if self._link is None:
            host, port = self.switch.event_socket
            self._link = Link(
                host,
                port,
                "ClueCon",
                events=["CHANNEL_HANGUP_COMPLETE"],
                on_event=lambda _event: None,
                on_gap=lambda _since, _until: None,
                on_up=lambda: None,
            )
            self._link.start()
            assert self._link.wait_up(DEADLINE_S)
        return self._link

    def run(self, verb: Verb, script: Any = None, **options: Any) -> Running:
        """Place a call and run a verb on it."""
        sim = self.switch.place_call(
            script=read_script(script or []), uuid=options.pop("uuid", None), **options
        )
        result = AsyncResult()
        self._verbs[sim.uuid] = (verb, result)
        return Running(sim, result)

    def expect(self, verb: Verb, uuid: str) -> AsyncResult:
        """Have a verb run on a call that will come; return what it will return."""
        result = AsyncResult()
        self._verbs[uuid] = (verb, result)
        return result

    def close(self) -> None:
        """Stop everything."""
        self.switch.stop()
        if self._link is not None:
            self._link.stop()
        self.listener.close()

    def _handle(self, session: Session) -> None:
        while session.uuid not in self._verbs:  # place_call returns after the hand-over has begun
            gevent.sleep(0.001)
        verb, result = self._verbs[session.uuid]
        call = receive(session)
        try:
            result.set(verb(call))
        except Exception as exc:  # noqa: BLE001 - handed to whoever waits
            result.set_exception(exc)
        hangup(call)
        call.wait_complete(2)


@dataclass
class Running:
    """A verb under way on a call."""

    sim: SimCall
    _result: AsyncResult

    def result(self) -> Any:
        """Wait for what the verb returned; raises what it raised."""
        return self._result.get(timeout=DEADLINE_S)

    def dialled(self) -> list[str]:
        """Return the endpoints dialled so far."""
        return [one.detail for one in self.sim.log if one.kind == "dialling"]

    def said(self, kind: str) -> list[str]:
        """Return what the call's story says of that kind."""
        return [one.detail for one in self.sim.log if one.kind == kind]
