"""A running FreeSWITCH and what it hands over: calls for verbs that need its own sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.event import Event as Signal

from calls.call import Call
from calls.reception import receive
from calls.signaling import answer, hangup
from config.address import Address
from esl.errors import EslError
from esl.link import Link
from esl.listener import Listener
from esl.session import Session

DEADLINE_S = 40.0


class LiveLine:
    """Args: root: a directory FreeSWITCH may write into; address, password: of its event socket."""

    def __init__(self, root: Path, address: Address, password: str) -> None:
        self.directory = root / "recordings"
        self.directory.mkdir()
        self.directory.chmod(0o777)
        self._flow: Callable[[Call], Any] = lambda _: None
        self._results: list[AsyncResult] = []
        self._listener = Listener("127.0.0.1", 0, self._serve)
        self._listener.start()
        up = Signal()
        self.link = Link(
            address.host,
            address.port,
            password,
            events=(),
            on_event=lambda _: None,
            on_gap=lambda _since, _until: None,
            on_up=up.set,
        )
        self.link.start()
        assert up.wait(10), f"no log-in at {address}"

    def dial(self, flow: Callable[[Call], Any], far_end: str) -> AsyncResult:
        """Hand a call over, answered, whose engine does `flow`; returns what will be its result."""
        self._flow = flow
        result = AsyncResult()
        self._results.append(result)
        host, port = self._listener.address[:2]
        dial = f"{{originate_timeout=15}}loopback/'socket:{host}:{port} async full'/default/inline"
        gevent.spawn(self._originate, f"{dial} {far_end}")
        return result

    def run(self, flow: Callable[[Call], Any], far_end: str) -> Any:
        """The same, and return what the flow returns, or raise what it raises; then hang up."""
        return self.dial(flow, far_end).get(timeout=DEADLINE_S)

    def close(self) -> None:
        """Let go of it."""
        self._listener.close()
        self.link.stop()

    def _originate(self, arguments: str) -> None:
        try:
            self.link.bgapi("originate", arguments, DEADLINE_S)
        except EslError as exc:
            self._results[-1].set_exception(exc)

    def _serve(self, session: Session) -> None:
        call, result = receive(session), self._results.pop(0)
        try:
            answer(call)
            result.set(self._flow(call))
        except BaseException as exc:  # noqa: BLE001 - the test gets it
            result.set_exception(exc)
        finally:
            if not call.is_ended:
                hangup(call)
        call.wait_complete(DEADLINE_S)
