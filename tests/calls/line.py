"""One simulated switch and what it hands over: calls for verbs that need real sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gevent.event import AsyncResult

from calls.call import Call
from calls.reception import receive
from calls.signaling import answer, hangup
from esl.listener import Listener
from esl.session import Session
from simulator.script import read_script
from simulator.simcall import SimCall
from simulator.switch import Switch

DEADLINE_S = 15.0
T = TypeVar("T")


class Line:
    """Args: root: an empty directory. Attributes: directory: where FreeSWITCH writes; sim: the last call."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "recordings"
        self.directory.mkdir()
        self.sounds = root / "sounds"
        self.sounds.mkdir()
        self._flow: Callable[[Call], Any] = lambda _: None
        self._result: AsyncResult = AsyncResult()
        self._listener = Listener("127.0.0.1", 0, self._serve)
        self._listener.start()
        self.switch = Switch(self._listener.address, sounds_dir=self.sounds).start()
        self.sim: SimCall | None = None

    def dial(self, flow: Callable[[Call], Any], *steps: dict[str, Any]) -> SimCall:
        """Hand a call over, answered, whose engine does `flow`; returns at once."""
        self._flow, self._result = flow, AsyncResult()
        self.sim = self.switch.place_call(script=read_script([*steps] or [{"at": 0.0, "say": 10.0}]))
        return self.sim

    def run(self, flow: Callable[[Call], T], *steps: dict[str, Any]) -> T:
        """The same, and return what the flow returns, or raise what it raises; then hang up."""
        self.dial(flow, *steps)
        return self.result()

    def result(self) -> Any:
        """What the flow of the last call came to."""
        return self._result.get(timeout=DEADLINE_S)

    def close(self) -> None:
        """Take everything down."""
        self.switch.stop()
        self._listener.close()

    def _serve(self, session: Session) -> None:
        call = receive(session)
        try:
            answer(call)
            self._result.set(self._flow(call))
        except BaseException as exc:  # noqa: BLE001 - the test gets it, pytest's own failures too
            self._result.set_exception(exc)
        finally:
            if not call.is_ended:
                hangup(call)
        call.wait_complete(DEADLINE_S)


@contextmanager
def opened(root: Path) -> Iterator[Line]:
    """A line for a while."""
    line = Line(root)
    try:
        yield line
    finally:
        line.close()
