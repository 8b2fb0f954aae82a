"""`callflows simulate`: a callflow is tried without a phone, and every step told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.service.house import HANGUP, RECORD, STORED, callflow, chain, sleep

Run = Callable[..., Result]


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    """A menu whose choice 1 records; its documents lie beside it."""
    folder = tmp_path / "office"
    folder.mkdir()
    menu = {"pvt_type": "menu", "name": "m", "retries": 1, "timeout": 2000, "max_extension_length": 1}
    tree = {
        "module": "menu",
        "data": {"id": "menu"},
        "children": {"1": chain(RECORD, sleep(0.4), HANGUP), "timeout": chain(("hangup", {}))},
    }
    for name, document in {
        "main": callflow("2000", tree),
        "menu": {**menu, "media": {"greeting": "tone_stream://%(200,0,440)"}},
        "script": [{"at": 0.6, "press": "1"}],
    }.items():
        (tmp_path if name == "script" else folder).joinpath(f"{name}.json").write_text(json.dumps(document))
    return folder / "main.json"


def steps(result: Result) -> list[dict[str, Any]]:
    """Read the lines of --json."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_step_is_a_json_object(run: Run, flow: Path, tmp_path: Path) -> None:
    """What the switch saw and what the engine did, in one order of time, with the delivery at the end."""
    result = run(
        "simulate",
        flow,
        "--to",
        "2000",
        "--script",
        tmp_path / "script.json",
        "--json",
        "--output",
        tmp_path / "kept",
    )
    assert result.exit_code == 0, result.output
    told = steps(result)
    assert all(set(step) == {"at_s", "kind", "detail"} for step in told)
    times = [step["at_s"] for step in told]
    assert times == sorted(times)
    kinds = [step["kind"] for step in told]
    assert {"call", "application", "engine", "far end", "recording", "hangup", "delivery"} <= set(kinds)
    launched = [step["detail"].split()[2] for step in told if step["detail"].startswith("action launched")]
    assert launched == ["action=menu", "action=record_call", "action=sleep", "action=hangup"]
    (delivery,) = [step["detail"] for step in told if step["kind"] == "delivery"]
    assert (tmp_path / "kept" / delivery).stat().st_size > 1000


def test_a_number_nobody_takes_is_exit_code_1(run: Run, flow: Path) -> None:
    """It is said why."""
    result = run("simulate", flow, "--to", "2001")
    assert result.exit_code == 1
    assert "no callflow takes this number" in result.stdout
    assert "404" in result.stdout


def test_a_callflow_without_numbers_is_reached_by_any(run: Run, tmp_path: Path) -> None:
    """A draft can be tried before it has a number."""
    path = tmp_path / "draft" / "x.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"flow": chain(("answer", {}), HANGUP)}))
    assert run("simulate", path, "--to", "77").exit_code == 0


def test_a_folder_of_documents_is_taken_as_it_is(run: Run, tmp_path: Path) -> None:
    """With its own accounts and configuration."""
    for name, document in {
        "account/acme/main": callflow("1", chain(("answer", {}), HANGUP)),
        "system_config/media": STORED,
    }.items():
        path = tmp_path / "docs" / f"{name}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(document))
    assert run("simulate", tmp_path / "docs", "--to", "1", "--account", "acme").exit_code == 0
    assert run("simulate", tmp_path / "docs", "--to", "1", "--account", "other").exit_code == 1


def test_a_call_that_goes_on_is_hung_up(run: Run, tmp_path: Path) -> None:
    """--timeout ends it, and that is a failure."""
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"flow": chain(("answer", {}), sleep(600))}))
    result = run("simulate", path, "--to", "1", "--timeout", "0.5", "--json")
    assert result.exit_code == 1
    assert "timeout" in {step["kind"] for step in steps(result)}


@pytest.mark.parametrize("text", ["{", "[]", '{"numbers": ["1"]}', "5"])
def test_what_is_no_callflow_is_said(run: Run, tmp_path: Path, text: str) -> None:
    """In one line, with the file."""
    path = tmp_path / "x.json"
    path.write_text(text)
    result = run("simulate", path, "--to", "1")
    assert result.exit_code == 1
    assert str(path) in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("text", ["{", '[{"at": 1}]', '{"steps": [{"at": "x", "press": "1"}]}'])
def test_a_bad_script_is_said(run: Run, flow: Path, tmp_path: Path, text: str) -> None:
    """Before any call is made."""
    path = tmp_path / "bad.json"
    path.write_text(text)
    result = run("simulate", flow, "--to", "2000", "--script", path)
    assert result.exit_code == 1
    assert result.stdout == ""


def test_usage(run: Run, flow: Path, tmp_path: Path) -> None:
    """A file that is not there, and a missing number, are wrong usage."""
    assert run("simulate", flow).exit_code == 2
    assert run("simulate", tmp_path / "gone.json", "--to", "1").exit_code == 2
