"""The demo: one call from hand-off to delivered recordings; what arrived is compared with what was said.

The caller speaks; the callflow records the call twice: once for a receiver by HTTP PUT, once for the local
store. On the simulator the far end is scripted; on a running FreeSWITCH the far end is a second leg that
plays the same voice from a file, handed over inline, so that FreeSWITCH's dialplan need not be touched.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent

from config.errors import CallflowsError
from service.engine import Engine
from service.media_place import FolderMedia
from service.narrator import Narrator
from service.receiver import Receiver
from service.stage import ACCOUNT, Stage
from simulator.listen import Match, compare, curve, curves_of
from simulator.script import Act, Script, Step
from simulator.switch import Switch
from simulator.voice import speech
from storage.names import account_db, database_of_document
from storage.outbox_delivery import Delivery, DeliveryState

NUMBER = "1000"
CALLER = "15551234567"
VOICE = 7
SPEECH_MS = 4000
CALL_S = 5
RATE_HZ = 8000
CALL_TIMEOUT_S = 20.0
DELIVERY_TIMEOUT_S = 30.0


class DemoFailed(CallflowsError):
    """The demo did not get as far as a comparison; the message says where it ended."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivered recording and how well it matches what the caller said."""

    path: Path
    kind: str
    match: Match


def callflow(url: str) -> dict[str, Any]:
    """Return the demo's callflow: record twice, answer, greet, listen, stop both, hang up."""
    stop = {"module": "record_call", "data": {"action": "stop"}}
    steps: list[dict[str, Any]] = [
        {
            "module": "record_call",
            "data": {"action": "start", "format": "wav", "url": url, "label": "receiver"},
        },
        {"module": "record_call", "data": {"action": "start", "format": "mp3", "label": "local store"}},
        {"module": "answer", "data": {}},
        {"module": "sleep", "data": {"duration": CALL_S}},
        {"module": "play", "data": {"id": "tone_stream://%(200,100,440);loops=2"}},
        stop,
        stop,
        {"module": "hangup", "data": {}},
    ]
    flow: dict[str, Any] = {}
    for step in reversed(steps):
        flow = {**step, "children": {"_": flow} if flow else {}}
    return {"pvt_type": "callflow", "name": "demo", "numbers": [NUMBER], "flow": flow}


class Demo:
    """One run. Args: directory: everything is made below it; switch: `host:port` of a FreeSWITCH's event
    socket, "" for the simulator; password: of that event socket.
    """

    def __init__(self, directory: Path, narrator: Narrator, *, switch: str = "", password: str = "") -> None:
        self._tell = narrator
        self._switch = switch
        self._stage = Stage(directory, event_socket=switch, password=password)
        self._receiver = Receiver(directory / "received")

    def run(self) -> list[Arrival]:
        """Make the call and wait for its deliveries. Raises: DemoFailed, and whatever an engine start may."""
        stage = self._stage
        stage.recordings.mkdir()
        if self._switch:  # FreeSWITCH may run as another user
            for directory in (stage.directory, stage.recordings):
                directory.chmod(0o777)
        self._receiver.start()
        stage.write("system_config", "media", {"default": {"store_recordings": True}})
        stage.write("accounts", ACCOUNT, {"pvt_type": "account", "name": "Demo"})
        path = stage.write(account_db(ACCOUNT), "main", callflow(self._receiver.url))
        self._tell.say(f"documents written: {path}")
        self._tell.listen()
        engine = stage.engine()
        try:
            engine.start()
            host, port = engine.listener.address[:2]
            self._tell.say(f"engine listens for FreeSWITCH's socket application on {host}:{port}")
            spoken = self._call_on_freeswitch(engine) if self._switch else self._call_on_simulator(engine)
            return self._arrivals(engine, spoken)
        finally:
            engine.drain(1.0)
            engine.stop()
            self._receiver.stop()

    def _call_on_simulator(self, engine: Engine) -> list[int]:
        """Make the call; return the loudness curve of what the caller said."""
        switch = Switch(engine=engine.listener.address[:2]).start()
        try:
            script = Script(from_number=CALLER).with_steps(Step(Act.SAY, str(SPEECH_MS / 1000), at_s=0.1))
            self._tell.say(f"{CALLER} dials {NUMBER} on the built-in simulator and speaks for {SPEECH_MS} ms")
            call = switch.place_call(NUMBER, script=script)
            if not call.wait_ended(CALL_TIMEOUT_S):
                raise DemoFailed(f"the call did not end within {CALL_TIMEOUT_S:g} s")
        finally:
            switch.stop()
        return curve(call.spoken["caller"].render(0.0, SPEECH_MS + 200, RATE_HZ))

    def _call_on_freeswitch(self, engine: Engine) -> list[int]:
        """Make the call; return the loudness curve of what the caller said."""
        link = engine.link.wait_up(10.0) if engine.link else None
        if link is None:
            raise DemoFailed(
                f"no connection to FreeSWITCH at {self._switch}; is it running, is the password right?"
            )
        voice = write_speech(self._stage.directory / "caller.wav")
        host, port = engine.listener.address[:2]
        self._tell.say(f"{CALLER} dials {NUMBER} on FreeSWITCH {self._switch} and speaks for {SPEECH_MS} ms")
        variables = f"origination_caller_id_number={CALLER},callflows_number={NUMBER}"
        hand_off = f"loopback/'socket:{host}:{port} async full'/default/inline"
        link.bgapi("originate", f"{{{variables}}}{hand_off} &playback({voice})", CALL_TIMEOUT_S)
        return curve(speech(VOICE, 0, SPEECH_MS, RATE_HZ))

    def _arrivals(self, engine: Engine, spoken: list[int]) -> list[Arrival]:
        arrivals = []
        for delivery in self._delivered(engine):
            path = self._copy_of(delivery)
            arrivals.append(Arrival(path, delivery.kind, compare(curves_of(path)[0], spoken)))
        return arrivals

    def _delivered(self, engine: Engine) -> Sequence[Delivery]:
        """Wait until both recordings have arrived."""
        failure = DemoFailed(f"the recordings were not delivered within {DELIVERY_TIMEOUT_S:g} s")
        with gevent.Timeout(DELIVERY_TIMEOUT_S, failure):
            while True:
                deliveries = engine.outbox.list()
                if len(deliveries) >= 2 and all(one.state is DeliveryState.DELIVERED for one in deliveries):
                    return deliveries
                gevent.sleep(0.05)

    def _copy_of(self, delivery: Delivery) -> Path:
        if delivery.kind == "http":
            return self._receiver.received[-1]
        database = database_of_document(delivery.account_id, delivery.document_id)
        document = {"_id": delivery.document_id}
        return Path(FolderMedia(self._stage.documents).locate(database, document, delivery.name))


def write_speech(path: Path) -> Path:
    """Write the caller's voice as a WAV file that FreeSWITCH can play, followed by silence."""
    samples = speech(VOICE, 0, SPEECH_MS, RATE_HZ)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
        file.writeframes(bytes(2 * RATE_HZ * (CALL_S + 2)))
    return path
