"""Load mode: real conversations, measured; and its command line."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from simulator import load
from simulator.load import LoadOptions, distribution, run_load
from simulator.load_template import LoadTemplate
from simulator.wire import encode

COMMANDS = (
    ("answer", "", False),
    ("record_session", "{path}.wav +9 {{id=4}}", False),
    ("set", "a=1", True),
    ("playback", "/x.wav", True),
    ("play_and_get_digits", r"1 1 1 1000 # /x.wav /y.wav pin \d", True),
    ("sleep", "20", True),
    ("stop_record_session", "all", False),
)


class Engine:
    """Takes every call, runs the commands, hangs up or waits; keeps all bytes it got."""

    def __init__(self, directory: Path, *, hangs_up: bool, style: str = "plain") -> None:
        self.got: list[bytes] = []
        self._directory, self._hangs_up, self._style = directory, hangs_up, style
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = self._server.getsockname()[:2]
        self._task = gevent.spawn(self._accept)

    def _accept(self) -> None:
        while True:
            sock, _ = self._server.accept()
            gevent.spawn(self._serve, sock, len(self.got))
            self.got.append(b"")

    def _serve(self, sock: socket.socket, number: int) -> None:
        lines = [
            "connect",
            "linger 2",
            f"event {self._style} ALL",
            "filter Unique-ID x",
            "api uuid_exists x",
            "bgapi x",
        ]
        for app, data, lock in COMMANDS:
            text = data.format(path=self._directory / str(number))
            lines.append(f"sendmsg\ncall-command: execute\nexecute-app-name: {app}\nexecute-app-arg: {text}")
            lines[-1] += "\nevent-lock: true" if lock else ""
        if self._hangs_up:
            lines.append("sendmsg\ncall-command: execute\nexecute-app-name: hangup")
        sock.sendall("".join(f"{line}\n\n" for line in lines).encode())
        while data := sock.recv(65_536):
            self.got[number] += data
            if b"HANGUP_COMPLETE" in data:
                sock.sendall(b"exit\n\n")
        sock.close()

    def close(self) -> None:
        """Take no more."""
        self._task.kill()
        self._server.close()


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    """Engines to close at the end."""
    opened: list[Engine] = []
    yield opened
    for engine in opened:
        engine.close()


def options(engine: Engine, **more: object) -> LoadOptions:
    """A small load."""
    values: dict[str, object] = {"calls": 5, "rate": 100, "hold_s": 5, "prompt_s": 0.05, "linger_s": 1} | more
    return LoadOptions(engine.address, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("style", ["plain", "json"])
def test_every_call_ends_well(engines: list[Engine], tmp_path: Path, style: str) -> None:
    """All events of the applications come, times are measured, files are written."""
    engines.append(Engine(tmp_path, hangs_up=True, style=style))
    report = run_load(options(engines[0], files=True))
    assert (report["finished"], report["failures"]) == (5, {})
    text = engines[0].got[0].decode()
    for name in ("CHANNEL_ANSWER", "RECORD_START", "PLAYBACK_STOP", "RECORD_STOP", "CHANNEL_HANGUP_COMPLETE"):
        assert name in text
    assert "Recording-Variable-id" in text
    assert (tmp_path / "0.wav").stat().st_size > 44
    accept = report["accept_ms"]
    assert isinstance(accept, dict)
    assert accept["count"] == 5


def test_the_caller_hangs_up(engines: list[Engine], tmp_path: Path) -> None:
    """After `hold_s` the call ends by itself."""
    engines.append(Engine(tmp_path, hangs_up=False))
    report = run_load(options(engines[0], hold_s=0.4, calls=2))
    assert report["finished"] == 2
    assert b"CHANNEL_HANGUP_COMPLETE" in engines[0].got[1]


def test_an_engine_that_leaves_is_a_failure() -> None:
    """A connection that closes while the call is up, and one that never comes about."""
    server = socket.create_server(("127.0.0.1", 0))

    def leave() -> None:
        server.accept()[0].close()

    task = gevent.spawn(leave)
    report = run_load(LoadOptions(server.getsockname()[:2], 1, 10, 1))
    assert list(report["failures"]) == ["the engine left while the call was up"]  # type: ignore[call-overload]
    task.join()
    server.close()
    report = run_load(LoadOptions(("127.0.0.1", 1), 1, 10, 1))
    assert report["finished"] == 0


def test_sizes_are_those_of_a_real_call() -> None:
    """About 200 headers and 10 KB for connect, 3 KB an event."""
    template = LoadTemplate("1000", "4930", ("127.0.0.1", 8084), "abc")
    answer = template.connect(b"u" * 36)
    assert (answer.count(b"\n"), 9_000 < len(answer) < 11_000) == (201, True)
    assert (
        2_500
        < len(template.event(b"u" * 36, "CHANNEL_EXECUTE", "answered", [("Application", "set")]))
        < 3_600
    )
    assert b"variable_callflows_account_id: abc" in answer
    assert encode("u" * 36).encode() in answer


def test_distribution() -> None:
    """Percentiles in milliseconds."""
    assert distribution([]) == {"count": 0}
    assert distribution([0.001 * number for number in range(1, 101)])["p95"] == 96.0


def test_command_line(engines: list[Engine], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints one object; the exit code says whether all went well."""
    engines.append(Engine(tmp_path, hangs_up=True))
    host, port = engines[0].address
    arguments = [
        "--target",
        f"{host}:{port}",
        "--calls",
        "1",
        "--rate",
        "9",
        "--hold",
        "3",
        "--prompt",
        "0.05",
    ]
    assert load.main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["finished"] == 1
    assert load.main(["--target", "127.0.0.1:1", "--calls", "1", "--hold", "1"]) == 1
    assert "failures" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        load.main(["--target", "nonsense"])


def test_no_thread_is_left() -> None:
    """Load mode runs on greenlets alone."""
    assert threading.active_count() < 20
