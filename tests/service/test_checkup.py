"""`callflows check` tries every part for real, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from service import checkup
from service.receiver import Receiver
from service.stage import Stage
from simulator.switch import Switch
from tests.service.house import STORED, lay_out

Run = Callable[..., Result]


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A simulated FreeSWITCH."""
    made = Switch().start()
    yield made
    made.stop()


@pytest.fixture
def check(run: Run, switch: Switch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `callflows check` on a stage; keyword arguments change its settings."""
    monkeypatch.setattr(checkup, "LINK_TIMEOUT_S", 1.0)
    stage = Stage(tmp_path)
    lay_out(stage, STORED)
    host, port = switch.event_socket
    settings = {
        "freeswitch_event_socket": f"{host}:{port}",
        "freeswitch_recordings_dir": stage.recordings,
        "documents_url": stage.documents.as_uri(),
        "documents_default_account": "demo",
        "outbox_path": tmp_path / "outbox.sqlite",
        "outbox_local_dir": tmp_path / "delivered",
        "outbox_allow_networks": "127.0.0.0/8",
    }
    return lambda *arguments, **changes: run("check", *arguments, **{**settings, **changes})


def parts(result: Result) -> dict[str, tuple[str, str]]:
    """Return state and detail of each part."""
    rows = [(line[:4].strip(), line[6:22].strip(), line[23:]) for line in result.stdout.splitlines()]
    return {part: (state, detail) for state, part, detail in rows}


def test_everything_is_in_order(check: Run, tmp_path: Path) -> None:
    """A line for each part, and exit code 0; the synthetic recording is gone again."""
    result = check()
    assert result.exit_code == 0, result.output
    assert {part: state for part, (state, _) in parts(result).items()} == dict.fromkeys(
        (
            "freeswitch",
            "modules",
            "applications",
            "recordings_dir",
            "disk",
            "documents",
            "local store",
            "outbox",
            "links",
        ),
        "ok",
    )
    assert list((tmp_path / "recordings").iterdir()) == []
    left = [path for path in (tmp_path / "documents" / "account").rglob("*") if path.is_file()]
    assert [path for path in left if not path.name.startswith(".")] == []


def test_a_wrong_password_fails_that_part_only(check: Run) -> None:
    """The others are tried all the same."""
    result = check(freeswitch_password="sesame")
    assert result.exit_code == 1
    found = parts(result)
    assert found["freeswitch"][0] == "FAIL"
    assert found["documents"][0] == found["outbox"][0] == "ok"
    assert "sesame" not in result.output


def test_a_switch_that_is_not_there_fails(check: Run, switch: Switch) -> None:
    """It is said where it was looked for."""
    switch.die()
    result = check()
    assert result.exit_code == 1
    state, detail = parts(result)["freeswitch"]
    assert state == "FAIL"
    assert str(switch.event_socket[1]) in detail


def test_no_event_socket_is_no_fault(check: Run) -> None:
    """Then only hand-offs are served."""
    assert parts(check(freeswitch_event_socket=""))["freeswitch"][0] == "ok"


def test_a_directory_that_cannot_be_written_fails(check: Run, tmp_path: Path) -> None:
    """As one that is not there, or a file in its place (permissions do not stop everybody)."""
    (tmp_path / "file").write_text("")
    for directory in (tmp_path / "gone", tmp_path / "file"):
        result = check(freeswitch_recordings_dir=directory)
        assert result.exit_code == 1
        state, detail = parts(result)["recordings_dir"]
        assert state == "FAIL"
        assert str(directory) in detail


def test_a_store_that_is_away_fails(check: Run, tmp_path: Path) -> None:
    """In a line of its own, without a traceback."""
    result = check(documents_url=(tmp_path / "gone").as_uri())
    assert result.exit_code == 1
    assert parts(result)["documents"][0] == "FAIL"
    assert "Traceback" not in result.output


def test_an_outbox_that_cannot_be_opened_fails(check: Run, tmp_path: Path) -> None:
    """A file that is no outbox is not overwritten."""
    path = tmp_path / "text.sqlite"
    path.write_text("this is no database, and long enough to be told from an empty one" * 20)
    before = path.read_text()
    result = check(outbox_path=path)
    assert result.exit_code == 1
    assert parts(result)["outbox"][0] == "FAIL"
    assert path.read_text() == before


def test_a_url_gets_a_synthetic_recording(check: Run, tmp_path: Path) -> None:
    """It arrives; a place that may not be reached fails."""
    receiver = Receiver(tmp_path / "received")
    receiver.start()
    result = check("--url", receiver.url, "--url", "http://10.0.0.1/x")
    receiver.stop()
    assert result.exit_code == 1
    states = [line[:4].strip() for line in result.stdout.splitlines() if line[5:].startswith(" http:")]
    assert states == ["ok", "FAIL"]
    assert len(receiver.received) == 1
    assert receiver.received[0].read_bytes()[:4] == b"RIFF"


def test_without_storing_the_local_store_is_not_tried(check: Run, tmp_path: Path) -> None:
    """It is said which setting leaves it out."""
    path = tmp_path / "documents" / "system_config" / "media.json"
    path.write_text(json.dumps({"default": {"store_recordings": False}}))
    assert "store_recordings is false" in parts(check())["local store"][1]
