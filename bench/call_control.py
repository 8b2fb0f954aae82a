"""Measures call control: 500 commands a second on live calls, from a client's request to FreeSWITCH and back.

`callflows serve` has a processor to itself; the simulated FreeSWITCH and the load (bench.commanding) share
the other. The calls come from the switch and are held by the engine's callflow, as calls are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import gevent

from bench.commanding import MIX, Order
from bench.process import Usage, free_port, pin, usage_of
from callcontrol.call_control_id import CallControlId, CallControlIds
from callcontrol.registry import discover
from callcontrol.token import Scope, new_token
from callcontrol.tokens import keep
from esl.link import Link
from service.stage import ACCOUNT, Stage
from storage.names import account_db
from storage.open_store import open_store

NODE = "bench"
SECRET = "of this run alone"
NUMBER = "1000"
START_S = 30.0
WARM_UP_S = 2.0
LOAD_S = 120.0
LAG = "callflows_hub_lag_seconds_bucket"


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard. Attributes: calls: live ones; connections: kept alive, as many clients would."""

    calls: int = 200
    rate_per_s: float = 500.0
    duration_s: float = 10.0
    connections: int = 24


@dataclass(frozen=True, slots=True)
class CommandFigures:
    """What was measured; units are in the names.

    Attributes: failed: commands that were not answered with 200; lag_ms: the event loop was never later than
    this (an upper bound of the metric's); cpu_share: of the service's one processor.
    """

    calls: int
    rate_per_s: float
    commands: int
    failed: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_ms_per_command: float
    cpu_share: float
    lag_ms: float
    sent_late_ms: float
    by_command: dict[str, dict[str, float]]
    statuses: dict[str, int]


class Service:
    """`callflows serve` on a processor of its own. Args: directory: empty; switch: event socket's port."""

    def __init__(self, directory: Path, switch: int) -> None:
        self.stage = Stage(directory)
        self.stage.recordings.mkdir()
        self.stage.write("accounts", ACCOUNT, {"pvt_type": "account", "name": ACCOUNT})
        wait = {"module": "sleep", "data": {"duration": 600}, "children": {}}
        flow = {"module": "answer", "data": {}, "children": {"_": wait}}
        self.stage.write(
            account_db(ACCOUNT), "main", {"pvt_type": "callflow", "numbers": [NUMBER], "flow": flow}
        )
        self.key, kept = new_token(ACCOUNT, [Scope.ADMIN])
        store = open_store(self.stage.documents.as_uri(), cache=False)
        keep(store, kept)
        store.close()
        self.port, self.calls_port = free_port(), free_port()
        self._settings = {
            "CALLFLOWS_FREESWITCH_LISTEN": f"127.0.0.1:{self.calls_port}",
            "CALLFLOWS_FREESWITCH_EVENT_SOCKET": f"127.0.0.1:{switch}",
            "CALLFLOWS_FREESWITCH_PASSWORD": "ClueCon",
            "CALLFLOWS_FREESWITCH_NODE": NODE,
            "CALLFLOWS_FREESWITCH_RECORDINGS_DIR": str(self.stage.recordings),
            "CALLFLOWS_DOCUMENTS_URL": self.stage.documents.as_uri(),
            "CALLFLOWS_DOCUMENTS_DEFAULT_ACCOUNT": ACCOUNT,
            "CALLFLOWS_OUTBOX_PATH": str(directory / "outbox.sqlite"),
            "CALLFLOWS_HTTP_LISTEN": f"127.0.0.1:{self.port}",
            "CALLFLOWS_HTTP_SECRET": SECRET,
            "CALLFLOWS_CALLCONTROL_RATE_PER_S": "0",
            "CALLFLOWS_SERVICE_DRAIN_TIMEOUT_S": "0",
        }

    @contextmanager
    def running(self) -> Iterator[int]:
        """Run it; gives its process id once it is healthy."""
        command = [sys.executable, "-m", "service", "serve"]
        with (self.stage.directory / "serve.log").open("wb") as log:
            process = subprocess.Popen(command, env={**os.environ, **self._settings}, stderr=log)
        pin(process.pid, 0)
        try:
            self._wait_healthy(process)
            yield process.pid
        finally:
            process.terminate()
            process.wait()

    def _wait_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline_s = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline_s:
            try:
                self.page("/healthz")
            except OSError:
                time.sleep(0.1)
            else:
                return
        told = (self.stage.directory / "serve.log").read_text(encoding="utf-8")
        raise RuntimeError(f"the service did not come up: {told[-2000:]}")

    def page(self, path: str) -> str:
        """Ask for a page. Raises: OSError."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    def lags(self) -> dict[float, float]:
        """Return how often the event loop was late by so many seconds at most."""
        lines = [line for line in self.page("/metrics").splitlines() if line.startswith(LAG)]
        return {float(line.split('"')[1]): float(line.rsplit(" ", 1)[1]) for line in lines}


@contextmanager
def _switch(port: int, engine: int) -> Iterator[None]:
    """A simulated FreeSWITCH as a process of its own."""
    addresses = ["--listen", f"127.0.0.1:{port}", "--engine", f"127.0.0.1:{engine}"]
    process = subprocess.Popen([sys.executable, "-m", "simulator", *addresses], stdout=subprocess.DEVNULL)
    pin(process.pid, (os.cpu_count() or 1) - 1)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(plan: Plan) -> CommandFigures:
    """Start all, let the calls begin, send the commands."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callflows-bench-")))
        port = free_port()
        service = Service(directory, port)
        stack.enter_context(_switch(port, service.calls_port))
        pid = stack.enter_context(service.running())
        ids = CallControlIds(SECRET.encode())
        calls = [ids.text(CallControlId(ACCOUNT, NODE, uuid)) for uuid in _place_calls(port, plan.calls)]
        commands = sorted(set(MIX) & set(discover()))
        order = Order(
            "127.0.0.1",
            service.port,
            service.key,
            calls,
            commands,
            plan.rate_per_s,
            WARM_UP_S,
            plan.connections,
        )
        _load(order)
        lags, before, began_s = service.lags(), usage_of(pid), time.monotonic()
        told = _load(Order(**{**asdict(order), "duration_s": plan.duration_s}))
        after, took_s = usage_of(pid), time.monotonic() - began_s
        return _figures(plan, told, before, after, took_s, _lag_ms(lags, service.lags()))


def _place_calls(port: int, count: int) -> list[str]:
    """Have the switch call the engine; return the callers' legs once all are up."""
    link = Link(
        "127.0.0.1",
        port,
        "ClueCon",
        events=["CHANNEL_ANSWER"],
        on_event=lambda _: None,
        on_gap=lambda *_: None,
        on_up=lambda: None,
    )
    link.start()
    assert link.wait_up(START_S), "the switch did not come up"
    uuids = [f"be7c4000-0000-4000-8000-{number:012x}" for number in range(count)]

    def place(uuid: str) -> None:
        link.bgapi("originate", f"{{origination_uuid={uuid}}}loopback/{NUMBER}/default &park", START_S)

    gevent.joinall([gevent.spawn(place, uuid) for uuid in uuids], raise_error=True)
    link.stop()
    return uuids


def _load(order: Order) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.commanding"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pin(process.pid, (os.cpu_count() or 1) - 1)
    output, _ = process.communicate(json.dumps(asdict(order)), timeout=LOAD_S)
    told: dict[str, Any] = json.loads(output)
    return told


def _figures(
    plan: Plan, told: dict[str, Any], before: Usage, after: Usage, took_s: float, lag_ms: float
) -> CommandFigures:
    cpu_s = after.cpu_s - before.cpu_s
    return CommandFigures(
        calls=plan.calls,
        rate_per_s=plan.rate_per_s,
        commands=told["commands"],
        failed=sum(count for status, count in told["statuses"].items() if not status.endswith(" 200")),
        p50_ms=told["all"]["p50"],
        p99_ms=told["all"]["p99"],
        max_ms=told["all"]["max"],
        cpu_ms_per_command=cpu_s * 1000 / told["commands"],
        cpu_share=cpu_s / took_s,
        lag_ms=lag_ms,
        sent_late_ms=told["sent_late_ms"],
        by_command={name: told[name] for name in dict.fromkeys(MIX) if name in told},
        statuses=told["statuses"],
    )


def _lag_ms(before: dict[float, float], after: dict[float, float]) -> float:
    """Return the least bound of the metric that no wake-up between two looks was beyond."""
    total = after[float("inf")] - before[float("inf")]
    return 1000 * min(bound for bound in after if after[bound] - before[bound] >= total)
