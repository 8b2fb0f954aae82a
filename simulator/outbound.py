"""The connection that a call's `socket` application makes to the engine, from dialling to lingering.

Source: FreeSWITCH mod_event_socket.c (socket_function, listener_run, read_packet, send_disconnect).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from simulator import lifecycle, wire
from simulator.listener import NOT_FOUND, Listener
from simulator.loop import Task, current, new_signal, spawn_later
from simulator.session import Session

# FreeSWITCH waits that long for the engine's first command.
FIRST_COMMAND_S = 25.0
_CONNECT_TIMEOUT_S = 10.0


class Outbound(Listener):
    """One call's controller. `connected` is set by the engine's first command or by failure."""

    def __init__(self, session: Session, sock: socket.socket, mode: tuple[str, ...]) -> None:
        super().__init__(session.core, sock, chunk=session.faults.chunk)
        self.session: Session = session
        self.connected = new_signal()
        self.resumes = False
        self._mode = mode
        self._timers: list[Task] = []

    @classmethod
    def dial(cls, session: Session, host: str, port: int, mode: tuple[str, ...]) -> Outbound | None:
        """Connect to the engine; None when nobody answers there."""
        try:
            sock = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
        except OSError as exc:
            session.note("engine", f"nobody answers at {host}:{port} ({exc})")
            return None
        sock.settimeout(None)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(session, sock, mode)

    def start(self) -> None:
        """Begin to serve; from now on this connection holds the channel."""
        session, clock, faults = self.session, self.core.clock, self.session.faults
        session.controller = self
        self._spawn(0.0, self.serve)
        self._spawn(0.0, self._watch_channel)
        self._spawn(FIRST_COMMAND_S, self._give_up)
        if faults.cut_socket_at_s is not None:
            self._spawn(clock.real(faults.cut_socket_at_s - session.call_s), self._fail, "the socket breaks")
        if faults.garbage_at_s is not None:
            self._spawn(clock.real(faults.garbage_at_s - session.call_s), self._babble)

    def _spawn(self, delay_s: float, call: Callable[..., object], *args: object) -> None:
        self._timers.append(spawn_later(delay_s, call, *args))

    def answer(self, word: str, rest: str, command: wire.Command) -> str | None:
        """Adds what only the controller of a channel may ask."""
        if word == "connect":
            self._send_channel()
            self.connected.set()
            return None
        self.connected.set()
        if word == "getvar":
            return self.session.channel.get(rest) or NOT_FOUND  # as every empty answer
        if word == "resume":
            self.resumes = True
            self.session.channel.set("socket_resume", "true")
            return "+OK"
        return super().answer(word, rest, command)

    def handle(self, command: wire.Command) -> None:
        """Answer one command; without `full` only those about the own channel."""
        if "full" not in self._mode and command.line.split(" ")[0].lower() in ("api", "bgapi", "event"):
            self.reply("-ERR command not found")
            return
        super().handle(command)

    def _send_channel(self) -> None:
        headers: wire.Headers = [
            *self.core.bus.core_headers("CHANNEL_DATA", ("mod_event_socket.c", "parse_command")),
            *self.session.channel.data_headers(),
            ("Content-Type", "command/reply"),
            ("Reply-Text", "+OK\n"),
            ("Socket-Mode", "async" if "async" in self._mode else "static"),
            ("Control", "full" if "full" in self._mode else "single-channel"),
        ]
        self.session.note("engine", "took the call")
        self.outlet.send(wire.block(headers))

    def _give_up(self) -> None:
        if not self.connected.is_set():
            self._fail("the engine says nothing")

    def _fail(self, why: str) -> None:
        self.session.note("fault", why)
        self.cut()

    def _babble(self) -> None:
        self.session.note("fault", "garbage on the socket")
        self.outlet.send(b"\x00\xff\xfeContent-Length: -7\nno header at all\n\n\n\x80garbage")

    def _watch_channel(self) -> None:
        """When the channel is down, linger or leave."""
        session, clock = self.session, self.core.clock
        session.down.wait()
        if self.linger_s is None:
            self.running = False
            self._unblock()
            return
        if not session.faults.early_notice:
            session.ended.wait(timeout=clock.real(0.02))
        self.outlet.send(wire.linger_notice(session.channel.uuid, session.channel.name, self.linger_s))
        if self.linger_s < 0:
            return
        # The end of the linger is compared in whole epoch seconds, as every limit of FreeSWITCH.
        clock.sleep(clock.until_epoch(clock.epoch_s() + self.linger_s + 1))
        self.running = False
        self._unblock()

    def _unblock(self) -> None:
        """Make `serve` notice that it is over, although the engine sends nothing."""
        with contextlib.suppress(OSError):  # closed already
            self._sock.shutdown(socket.SHUT_RD)

    def cut(self) -> None:
        """Break the connection without a word."""
        self._unblock()
        super().cut()

    def end(self) -> None:
        """The engine is gone: the channel is nobody's any more and leaves its park."""
        super().end()
        session = self.session
        self.connected.set()
        if session.controller is self:
            session.controller = None
        session.controlled = False
        session.stir()
        for timer in self._timers:
            if timer is not current():
                timer.kill(block=False)
        lifecycle.destroy(session)
