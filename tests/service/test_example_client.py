"""The example of a client program, as docs/call-control.md has it: keys by the command, its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from service.stage import Stage
from simulator.script import Script
from simulator.switch import Switch
from storage.names import account_db
from tests.service.house import lay_out
from tests.service.service_process import ServiceProcess, free_ports
from tests.waiting import eventually

EXAMPLE = Path(__file__).parents[2] / "examples" / "call_control"

pytestmark = pytest.mark.timeout(60)


def test_the_example_answers_records_and_hangs_up(run: Callable[..., Result], tmp_path: Path) -> None:
    """Every webhook that it takes is signed, or it would do nothing."""
    engine_port, http_port, hooks_port, switch_port = free_ports(4)
    stage = Stage(tmp_path)
    lay_out(stage)
    connection = (EXAMPLE / "my-app.json").read_text(encoding="utf-8").replace("9090", str(hooks_port))
    stage.write(account_db(stage.account), "my-app", json.loads(connection))
    switch = Switch(("127.0.0.1", engine_port), listen=("127.0.0.1", switch_port)).start()
    engine = ServiceProcess(stage, f"127.0.0.1:{switch_port}", port=engine_port, http_port=http_port)
    try:
        engine.wait_log("link_up", 2)
        settings = ("--settings", stage.directory / "settings1.toml")
        scopes = ("--scope", "control", "--scope", "record", "--scope", "listen")
        added = run("tokens", "add", "--account", stage.account, *scopes, *settings)
        environment = {
            "TELNYX_API_KEY": added.stdout.split()[0],
            "TELNYX_PUBLIC_KEY": run("tokens", "key", *settings).stdout.strip(),
            "TELNYX_BASE_URL": f"http://127.0.0.1:{http_port}/v2",
        }
        told = tmp_path / "client.txt"
        with told.open("w") as out:
            command = [sys.executable, str(EXAMPLE / "answer_and_record.py"), str(hooks_port)]
            client = subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=out)
        try:
            call = switch.place_call("+15551230000", script=Script())
            url = eventually(
                lambda: [line for line in told.read_text().split() if "://" in line], 30, "a URL"
            )
            assert engine.get(url[0].partition(str(http_port))[2]).headers["Content-Type"] == "audio/mpeg"
        finally:
            client.kill()
            client.wait()
        assert call.wait_ended(5)
        assert [line for line in told.read_text().split() if line.startswith("call.")] == [
            "call.initiated",
            "call.answered",
            "call.speak.started",
            "call.speak.ended",
            "call.hangup",
            "call.recording.saved",
        ]
    finally:
        engine.close()
        switch.stop()
