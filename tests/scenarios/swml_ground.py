"""One engine on which SWML documents are run, by any way in, and what became of each call.

A switch is reached by a PhoneLine: the simulator's or a real FreeSWITCH's. Everything else is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from callflows.runner import CallReport
from esl.session import Session
from recording.outcome import RecordingOutcome
from recording.recording import Recording
from service.engine import Engine
from service.stage import ACCOUNT, Stage
from storage.names import account_db
from tests.scenarios.scenario import Caller
from tests.scenarios.swml_lines import Phone, PhoneLine, Samples
from tests.service.house import Step, callflow, chain, lay_out
from tests.waiting import eventually

CALL_S = 45.0
FIRST_NUMBER = 8000
TALKS = Caller(says=((0.0, 60.0),))
SILENT = Caller(says=((0.0, 0.0),))


class Talk:
    """One call. Attributes: phone: of its caller; uuid: of the leg that the engine has."""

    def __init__(self, ground: ScriptGround, phone: Phone, uuid: str) -> None:
        self.phone = phone
        self.uuid = uuid
        self._ground = ground

    def wait_recording(self, count: int = 1) -> Recording:
        """Wait until so many recordings of the call have begun, and return the last of them."""

        def begun() -> list[Recording]:
            found = [one for one in self._ground.begun.get(self.uuid, []) if one.wait_started(0)]
            return found if len(found) >= count else []

        return eventually(begun, CALL_S, "a recording that runs")[-1]

    def report(self) -> CallReport:
        """Wait for the call's end, and return what the engine says of it."""
        return eventually(lambda: self._ground.reports.get(self.uuid), CALL_S, "the call's end")

    def outcomes(self) -> list[RecordingOutcome]:
        """Wait for the call's end, then for its recordings'."""
        self.report()
        found = [one.wait_finished(CALL_S) for one in self._ground.begun.get(self.uuid, [])]
        return [one for one in found if one is not None]

    def sound(self) -> tuple[Samples, Samples]:
        """Wait for the call's end, and return what its caller heard, and said."""
        self.report()
        return self.phone.sound()


class ScriptGround:
    """Args: line: of the calls; settings: changes those of the engine."""

    def __init__(
        self, directory: Path, line: PhoneLine, settings: Callable[[Any], Any] = lambda same: same
    ) -> None:
        self.line = line
        self.begun: dict[str, list[Recording]] = {}
        self.reports: dict[str, CallReport] = {}
        self._sessions: dict[str, str] = {}
        self._number = FIRST_NUMBER
        directory.mkdir(exist_ok=True)
        self.stage = Stage(directory, event_socket=line.event_socket, password=line.password)
        lay_out(self.stage)
        self.stage.recordings.chmod(0o777)  # FreeSWITCH may run as another user
        self.stage.write("system_config", "speech", {"default": {"tts_provider": "flite"}})
        dialling = {"profile": "internal", "allow_private_hosts": True}
        self.stage.write("system_config", "dialling", {"default": dialling})
        self.engine = self._engine(settings)
        self.engine.store.create_database(account_db(ACCOUNT))
        self.engine.start()
        assert self.engine.link is not None
        assert self.engine.link.wait_up(10), "no log-in at the switch's event socket"

    def close(self) -> None:
        """Stop the engine."""
        self.engine.stop()

    # -- ways in ------------------------------------------------------------------------------------------

    def run(self, document: Any, *afterwards: Step, caller: Caller = TALKS, **data: Any) -> Talk:
        """Call a number whose callflow runs a document.

        Args: document: as text or object, None with `url`; afterwards: the callflow's actions behind it.
        """
        node = {"document": document, **data} if document is not None else data
        return self.call(caller, flow=chain(("swml", node), *afterwards))

    def call(
        self,
        caller: Caller = TALKS,
        *,
        flow: Mapping[str, Any] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Talk:
        """Place a call. Args: flow: of the number that it dials; variables: of its channel."""
        number, self._number = str(self._number), self._number + 1
        if flow is not None:
            document = {"_id": f"flow{number}", **callflow(number, flow)}
            self.engine.store.save(account_db(ACCOUNT), document)
        chosen = {"callflows_account_id": ACCOUNT, "callflows_number": number, **(variables or {})}
        phone = self.line.ring(number, caller, chosen, self.engine.listener.address[1])
        uuid = eventually(lambda: self._sessions.get(number, ""), CALL_S, "the hand-off")
        return Talk(self, phone, uuid)

    # -- recordings ---------------------------------------------------------------------------------------

    def fetched(self, recording_id: str, extension: str = "wav") -> requests.Response:
        """Get a recording from this engine, as whoever has its URL."""
        return requests.get(self.engine.links.url(recording_id, extension), timeout=10)

    def _engine(self, settings: Callable[[Any], Any]) -> Engine:
        engine = Engine(settings(self.stage.settings()))
        handle, report, begin = engine.listener._handle, engine.runner._on_report, engine.recorder.start

        def handed_over(session: Session) -> None:
            self._sessions[session.channel.variable("callflows_number") or ""] = session.uuid
            handle(session)

        def reported(found: CallReport) -> None:
            self.reports[found.call_id] = found
            if report is not None:
                report(found)

        def start(call: Any, request: Any, **options: Any) -> Recording:
            recording = begin(call, request, **options)
            self.begun.setdefault(call.uuid, []).append(recording)
            return recording

        engine.listener._handle = handed_over
        engine.runner._on_report = reported
        engine.recorder.start = start  # type: ignore[method-assign]
        return engine


def impatient(settings: Any) -> Any:
    """Settings with which what hangs is given up soon."""
    return replace(settings, swml=replace(settings.swml, fetch_timeout_s=1.0, request_timeout_s=1.0))


def bodies(receiver: Any) -> list[dict[str, Any]]:
    """Return what a receiver was sent as JSON, in order."""
    return [json.loads(request.body) for request in receiver.requests if request.body]


def told(logs: list[Any], talk: Talk) -> list[Any]:
    """Return what was said of a call that somebody might look at."""
    return [
        line
        for line in logs
        if line.get("call_id") == talk.uuid and line["log_level"] in {"warning", "error", "critical"}
    ]


def script(*main: Any, **sections: Any) -> dict[str, Any]:
    """Return a document."""
    return {"sections": {"main": list(main), **sections}}
