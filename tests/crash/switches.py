"""The FreeSWITCH beside the engines, never killed: the simulator in a process of its own, or a real one.

Both are spoken to over the event socket alone, and both are given calls by `originate`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import service
from config.address import Address
from service.demo import write_speech
from tests.crash.plan import OUTLIVING

ROOT = Path(service.__path__[0]).parent
PASSWORD = "ClueCon"
ALONE_MS = 2500
"""How long a call goes on whose engine died, where the dialplan has something left for it."""


@dataclass(frozen=True, slots=True)
class SwitchPlace:
    """A switch that runs. `engine_port`: where it hands calls over; `voice`: a file, None: simulated."""

    address: Address
    password: str
    engine_port: int
    voice: Path | None = None

    def originate(self, number: str, uuid: str) -> str:
        """Return the argument of the `originate` that hands a call for a number to the engine."""
        variables = {
            "origination_uuid": uuid,
            "origination_caller_id_number": "15551234567",
            "callflows_number": number,
            "socket_resume": str(number.startswith(OUTLIVING)).lower(),
        }
        braces = ",".join(f"{name}={value}" for name, value in variables.items())
        if self.voice is None:
            return f"{{{braces}}}loopback/{number}/default &park()"
        applications = f"m:^:socket:127.0.0.1:{self.engine_port} async full"  # ^ goes between applications
        if number.startswith(OUTLIVING):
            applications += f"^sleep:{ALONE_MS}"
        return f"{{{braces}}}loopback/'{applications}'/default/inline &playback({self.voice})"


@contextmanager
def simulated(directory: Path, port: int, engine_port: int) -> Iterator[SwitchPlace]:
    """Run the simulator in a process of its own; it is stopped at the end."""
    hand_off = ["socket", f"127.0.0.1:{engine_port} async full"]
    script = directory / "script.json"
    script.write_text(
        json.dumps(
            {
                "steps": [{"at": 0, "say": 10}],
                "extensions": {f"{OUTLIVING}*": [hand_off, ["sleep", str(ALONE_MS)]]},
            }
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "simulator", "--script", str(script), "--password", PASSWORD]
    command += ["--listen", f"127.0.0.1:{port}", "--engine", f"127.0.0.1:{engine_port}"]
    with (directory / "switch.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        yield SwitchPlace(Address("127.0.0.1", port), PASSWORD, engine_port)
    finally:
        process.terminate()
        process.wait(10)


def real(directory: Path, address: Address, password: str, engine_port: int) -> SwitchPlace:
    """Return a FreeSWITCH that runs on this host already."""
    voice = write_speech(directory / "caller.wav")
    return SwitchPlace(address, password, engine_port, voice)
