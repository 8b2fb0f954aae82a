"""Whole documents run on calls of a simulated FreeSWITCH, whose other parties do as they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls.reception import receive
from calls.signaling import hangup
from esl.session import Session
from simulator.events import Event
from simulator.script import read_script
from simulator.simcall import SimCall
from simulator.switch import Switch
from simulator.wire import flat
from swml.compiling import load
from swml.runner import How, ScriptEnd, ScriptRunner
from tests.callflows.kit import ACCOUNT
from tests.swml.stage import DEADLINE_S, Stage
from tests.waiting import eventually

DIALLING: dict[str, Any] = {"gateway": "carrier", "resources": {"private": "user/{name}@pbx.example.com"}}
ANSWERS = "+15550000001"
PARTIES: dict[str, Any] = {
    "*+1555000*": {"answer_after": 0.2, "ring_after": 0.1, "steps": [{"at": 0.4, "hang_up": True}]},
    "*+1555001*": {"answer_after": 0.1, "ring_after": 0.05, "steps": [{"at": 0, "say": 60}]},
    "*busy*": {"refuse": "USER_BUSY", "ring_after": 0.05},
    "*away*": {"never_answers": True, "ring_after": 0.05},
    "*declines*": {"refuse": "CALL_REJECTED", "ring_after": 0.05},
}


@dataclass
class Done:
    """A script that was run. Attributes: sim: its call; end: with what its main section returned."""

    sim: SimCall
    end: ScriptEnd

    @property
    def dialled(self) -> list[str]:
        """The endpoints dialled, in order."""
        return [one.detail for one in self.sim.log if one.kind == "dialling"]

    def said(self, kind: str) -> list[str]:
        """What the call's story says of that kind."""
        return [one.detail for one in self.sim.log if one.kind == kind]


class Ear:
    """Hears of every channel a switch makes."""

    def __init__(self, switch: Switch) -> None:
        self.heard: list[dict[str, str]] = []
        switch.core.bus.subscribe(self, None)

    def wants(self, event: Event) -> bool:
        """Those that are made."""
        return event.name == "CHANNEL_CREATE"

    def deliver(self, event: Event) -> None:
        """Note its variables."""
        self.heard.append({name.removeprefix("variable_"): flat(value) for name, value in event.headers})


class ScriptStage(Stage):
    """A stage whose calls run documents."""

    def __init__(self, root: Path, dialling: Mapping[str, Any] | None = None) -> None:
        """Args: dialling: of system_config, besides DIALLING."""
        super().__init__(root, {"dialling": {**DIALLING, **(dialling or {})}})
        self.runner = ScriptRunner(self.facilities)
        self.ends: dict[str, ScriptEnd] = {}
        self.documents: dict[str, Any] = {}

    def begin(
        self,
        main: Sequence[Mapping[str, Any]],
        *caller: Mapping[str, Any],
        parties: Mapping[str, Any] | None = None,
        referrals: Sequence[int] = (202, 200),
        number: str = "1000",
        **sections: Any,
    ) -> SimCall:
        """Place a call that runs these steps as section main.

        Args: parties: before PARTIES; referrals: how the telephone answers REFER.
        """
        script = read_script(
            {
                "steps": [*caller] or [{"at": 0.0, "say": 20.0}],
                "parties": {**(parties or {}), **PARTIES},
                "referrals": [*referrals],
            }
        )
        assert self._switch is not None
        self._running += 1
        self.documents[number] = {"sections": {"main": list(main), **sections}}
        return self._switch.place_call(number, script=script)

    def finish(self, sim: SimCall) -> Done:
        """Wait for the end of a call's script, and of the call."""
        eventually(lambda: sim.uuid in self.ends or self.failures, DEADLINE_S, "the script's end")
        assert not self.failures, self.failures
        assert sim.wait_ended(DEADLINE_S), [str(line) for line in sim.log]
        return Done(sim, self.ends[sim.uuid])

    def do(self, main: Sequence[Mapping[str, Any]], *caller: Mapping[str, Any], **options: Any) -> Done:
        """Run these steps as section main of a document, to the end of the call."""
        return self.finish(self.begin(main, *caller, **options))

    def hear_channels(self) -> list[dict[str, str]]:
        """Return a list that gets the variables of every channel that is made from now on."""
        assert self._switch is not None
        return Ear(self._switch).heard

    def callbacks(self, event_type: str) -> list[dict[str, Any]]:
        """The params of status callbacks of that type, in order."""
        return [body["params"] for body in self.told.bodies if body["event_type"] == event_type]

    def _serve(self, session: Session) -> None:
        call = receive(session)
        call.account_id = ACCOUNT
        document = load(json.dumps(self.documents[call.identity.destination_number]))
        try:
            self.ends[call.uuid] = self.runner.run(call, document, params={})
        except Exception as exc:  # noqa: BLE001 - shown by the test that waits
            self.failures.append(exc)
        finally:
            self._running -= 1
        if self.ends.get(call.uuid, ScriptEnd(How.GONE, "")).how is not How.LEFT:
            hangup(call)
        call.wait_complete(DEADLINE_S)
