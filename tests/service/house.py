"""A whole installation for one test: documents, an engine, and a simulated FreeSWITCH beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from service.engine import Engine
from service.stage import ACCOUNT, Stage
from simulator.script import Script
from simulator.simcall import SimCall
from simulator.switch import Switch
from storage.names import account_db
from storage.outbox_delivery import Delivery, DeliveryState
from tests.waiting import eventually

Step = tuple[str, Mapping[str, Any]]

STORED = {"default": {"store_recordings": True}}
RECORD: Step = ("record_call", {"action": "start", "format": "wav"})
HANGUP: Step = ("hangup", {})


def chain(*steps: Step) -> dict[str, Any]:
    """Return a flow of actions one after the other."""
    flow: dict[str, Any] = {}
    for module, data in reversed(steps):
        flow = {"module": module, "data": dict(data), "children": {"_": flow} if flow else {}}
    return flow


def callflow(number: str, flow: Mapping[str, Any]) -> dict[str, Any]:
    """Return a callflow document."""
    return {"pvt_type": "callflow", "numbers": [number], "flow": dict(flow)}


def sleep(seconds: float) -> Step:
    """Return the action that waits."""
    return ("sleep", {"duration": round(seconds * 1000), "unit": "ms"})


def lay_out(stage: Stage, media: Mapping[str, Any] = STORED) -> None:
    """Write what every account needs."""
    stage.recordings.mkdir(exist_ok=True)
    stage.write("system_config", "media", media)
    stage.write("accounts", ACCOUNT, {"pvt_type": "account", "name": "Test"})


class House:
    """Args: with_link: whether the engine keeps an inbound link; further options go to the stage."""

    def __init__(self, directory: Path, *, with_link: bool = True, **options: Any) -> None:
        self.switch = Switch().start()
        host, port = self.switch.event_socket
        self.stage = Stage(directory, event_socket=f"{host}:{port}" if with_link else "", **options)
        lay_out(self.stage)
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine, started at its first use."""
        if self._engine is None:
            self._engine = self.stage.engine()
            self._engine.start()
        return self._engine

    def flow(self, number: str, *steps: Step) -> Path:
        """Write a callflow of actions one after the other, named as its number."""
        return self.stage.write(account_db(ACCOUNT), number, callflow(number, chain(*steps)))

    def call(self, number: str, script: Script | None = None, **options: Any) -> SimCall:
        """Hand a call to the engine."""
        address = self.engine.listener.address[:2]
        return self.switch.place_call(number, script=script, engine=address, **options)

    def delivered(self, count: int = 1) -> Sequence[Delivery]:
        """Wait for so many deliveries, all arrived."""

        def arrived() -> Sequence[Delivery]:
            found = self.engine.outbox.list()
            is_done = all(one.state is DeliveryState.DELIVERED for one in found)
            return found if len(found) >= count and is_done else []

        return eventually(arrived, what="the deliveries")

    def close(self) -> None:
        """Stop both."""
        if self._engine is not None:
            with contextlib.suppress(AssertionError):
                self._engine.stop()
        self.switch.stop()
