"""`callflows serve` as a process of its own, seen through its log, its pages and its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

import service
from service.stage import Stage
from tests.waiting import eventually

ROOT = Path(service.__path__[0]).parent
START_S = 20.0


def free_ports(count: int) -> range:
    """Return so many adjacent ports nobody listens on at the moment."""
    while True:
        with contextlib.ExitStack() as stack:
            first = 0
            with contextlib.suppress(OSError, OverflowError):
                for offset in range(count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", first + offset if offset else 0))
                    first = first or int(probe.getsockname()[1])
                return range(first, first + count)


class ServiceProcess:
    """One run. Args: stage: its documents and files; event_socket: of the switch; processes: see the setting;
    port, http_port: 0 for any; own_port: see the setting.
    """

    def __init__(
        self,
        stage: Stage,
        event_socket: str = "",
        *,
        processes: int = 1,
        port: int = 0,
        http_port: int = 0,
        own_port: int = 0,
        run: int = 1,
    ) -> None:
        settings = stage.directory / f"settings{run}.toml"
        settings.write_text(
            "\n".join(
                [
                    "[freeswitch]",
                    f'listen = "127.0.0.1:{port}"',
                    f'event_socket = "{event_socket}"',
                    f'recordings_dir = "{stage.recordings}"',
                    "[documents]",
                    f'url = "{stage.documents.resolve().as_uri()}"',
                    f'default_account = "{stage.account}"',
                    "[outbox]",
                    f'path = "{stage.directory / "outbox.sqlite"}"',
                    f'local_dir = "{stage.directory / "delivered"}"',
                    'allow_networks = ["127.0.0.0/8"]',
                    "[http]",
                    f'listen = "127.0.0.1:{http_port}"',
                    f"own_port = {own_port}",
                    "[service]",
                    f"processes = {processes}",
                    "drain_timeout_s = 60",
                    "",
                ]
            ),
            encoding="utf-8",
        )
        self._log = stage.directory / f"serve{run}.log"
        command = [sys.executable, "-m", "service", "serve", "--settings", str(settings)]
        with self._log.open("wb") as log:
            environment = {key: value for key, value in os.environ.items() if "CALLFLOWS_" not in key}
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)

    def log(self, event: str) -> list[dict[str, Any]]:
        """Return the log's entries of that name so far."""
        found = []
        for line in self._log.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n") and line.startswith("{"):
                entry = json.loads(line)
                if entry["event"] == event:
                    found.append(entry)
        return found

    def wait_log(self, event: str, count: int = 1, timeout_s: float = START_S) -> list[dict[str, Any]]:
        """Wait for so many entries."""

        def logged() -> list[dict[str, Any]]:
            found = self.log(event)
            assert len(found) >= count or self.process.poll() is None, f"it has ended: {self.text}"
            return found if len(found) >= count else []

        try:
            return eventually(logged, timeout_s, f"{event} in the log")
        except AssertionError as exc:
            exc.add_note(self.text[-4000:])
            raise

    @property
    def text(self) -> str:
        """All that was written to standard error."""
        return self._log.read_text(encoding="utf-8")

    @property
    def address(self) -> tuple[str, int]:
        """Where it takes calls."""
        (entry, *_) = self.wait_log("engine_started")
        return entry["host"], entry["port"]

    def get(self, path: str, index: int = 0) -> requests.Response:
        """Ask one of its pages."""
        entry = self.wait_log("http_listening", index + 1)[index]
        return self.get_at(entry["port"], path)

    @staticmethod
    def get_at(port: int, path: str) -> requests.Response:
        """Ask for a page at a port of this host."""
        return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5)

    def signal(self, signum: int) -> None:
        """Send a signal."""
        self.process.send_signal(signum)

    def wait(self, timeout_s: float = 30.0) -> int:
        """Wait for its end and return the exit code."""
        return self.process.wait(timeout_s)

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
