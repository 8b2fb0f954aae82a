"""The register beside a running service, and after a kill -9 before the first note of a recording."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from service.stage import ACCOUNT, Stage
from simulator.script import Act, Script, Step
from simulator.switch import Switch
from storage.names import account_db
from tests.service.house import RECORD, callflow, chain, lay_out, sleep
from tests.service.service_process import ServiceProcess
from tests.waiting import eventually

CALL_S = 20.0
Run = Callable[..., Result]


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A simulated FreeSWITCH in this process; it outlives the engines."""
    made = Switch().start()
    yield made
    made.stop()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Documents with a callflow that records for as long as the caller stays."""
    made = Stage(tmp_path)
    lay_out(made)
    made.write(account_db(ACCOUNT), "long", callflow("1000", chain(RECORD, ("answer", {}), sleep(600))))
    return made


@pytest.fixture
def serving(stage: Stage, switch: Switch) -> Iterator[Callable[[], ServiceProcess]]:
    """Starts service processes on that stage; all are ended afterwards."""
    started: list[ServiceProcess] = []

    def start() -> ServiceProcess:
        host, port = switch.event_socket
        started.append(ServiceProcess(stage, f"{host}:{port}", run=len(started) + 1))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_recording_whose_engine_was_killed_is_accounted_for(
    serving: Callable[[], ServiceProcess], switch: Switch, stage: Stage, run: Run
) -> None:
    """The audit tells of it while it is live, after the kill, and once the next engine has stored it."""

    def audit() -> tuple[int, dict[str, Any]]:
        result = run(
            "recordings",
            "audit",
            "--json",
            outbox_path=stage.directory / "outbox.sqlite",
            outbox_local_dir=stage.directory / "delivered",
            freeswitch_recordings_dir=stage.recordings,
            documents_url=stage.documents.resolve().as_uri(),
        )
        assert result.stdout, result.output
        return result.exit_code, json.loads(result.stdout)

    engine = serving()
    script = Script().with_steps(Step(Act.SAY, "0.8", at_s=0.1))
    call = switch.place_call("1000", engine=engine.address, script=script)
    engine.wait_log("recording_started")
    eventually(lambda: call.session.call_s >= 1.0)
    code, found = audit()
    assert (code, found["counts"]["live"], found["completeness"]) == (0, 1, None)
    os.kill(engine.process.pid, signal.SIGKILL)
    engine.wait()
    assert call.wait_ended(CALL_S)
    with sqlite3.connect(stage.directory / "outbox.sqlite") as db:  # as if the kill had come sooner
        db.execute("DELETE FROM register")
    db.close()
    code, found = audit()
    assert (code, found["asked_for"], found["orphans"]) == (0, 0, [])  # its manifest tells of it
    again = serving()
    again.wait_log("recording_delivered", timeout_s=40)
    code, found = eventually(lambda: seen if (seen := audit())[1]["counts"]["stored"] else None)
    assert (code, found["asked_for"], found["completeness"], found["gaps"]) == (0, 1, 1.0, 0)
    again.signal(signal.SIGTERM)
    assert again.wait() == 0
