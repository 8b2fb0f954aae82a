"""The two switches as telephones reach them: callers talk, press keys, hang up; both sides are heard."""

from __future__ import annotations

import time
import wave
from array import array
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias

import gevent

from esl.errors import EslError
from simulator.script import Party
from simulator.simcall import SimCall
from tests.scenarios.lines import RATE_HZ, FreeSwitchLine, SimulatedLine, _script
from tests.scenarios.scenario import Caller
from tests.waiting import eventually

Samples: TypeAlias = "array[int]"

TAPING_S = 5.0
"""From the order of a call to its leg; it takes some milliseconds."""


class Phone(Protocol):
    """A caller's telephone."""

    def press(self, digits: str) -> None:
        """Press keys, one after the other."""

    def hang_up(self) -> None:
        """End the call."""

    def sound(self) -> tuple[Samples, Samples]:
        """Return what was heard and what was said, from the call's begin to its end; once it is over."""


class PhoneLine(Protocol):
    """A switch. `event_socket`, `password`: of it."""

    event_socket: str
    password: str

    def ring(self, number: str, caller: Caller, variables: Mapping[str, str], port: int) -> Phone:
        """Have a call handed to an engine on that port."""

    def close(self) -> None:
        """Leave nothing behind."""


class SimulatedPhone:
    """One on the simulator."""

    def __init__(self, call: SimCall) -> None:
        self.call = call

    def press(self, digits: str) -> None:
        """See Phone."""
        self.call.press(digits)

    def hang_up(self) -> None:
        """See Phone."""
        self.call.hang_up()

    def sound(self) -> tuple[Samples, Samples]:
        """See Phone."""
        session = self.call.session
        length_ms = round(max(seen.at_s for seen in self.call.events) * 1000)
        heard, said = (
            each.render(session.began_s, length_ms, RATE_HZ) for each in (session.heard, session.said)
        )
        return heard, said


class SimulatedPhones(SimulatedLine):
    """The simulator, in this process. Whoever is `rings` at any host is called, and does not answer."""

    def ring(self, number: str, caller: Caller, variables: Mapping[str, str], port: int) -> Phone:
        """See PhoneLine."""
        script = _script(caller)
        script = replace(script, parties={**script.parties, "*rings@*": Party(answer_after_s=None)})
        engine = ("127.0.0.1", port)
        return SimulatedPhone(
            self.switch.place_call(number, script=script, variables=variables, engine=engine)
        )


class FreeSwitchPhone:
    """A leg of a running FreeSWITCH that plays a voice, and is recorded by FreeSWITCH in two channels."""

    def __init__(self, line: FreeSwitchPhones, leg: str, tape: Path) -> None:
        self._line = line
        self._leg = leg
        self._tape = tape

    def press(self, digits: str) -> None:
        """See Phone."""
        self._line.api("uuid_send_dtmf", f"{self._leg} {digits}")

    def hang_up(self) -> None:
        """See Phone. The leg that the engine has is what is hung up, as by a BYE; this one goes with it.

        Were it the other way round, the engine's leg would be unable to read before it is hung up.
        """
        other = self._line.api("uuid_getvar", f"{self._leg} other_loopback_leg_uuid")
        self._line.api("uuid_kill", other)

    def sound(self) -> tuple[Samples, Samples]:
        """See Phone."""
        samples = eventually(self._read, what=f"FreeSWITCH closing {self._tape}")
        return samples[0::2], samples[1::2]

    def _read(self) -> Samples:
        try:
            with wave.open(str(self._tape)) as file:
                return array("h", file.readframes(file.getnframes()))
        except (OSError, wave.Error, EOFError):
            return array("h")


class FreeSwitchPhones(FreeSwitchLine):
    """A FreeSWITCH that runs on this host."""

    def ring(self, number: str, caller: Caller, variables: Mapping[str, str], port: int) -> Phone:
        """See PhoneLine."""
        escaped = {name: _escaped(value) for name, value in variables.items()}
        leg = self.place(number, caller, escaped, port)
        tape = self._directory / f"{leg}.wav"
        gevent.spawn(self._tape, leg, tape)
        return FreeSwitchPhone(self, leg, tape)

    def _tape(self, leg: str, tape: Path) -> None:
        """Have FreeSWITCH record a leg as soon as it is there; a call that is over before has no sound."""
        until_s = time.monotonic() + TAPING_S
        while time.monotonic() < until_s:
            try:
                self.api("uuid_record", f"{leg} start {tape} 600 {{RECORD_STEREO=true}}")
            except EslError:
                gevent.sleep(0.01)
            else:
                return

    def api(self, command: str, argument: str) -> str:
        """Have FreeSWITCH do something. Raises: EslError."""
        return self._link.api(command, argument)


def _escaped(value: str) -> str:
    """Return a value as it may stand within the braces of originate, where blanks and commas divide."""
    return value.replace(" ", "\\s").replace(",", "\\,")
