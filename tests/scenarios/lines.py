"""The two switches that scenarios are played on: they hand calls over, and have a party to be reached."""

from __future__ import annotations

import uuid
import wave
from array import array
from collections.abc import Mapping
from pathlib import Path

import gevent
from gevent.event import Event as Signal

from config.address import Address
from esl.errors import EslError
from esl.link import Link
from simulator.script import Script, read_script
from simulator.switch import Switch
from simulator.voice import speech
from tests.scenarios.scenario import TALK_S, Caller, Span

RATE_HZ = 8000
CALLER_VOICE, PARTY_VOICE = 7, 9
FAR_END_S = 60
ORIGINATE_S = 30.0
DESK = "desk"


class SimulatedLine:
    """The simulator, in this process."""

    moved_to = DESK

    def __init__(self) -> None:
        self.switch = Switch().start()
        host, port = self.switch.event_socket
        self.event_socket = f"{host}:{port}"
        self.password = self.switch.core.settings.password

    def place(self, number: str, caller: Caller, variables: Mapping[str, str], port: int) -> str:
        """Have a call handed to an engine on that port; the caller is the one leg there is."""
        call = self.switch.place_call(
            number, script=_script(caller), variables=variables, engine=("127.0.0.1", port)
        )
        return call.uuid

    def close(self) -> None:
        """Stop it."""
        self.switch.stop()


class FreeSwitchLine:
    """A FreeSWITCH that runs on this host; its dialplan is not touched, and nothing is left there."""

    def __init__(self, address: Address, password: str, directory: Path) -> None:
        self.event_socket, self.password = str(address), password
        self._directory = directory
        self._voices: dict[tuple[Span, ...], Path] = {}
        self._callers: list[str] = []
        party = self._voice((0.0, TALK_S), voice=PARTY_VOICE, length_s=TALK_S)
        self.moved_to = f"bridge:loopback/app=playback:{party} inline"
        up = Signal()
        self._link = Link(
            address.host,
            address.port,
            password,
            events=(),
            on_event=lambda _: None,
            on_gap=lambda _since, _until: None,
            on_up=up.set,
        )
        self._link.start()
        assert up.wait(10), f"no log-in at {address}"

    def place(self, number: str, caller: Caller, variables: Mapping[str, str], port: int) -> str:
        """Have a call handed over; the caller is the far leg, which plays a file."""
        leg = str(uuid.uuid4())
        self._callers.append(leg)
        chosen = {
            "origination_uuid": leg,
            "origination_caller_id_number": "15551234567",
            "originate_timeout": "20",
            "callflows_number": number,
            **variables,
        }
        braces = ",".join(f"{key}={value}" for key, value in chosen.items())
        dial = f"{{{braces}}}loopback/'socket:127.0.0.1:{port} async full'/default/inline"
        voice = self._voices.get(caller.says) or self._voice(*caller.says)
        self._voices[caller.says] = voice
        gevent.spawn(self._originate, f"{dial} &playback({voice})")
        return leg

    def close(self) -> None:
        """Hang up whoever is still there."""
        for leg in self._callers:
            try:
                self._link.api("uuid_kill", leg)
            except EslError:
                continue  # gone, as it should be
        self._link.stop()

    def _originate(self, argument: str) -> None:
        try:
            self._link.bgapi("originate", argument, ORIGINATE_S)
        except EslError:
            return  # a call that is never answered ends so

    def _voice(self, *says: Span, voice: int = CALLER_VOICE, length_s: float = FAR_END_S) -> Path:
        """Write a file in which somebody talks in these stretches, and is silent in between."""
        samples = array("h", bytes(2 * round(length_s * RATE_HZ)))
        for begin_s, end_s in says:
            said = speech(voice, 0, round((end_s - begin_s) * 1000), RATE_HZ)
            first = round(begin_s * RATE_HZ)
            samples[first : first + len(said)] = array("h", said.tobytes())
        path = self._directory / f"voice{len(self._voices)}-{voice}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(samples[: round(length_s * RATE_HZ)].tobytes())
        path.chmod(0o644)
        return path


def _script(caller: Caller) -> Script:
    """Return what the far ends of a simulated call do."""
    party = {
        "answer_after": 0.1,
        "steps": [{"at": 0, "say": TALK_S}, {"at": TALK_S, "hang_up": "NORMAL_CLEARING"}],
    }
    return read_script(
        {
            "steps": [{"at": begin_s, "say": end_s - begin_s} for begin_s, end_s in caller.says],
            "extensions": {DESK: [["bridge", "user/desk"]]},
            "parties": {"user/desk": party},
        }
    )
