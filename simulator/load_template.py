"""Ready-made bytes for load mode: a call's messages are put together, not computed.

Sizes follow a real SIP call: about 200 headers and 9 to 10 KB for the answer to `connect`, 3 KB an event.
"""

from __future__ import annotations

import time

from simulator import wire
from simulator.channel import Channel, Profile, Times
from simulator.clock import Clock
from simulator.core import Core, Settings
from simulator.legs import new_caller_leg
from simulator.script import Script
from simulator.wire import Headers

_PLACEHOLDER = "00000000-0000-4000-8000-000000000000"
_CONNECT_HEADERS = 200


class LoadTemplate:
    """The messages of one kind of call. Args: to, from_number: who calls whom."""

    def __init__(self, to: str, from_number: str, engine: tuple[str, int], account: str = "") -> None:
        core = Core(Settings(engine), Clock(), (), (), Script())
        script = Script(
            to=to, from_number=from_number, variables={"callflows_account_id": account} if account else {}
        )
        leg = new_caller_leg(core, script, uuid=_PLACEHOLDER, context="default", variables={})
        self._where = f"{engine[0]}:{engine[1]} async full"
        leg.channel.set("current_application", "socket")
        leg.channel.set("current_application_data", self._where)
        headers = [*core.bus.core_headers("CHANNEL_DATA"), *leg.channel.data_headers()]
        headers += [
            (f"variable_carrier_note_{number}", f"value of a header from the trunk, number {number}")
            for number in range(_CONNECT_HEADERS - len(headers) - 4)
        ]
        headers += [
            ("Content-Type", "command/reply"),
            ("Reply-Text", "+OK\n"),
            ("Socket-Mode", "async"),
            ("Control", "full"),
        ]
        self._connect = wire.block(headers)
        self._core_headers = core.bus.core_headers("X")[1:6]
        self._core_lines = wire.block(self._core_headers)[:-1]
        self._states = {
            state: self._channel_headers(leg.channel, state)
            for state in ("ringing", "early", "answered", "hangup")
        }
        self._plain = {state: wire.block(headers)[:-1] for state, headers in self._states.items()}
        self._placeholder = _PLACEHOLDER.encode()

    @property
    def socket_argument(self) -> str:
        """The argument of the socket application."""
        return self._where

    def connect(self, uuid: bytes) -> bytes:
        """The answer to `connect`."""
        return self._connect.replace(self._placeholder, uuid)

    def event(self, uuid: bytes, name: str, state: str, extra: Headers, *, as_json: bool = False) -> bytes:
        """One event of the channel."""
        epoch_us = time.time_ns() // 1000
        if as_json:
            first: Headers = [("Event-Name", name), *self._core_headers]
            first.append(("Event-Date-Timestamp", str(epoch_us)))
            payload = wire.json_text([*first, *self._states[state], *extra]).replace(self._placeholder, uuid)
            return wire.event_frame(payload, "json")
        head = b"Event-Name: %s\n%sEvent-Date-Timestamp: %d\nEvent-Sequence: %d\n" % (
            name.encode(),
            self._core_lines,
            epoch_us,
            epoch_us % 10_000_000,
        )
        middle = self._plain[state].replace(self._placeholder, uuid)
        return wire.event_frame(head + middle + wire.block(extra), "plain")

    @staticmethod
    def _channel_headers(real: Channel, state: str) -> Headers:
        """The channel's part of an event; fewer variables than `connect` shows, as an event has 3 KB."""
        who = real.profile
        channel = Channel(
            uuid=_PLACEHOLDER,
            name=real.name,
            direction="inbound",
            profile=Profile(who.caller_number, who.caller_name, who.destination, who.context),
            times=Times(1_700_000_000_000_000, 1_700_000_000_000_000),
            answered=state in ("answered", "hangup"),
            early=state == "early",
        )
        keep = list(real.variables.items())[:34]
        channel.variables = dict(keep)
        headers = channel.headers("CHANNEL_EXECUTE")
        if state != "hangup":
            return headers
        gone = [(key, "hangup" if key == "Answer-State" else value) for key, value in headers]
        return [*gone, ("Hangup-Cause", "NORMAL_CLEARING")]
