"""The load of call control: commands at a constant rate, whatever becomes of them, in a process of its own.

`python -m bench.commanding` reads an Order as JSON from standard input and prints what came of it. Each
command has a moment at which it is due, and its time runs from that moment, also while it waits for a
connection: a server that stalls is measured with all that came due meanwhile (no coordinated omission).
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - gevent comes first
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import wave  # noqa: E402
from base64 import b64encode  # noqa: E402
from collections import Counter, deque  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from io import BytesIO  # noqa: E402
from itertools import count  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from gevent.queue import Queue  # noqa: E402

from bench.report import percentile  # noqa: E402

TIMEOUT_S = 20.0
RECORD_S = 2.0
"""How long each recording lasts."""

MIX = (
    *(["client_state_update"] * 11),
    *(["send_dtmf"] * 4),
    *(["playback_start"] * 3),
    "record_start",
    "record_stop",
)
"""Of twenty commands; every other one bears a command id."""


def _silence() -> str:
    """Return a tenth of a second, in base64."""
    with BytesIO() as file:
        with wave.open(file, "wb") as sound:
            sound.setparams((1, 2, 8000, 800, "NONE", ""))
            sound.writeframes(bytes(1600))
        return b64encode(file.getvalue()).decode()


_BODIES: dict[str, dict[str, Any]] = {
    "client_state_update": {"client_state": "aGF2ZSBhIG5pY2UgZGF5ID1d"},
    "send_dtmf": {"digits": "1w2", "duration_millis": 100},
    "playback_start": {"playback_content": _silence()},
    "record_start": {"format": "wav", "channels": "dual"},
    "record_stop": {},
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent. Attributes: calls: their call control ids; commands: which of MIX there are."""

    host: str
    port: int
    key: str
    calls: list[str]
    commands: list[str]
    rate_per_s: float
    duration_s: float
    connections: int


@dataclass(frozen=True, slots=True)
class Command:
    """One command, ready to be written."""

    name: str
    due_s: float
    request: bytes


class Mix:
    """Makes the commands, spread over all calls; recordings are stopped in the order in which they began."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._names = [name if name in order.commands else MIX[0] for name in MIX]
        self._calls = deque(order.calls)
        self._recorded: deque[tuple[str, float]] = deque()
        self._numbers = count()

    def commands(self, began_s: float) -> Iterator[Command]:
        """Return all of them, in the order in which they are due."""
        for number in range(int(self._order.rate_per_s * self._order.duration_s)):
            due_s = began_s + number / self._order.rate_per_s
            name, call = self._next(self._names[number * 7 % len(self._names)], due_s)
            body = dict(_BODIES[name])
            if number % 2:
                body["command_id"] = f"bench-{next(self._numbers)}"
            yield Command(name, due_s, self._request(name, call, body))

    def _next(self, name: str, now_s: float) -> tuple[str, str]:
        """Return what is sent, and to which call; a recording that cannot be begun or ended yet is not."""
        if name == "record_stop" and self._recorded and self._recorded[0][1] + RECORD_S < now_s:
            call, _ = self._recorded.popleft()
            self._calls.append(call)
            return name, call
        if name == "record_start" and len(self._calls) > 1:
            call = self._calls.popleft()
            self._recorded.append((call, now_s))
            return name, call
        self._calls.rotate(-1)
        return MIX[0] if name.startswith("record") else name, self._calls[0]

    def _request(self, name: str, call: str, body: dict[str, Any]) -> bytes:
        method = "PUT" if name == "client_state_update" else "POST"
        content = json.dumps(body).encode()
        head = (
            f"{method} /v2/calls/{call}/actions/{name} HTTP/1.1\r\n"
            f"Host: {self._order.host}:{self._order.port}\r\n"
            f"Authorization: Bearer {self._order.key}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


class Sender:
    """One connection; kept alive, and made anew when it was closed."""

    def close(self) -> None:
        """Close it."""
        if self._socket is not None:
            self._socket.close()

    def __init__(self, order: Order) -> None:
        self._address = (order.host, order.port)
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> int:
        """Send a request, read its answer to the end and return its status, 0 when there was none."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, TIMEOUT_S)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            return self._answer(self._socket)
        except (OSError, ValueError):
            self._socket = None
            return 0

    def _answer(self, sock: socket.socket) -> int:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = sock.recv(65536)
            if not more:
                raise ConnectionResetError
            data += more
        head = data[:end].lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        while len(data) < end + 4 + length:
            data += sock.recv(65536)
        if b"connection: close" in head:
            sock.close()
            self._socket = None
        return int(data[9:12])


def run(order: Order) -> dict[str, Any]:
    """Send all and return times in seconds from when each was due, and how they were answered."""
    due: Any = Queue()  # of commands, None at the end; gevent's has no types
    times: dict[str, list[float]] = {}
    statuses: Counter[str] = Counter()

    def work() -> None:
        sender = Sender(order)
        while (command := due.get()) is not None:
            status = sender.send(command.request)
            times.setdefault(command.name, []).append(time.monotonic() - command.due_s)
            statuses[f"{command.name} {status}"] += 1
        sender.close()

    workers = [gevent.spawn(work) for _ in range(order.connections)]
    began_s = time.monotonic() + 0.2
    late_s = 0.0
    for command in Mix(order).commands(began_s):
        wait_s = command.due_s - time.monotonic()
        if wait_s > 0:
            gevent.sleep(wait_s)
        late_s = max(late_s, time.monotonic() - command.due_s)
        due.put(command)
    for _ in workers:
        due.put(None)
    gevent.joinall(workers)
    return _report(times, statuses, late_s, time.monotonic() - began_s)


def _report(
    times: dict[str, list[float]], statuses: Counter[str], late_s: float, took_s: float
) -> dict[str, Any]:
    everything = [one for several in times.values() for one in several]
    return {
        "commands": len(everything),
        "took_s": took_s,
        "sent_late_ms": late_s * 1000,  # of the load itself
        "statuses": dict(sorted(statuses.items())),
        "all": _spread(everything),
        **{name: _spread(several) for name, several in sorted(times.items())},
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: percentile(seconds, share) * 1000 for name, share in shares.items()}


if __name__ == "__main__":
    print(json.dumps(run(Order(**json.load(sys.stdin)))))
