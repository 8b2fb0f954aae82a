"""The stand-in as a process."""

from __future__ import annotations

import argparse
import json
import socket
from pathlib import Path

import gevent
import pytest

from simulator.__main__ import main
from simulator.address import read_address


def test_a_call_is_placed_and_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """--call hands a call over, prints its story, and ends with it."""
    server = socket.create_server(("127.0.0.1", 0))

    def engine() -> None:
        sock, _ = server.accept()
        sock.sendall(b"connect\n\nsendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n")
        while sock.recv(65_536):
            pass
        sock.close()

    task = gevent.spawn(engine)
    script = tmp_path / "s.json"
    script.write_text(json.dumps([{"at": 0, "say": 1}]))
    port = server.getsockname()[1]
    arguments = ["--listen", "127.0.0.1:0", "--engine", f"127.0.0.1:{port}", "--script", str(script)]
    assert main([*arguments, "--call", "1000"]) == 0
    task.join()
    server.close()
    out = capsys.readouterr().out
    assert "dials 1000" in out
    assert "USER_BUSY" in out


def test_nobody_takes_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1."""
    assert main(["--listen", "127.0.0.1:0", "--engine", "127.0.0.1:1", "--call", "1000"]) == 1
    assert "nobody answers" in capsys.readouterr().out


def test_a_bad_script_names_its_faults(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 2 and one line a fault."""
    (tmp_path / "s.json").write_text('{"to": 1}')
    assert main(["--script", str(tmp_path / "s.json")]) == 2
    assert capsys.readouterr().err == "to: must be a text\n"


@pytest.mark.parametrize(("text", "address"), [("a:1", ("a", 1)), ("[::1]:8021", ("::1", 8021))])
def test_addresses(text: str, address: tuple[str, int]) -> None:
    """host:port."""
    assert read_address(text) == address


@pytest.mark.parametrize("text", ["", "a", "a:", ":1", "a:b", "a:70000"])
def test_no_addresses(text: str) -> None:
    """Everything else is refused."""
    with pytest.raises(argparse.ArgumentTypeError):
        read_address(text)
