"""One call of a callflow or an SWML document against the simulator, told step by step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import gevent
import structlog

from callflows.own_program import SWML_VARIABLE
from config.errors import CallflowsError
from service.document_findings import YAML
from service.engine import Engine
from service.narrator import hear
from service.stage import ACCOUNT, Stage
from simulator.script import Script
from simulator.simcall import Happening, SimCall
from simulator.switch import Switch
from storage.names import account_db
from swml.validation import validate

Tell = Callable[[float, str, str], None]
"""Told of each step: seconds since the hand-off, what kind, and in words."""

SETTLE_S = 10.0
"""How long the recordings of a call that has ended may take to be delivered."""

TOLD = frozenset(
    {
        "action_launched",
        "callflow_found",
        "call_failed",
        "call_not_taken",
        "method_run",
        "recording_finished",
        "script_ended",
    }
)
"""What the engine's log adds to what the switch saw."""

FAILURES = frozenset({"call_not_taken", "call_failed", "call_refused", "script_not_run"})

ANY_NUMBER = "1000"
"""Dialled where it does not matter: a call that brings its document along."""


class NoCallflow(CallflowsError):
    """FLOW cannot be used."""


class NoNumber(CallflowsError):
    """FLOW has to be dialled, and no number was given."""


ANYWHERE = ("0.0.0.0/0", "::/0")
"""The document is one's own, and so is the host: sounds need no resolver to be named, nor a network."""


class Simulation:
    """Documents laid out below `directory`, an engine and a switch on them.

    Args: flow: a callflow's file, a folder of documents (see the README), or an SWML document; number:
    dialled, "" for any, which only an SWML document can do with; account: of the call, where `flow` is a
    folder. Raises: NoCallflow; NoNumber.
    """

    def __init__(self, directory: Path, flow: Path, number: str = "", account: str = ACCOUNT) -> None:
        self._script = _script_in(flow)
        if self._script is None and not number:
            raise NoNumber("a callflow is found by the number dialled")
        self._number = number or ANY_NUMBER
        directory.mkdir(parents=True, exist_ok=True)
        self._stage = Stage(directory, account=account if flow.is_dir() else ACCOUNT, allow_networks=ANYWHERE)
        if flow.is_dir():
            shutil.copytree(flow, self._stage.documents, dirs_exist_ok=True)
        elif self._script is None:
            self._lay_out(flow)
        else:
            self._lay_out_account()

    def run(self, script: Script, timeout_s: float, tell: Tell) -> bool:
        """Make the call. Returns: whether the engine took it, and it ended in time and without a fault.

        A document with faults is not run: they are told instead.
        """
        if self._script is not None and not _is_in_order(self._script, tell):
            return False
        self._stage.recordings.mkdir(exist_ok=True)
        listener = _Listener(tell)
        listener.listen()
        engine = self._stage.engine()
        switch = Switch(engine=("127.0.0.1", 0), listen=None, on_step=listener.step)
        try:
            engine.start()
            call = switch.start().place_call(
                self._number,
                script=script,
                variables={} if self._script is None else {SWML_VARIABLE: self._script},
                engine=engine.listener.address[:2],
            )
            listener.call = call
            is_over = call.wait_ended(timeout_s)
            if not is_over:
                tell(timeout_s, "timeout", f"the call did not end within {timeout_s:g} s and is hung up")
                call.hang_up()
            engine.drain(1.0)
            self._settle(engine)
        finally:
            engine.stop()
            switch.stop()
        for delivery in self._deliveries():
            tell(call.session.call_s, "delivery", delivery)
        return is_over and listener.is_good

    def _deliveries(self) -> list[str]:
        copies = sorted((self._stage.documents / "account").glob(f"*-{'[0-9]' * 6}/*,*"))
        return [str(path.relative_to(self._stage.directory)) for path in copies]

    def _settle(self, engine: Engine) -> None:
        """Wait until the recordings are finished, and delivered or given up."""
        with gevent.Timeout(SETTLE_S, False):  # noqa: FBT003 - gevent's way to say: without an exception
            while engine.recorder.live or _is_under_way(engine):
                gevent.sleep(0.02)

    def _lay_out(self, flow: Path) -> None:
        database = account_db(ACCOUNT)
        for path in sorted(flow.parent.glob("*.json")):
            document = _read(path)
            if path.samefile(flow):
                document = {"pvt_type": "callflow", **document}
                if not _matches(document):
                    document["numbers"] = [self._number]
                if "flow" not in document:
                    raise NoCallflow(f"{flow}: has no flow; is it a callflow?")
            elif document.get("pvt_type") == "callflow" or "flow" in document:
                document = {**document, "numbers": [], "patterns": []}  # reached by id only
            self._stage.write(database, path.stem, document)
        self._lay_out_account()

    def _lay_out_account(self) -> None:
        self._stage.write("accounts", ACCOUNT, {"pvt_type": "account", "name": ACCOUNT})
        self._stage.write("system_config", "media", {"default": {"store_recordings": True}})


def _script_in(path: Path) -> str | None:
    """Return the SWML document in a file, None when it is none. Raises: NoCallflow."""
    if path.is_dir():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise NoCallflow(f"{path}: {exc}") from exc
    if path.suffix in YAML:
        return text
    document = _read(path)
    return text if "sections" in document and "flow" not in document else None


def _is_in_order(script: str, tell: Tell) -> bool:
    """Tell what is to be said of an SWML document. Returns: whether it can be run."""
    findings = validate(script)
    for finding in findings:
        tell(0.0, "fault" if finding.is_fault else "doubt", str(finding))
    return not any(finding.is_fault for finding in findings)


def _is_under_way(engine: Engine) -> bool:
    counts = engine.outbox.counts()
    return bool(counts.pending or counts.delivering)


def _matches(document: dict[str, Any]) -> bool:
    return bool(document.get("numbers") or document.get("patterns"))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise NoCallflow(f"{path}: {exc}") from exc
    if not isinstance(document, dict):
        raise NoCallflow(f"{path}: is no JSON object")
    return document


class _Listener:
    """Hears the switch and the engine's log, and tells both in their order."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.call: SimCall | None = None
        self.is_good = True

    def listen(self) -> None:
        """Take the engine's log from now on."""
        hear(self)

    def step(self, call: SimCall, happening: Happening) -> None:
        """Tell what the switch saw."""
        self.call = call
        self._tell(happening.at_s, happening.kind, happening.detail)

    def __call__(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> Any:
        """Tell one log entry. Raises: structlog.DropEvent: always, it has been told."""
        name = str(event.get("event"))
        if name in TOLD or method in {"warning", "error", "critical"}:
            left_out = {"event", "call_id", "account_id", "swml_session"}
            facts = " ".join(
                f"{key}={value}" for key, value in event.items() if key not in left_out and value != ""
            )
            self._tell(
                self.call.session.call_s if self.call else 0.0, "engine", f"{name.replace('_', ' ')} {facts}"
            )
        if name in FAILURES or (name == "script_ended" and event.get("how") == "failed"):
            self.is_good = False
        raise structlog.DropEvent
