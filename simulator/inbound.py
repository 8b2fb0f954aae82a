"""The listening event socket: controllers come in, authenticate and see the events of all calls."""

from __future__ import annotations

import socket

from simulator import wire
from simulator.core import Core
from simulator.listener import NOT_FOUND, Listener


class Inbound(Listener):
    """A controller's connection to the switch."""

    def __init__(self, core: Core, sock: socket.socket) -> None:
        super().__init__(core, sock)
        self._authenticated = False

    def serve(self) -> None:
        """Reject rudely when told to; otherwise ask for the password, then serve."""
        if self.core.settings.rejects_inbound:
            self.outlet.send(wire.RUDE_REJECTION)
            self.end()
            return
        self.outlet.send(wire.AUTH_REQUEST)
        super().serve()

    def answer(self, word: str, rest: str, command: wire.Command) -> str | None:
        """Only `auth` and `exit` before authentication."""
        if self._authenticated or word in ("exit", "..."):
            return super().answer(word, rest, command)
        if word != "auth":
            return NOT_FOUND
        if rest != self.core.settings.password:
            self.running = False
            return "-ERR invalid"
        self._authenticated = True
        return "+OK accepted"
