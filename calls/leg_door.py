"""Where legs that this process dialled come back to it, to be asked before they are connected.

FreeSWITCH's `group_confirm_key=exec` runs an application on a leg that has answered, and connects the leg
when that has ended with the leg still up. The application is `socket`, and leads here: so whoever dials a leg
can have anything done on it, while FreeSWITCH does the waiting, the limits and the racing with other legs.
The listening port of calls is no good for this, since engine processes share it: what is to be done with a
leg is known in one of them only.
Source: FreeSWITCH switch_ivr_originate.c, collect_thread_run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from calls.call import Call
from calls.cause import HangupCause
from calls.errors import CallGone
from calls.leg import Confirmation
from calls.reception import receive
from calls.signaling import hangup
from esl.listener import Listener
from esl.session import Session

LINGER_S = 2
"""Nothing of a leg's end is waited for here; it is followed on its caller's connection."""

SOCKET_HOST = "socket_host"
"""Channel variable with the host that FreeSWITCH dialled to hand the call over: it reaches us there."""

log = structlog.get_logger(__name__)

Ask = Callable[[Call], bool]
"""Asks a leg; whether it may be connected. Runs in a greenlet of its own; CallGone may escape it."""


class LegDoor:
    """Listens for legs, from when the first one is to come. Args: as esl.listener.Listener has them."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listener = Listener(host, port, self._open)
        self._asks: dict[str, Ask] = {}
        self._is_open = False

    def stop(self) -> None:
        """Let nobody in any more. Legs that are being asked are hung up by whoever asks them."""
        self._is_open = False
        self._listener.close()

    @property
    def live(self) -> int:
        """Legs being asked."""
        return self._listener.live

    def confirmation(self, call: Call, timeout_s: int) -> Confirmation:
        """Return what has FreeSWITCH bring a leg of this call here once it has answered.

        Raises: SettingsError: the door cannot be opened.
        """
        if not self._is_open:
            self._listener.start()
            self._is_open = True
        listening, port = self._listener.address
        host = call.variable(SOCKET_HOST) or listening
        return Confirmation("exec", f"socket {host}:{port} async full", timeout_s)

    @contextmanager
    def expecting(self, asks: dict[str, Ask]) -> Iterator[None]:
        """Expect legs, by their uuid, while the context lasts."""
        self._asks |= asks
        try:
            yield
        finally:
            for uuid in asks:
                self._asks.pop(uuid, None)

    def _open(self, session: Session) -> None:
        """The listener's handler: one leg. When it returns, FreeSWITCH goes on with the leg, if it is up."""
        call = receive(session, LINGER_S)
        ask = self._asks.get(call.uuid)
        is_confirmed = False
        try:
            if ask is None:
                call.log.warning("leg_unexpected", outcome="hung up")
            else:
                is_confirmed = ask(call)
        except CallGone:
            return
        except Exception:  # the catch-all per call: whatever fails here must not connect anybody
            call.log.exception("leg_failed", outcome="hung up")
        if not is_confirmed:
            hangup(call, HangupCause.CALL_REJECTED)
