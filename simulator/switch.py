"""The stand-in itself: one simulated FreeSWITCH with its event socket and its calls."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from simulator import lifecycle
from simulator.apis.catalogue import APIS
from simulator.applications.catalogue import APPLICATIONS
from simulator.clock import Clock
from simulator.core import DEFAULT_PASSWORD, Core, Settings
from simulator.heartbeat import keep_beating
from simulator.inbound import Inbound
from simulator.legs import new_caller_leg, new_loopback_caller
from simulator.listener import Listener
from simulator.loop import Server, Task, new_server, spawn
from simulator.script import Script
from simulator.session import Session
from simulator.simcall import Happening, SimCall

_STOP_TIMEOUT_S = 2.0
Address = tuple[str, int]
StepListener = Callable[[SimCall, Happening], None]


class Switch:
    """A simulated FreeSWITCH.

    Args:
        engine: (host, port) that calls are handed to, as the dialplan's socket application would.
        script: what callers and parties do unless a call brings its own.
        listen: (host, port) of the event socket, port 0 for any; None for no event socket.
        password: of the event socket. sounds_dir: where relative file names are looked for.
        clock: see Clock; real time unless given.
        on_step: called with (call, happening) for everything that happens, as it happens.
        rejects_inbound: refuse controllers on the event socket rudely.
    """

    def __init__(
        self,
        engine: Address = ("127.0.0.1", 8084),
        *,
        script: Script | None = None,
        listen: Address | None = ("127.0.0.1", 0),
        password: str = DEFAULT_PASSWORD,
        sounds_dir: Path | None = None,
        clock: Clock | None = None,
        on_step: StepListener | None = None,
        rejects_inbound: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        settings = Settings(engine, password, rejects_inbound=rejects_inbound, variables=variables or {})
        if sounds_dir is not None:
            settings = replace(settings, sounds_dir=sounds_dir)
        self.core = Core(settings, clock or Clock(), APPLICATIONS, APIS, script or Script())
        self.core.originate = self._originate
        self.core.on_die.append(self._die)
        self.calls: list[SimCall] = []
        self._on_step = on_step
        self._listen = listen
        self._server: Server | None = None
        self._connections: set[Inbound] = set()
        self._heart: Task | None = None

    @property
    def event_socket(self) -> Address:
        """Where the event socket listens.

        Raises: RuntimeError: it was never started.
        """
        if self._listen is None or not self._listen[1]:
            raise RuntimeError("the event socket is not started")
        return self._listen

    def start(self) -> Switch:
        """Open the event socket; after `die` on the same port."""
        if self._listen is not None and self._server is None:
            self._server = new_server(self._listen, self._serve)
            self._server.start()
            self._listen = (self._listen[0], int(self._server.address[1]))
            self._heart = spawn(keep_beating, self.core)
        return self

    def stop(self) -> None:
        """Hang up what lives, then close everything."""
        for session in list(self.core.sessions.values()):
            session.hangup("SYSTEM_SHUTDOWN")
        for session in list(self.core.sessions.values()):
            session.ended.wait(timeout=_STOP_TIMEOUT_S)
        self._close()

    def die(self) -> None:
        """The process is killed: every connection breaks, files stay as a crash leaves them."""
        self.core.die()

    def place_call(
        self,
        to: str | None = None,
        *,
        from_number: str | None = None,
        from_name: str | None = None,
        script: Script | None = None,
        variables: Mapping[str, str] | None = None,
        engine: Address | None = None,
        uuid: str | None = None,
        context: str = "default",
    ) -> SimCall:
        """Hand a call to the engine and let its far end begin.

        Args: to, from_number, from_name: instead of the script's; variables: channel variables besides the
        script's; engine: another (host, port); uuid: the channel's, fresh unless given.
        """
        chosen = script or self.core.script
        chosen = replace(
            chosen,
            to=chosen.to if to is None else to,
            from_number=chosen.from_number if from_number is None else from_number,
            from_name=chosen.from_name if from_name is None else from_name,
        )
        session = new_caller_leg(
            self.core,
            chosen,
            uuid=uuid or self.core.new_uuid(),
            context=context,
            variables=variables or {},
        )
        host, port = engine or self.core.settings.engine
        return self._begin(session, [("socket", f"{host}:{port} async full")])

    def _begin(self, session: Session, actions: list[tuple[str, str]]) -> SimCall:
        call = SimCall(session, self._on_step)
        self.calls.append(call)
        session.note(
            "call", f"{session.channel.profile.caller_number} dials {session.channel.profile.destination}"
        )
        if session.faults.die_at_s is not None:
            self.core.clock.later(session.faults.die_at_s, self.core.die)
        spawn(lifecycle.run, session, actions)
        call.begin(session.script.steps)
        return call

    def _originate(self, where: str, variables: Mapping[str, str], extension: str) -> Session:
        """The api of that name: a loopback call whose second half is handed to the engine."""
        number, _, context = where.partition("/")
        script = replace(
            self.core.script,
            to=number,
            from_number=variables.get("origination_caller_id_number", self.core.script.from_number),
            from_name=variables.get("origination_caller_id_name", self.core.script.from_name),
        )
        session = new_caller_leg(
            self.core,
            script,
            uuid=self.core.new_uuid(),
            context=context or "default",
            variables={name: value for name, value in variables.items() if name != "origination_uuid"},
        )
        new_loopback_caller(session, variables.get("origination_uuid"), extension)
        return self._begin(session, self.core.route(script, number)).session

    # -- connections ------------------------------------------------------------------------------------

    def _serve(self, sock: socket.socket, address: Address) -> None:
        del address
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Inbound(self.core, sock)
        self._connections.add(connection)
        try:
            connection.serve()
        finally:
            self._connections.discard(connection)

    def _close(self) -> None:
        if self._server is not None:
            self._server.stop(timeout=0)
            self._server = None
        if self._heart is not None:
            self._heart.kill(block=False)
            self._heart = None
        for connection in list(self._connections):
            connection.cut()
        for session in list(self.core.sessions.values()):
            if isinstance(session.controller, Listener):
                session.controller.cut()

    def _die(self) -> None:
        self._close()
        for session in list(self.core.sessions.values()):
            session.note("fault", "the switch dies")
            for recording in list(session.recordings.values()):
                recording.abandon()
            session.recordings.clear()
            session.hangup("CRASH")
