"""`callflows serve` as it runs in production: started, killed without a word, started again.

A supervisor starts its engine processes in sessions of their own, so a kill goes to each process by its id.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.stage import Stage
from tests.crash.switches import ROOT, SwitchPlace
from tests.waiting import eventually

START_S, STOP_S = 30.0, 60.0
STARTED = b"engine_started"


@dataclass(slots=True)
class Engines:
    """One `serve` at a time, of one process or two.

    Attributes: documents_url, account: where the callflows are; log: everything all of them wrote.
    """

    stage: Stage
    place: SwitchPlace
    documents_url: str
    account: str
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    down_s: float = 0.0
    _down_since_s: float = field(default_factory=time.monotonic)
    _log_began: int = 0

    @property
    def log(self) -> Path:
        """The file of all their logs."""
        return self.stage.directory / "engines.log"

    @property
    def outbox(self) -> Path:
        """The outbox's file."""
        return self.stage.directory / "outbox.sqlite"

    def start(self, processes: int) -> None:
        """Start one."""
        settings = self.settings(processes)
        command = [sys.executable, "-m", "service", "serve", "--settings", str(settings)]
        environment = {key: value for key, value in os.environ.items() if "CALLFLOWS_" not in key}
        with self.log.open("ab") as log:
            self._log_began = log.tell()
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stderr=log, start_new_session=True
            )
        self.starts += 1
        self.down_s += time.monotonic() - self._down_since_s

    def wait_started(self) -> None:
        """Wait until the one started last takes calls. Raises: AssertionError: it does not."""
        eventually(lambda: STARTED in self._log_of_this(), START_S, "the engine's start")

    def settings(self, processes: int) -> Path:
        """Write the settings of an engine of so many processes and return their file."""
        path = self.stage.directory / f"settings{processes}.toml"
        address = self.place.address
        lines = [
            "[freeswitch]",
            f'listen = "127.0.0.1:{self.place.engine_port}"',
            f'event_socket = "{address.host}:{address.port}"',
            f'password = "{self.place.password}"',
            f'recordings_dir = "{self.stage.recordings}"',
            f'node = "{self.account}"',
            "[documents]",
            f'url = "{self.documents_url}"',
            f'default_account = "{self.account}"',
            "[outbox]",
            f'path = "{self.outbox}"',
            f'local_dir = "{self.stage.directory / "delivered"}"',
            'allow_networks = ["127.0.0.0/8"]',
            "max_backoff_s = 2",
            "[http]",
            'listen = ""',
            "[service]",
            f"processes = {processes}",
            "drain_timeout_s = 20",
            "",
        ]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def kill(self) -> None:
        """Kill all of its processes at one blow."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGSTOP)  # or it would start another in between
        for pid in [*_children(self.process.pid), self.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._down_since_s = time.monotonic()

    def kill_worker(self, chance: random.Random) -> bool:
        """Kill one of several processes; False when there is none to choose from."""
        assert self.process is not None
        workers = list(_children(self.process.pid))
        if not workers:
            return False
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
        return True

    def stop(self) -> int:
        """Stop it as an operator would. Returns: its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return -1
        self._down_since_s = time.monotonic()
        return code

    def close(self) -> None:
        """Leave nothing running."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def _log_of_this(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(self._log_began)
            return log.read()

    def lines_about(self, text: str, most: int = 40) -> list[str]:
        """Return what the logs say about something."""
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return [line.rstrip() for line in log if text in line][-most:]


def _children(pid: int) -> Iterator[int]:
    """Yield the processes that one has started. Source: proc(5), /proc/pid/stat field 4."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                if int(stat.rsplit(")", 1)[-1].split()[1]) == pid:
                    yield int(entry.name)
