"""`callflows explain-recording`: the answer for people and as JSON, and the exit code that goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from storage.folder import FolderStore

Run = Callable[..., Result]
Explain = Callable[..., Result]

STORED = {"default": {"store_recordings": True}}


def save(root: Path, database: str, doc_id: str, document: dict[str, Any]) -> None:
    """Write a document into the folder."""
    store = FolderStore(root)
    try:
        store.create_database(database)
        store.save(database, {"_id": doc_id, **document})
    finally:
        store.close()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with an account, a device, and a callflow that records."""
    root = tmp_path / "documents"
    root.mkdir()
    save(root, "accounts", "demo", {"pvt_type": "account"})
    save(root, "account/demo", "d", {"pvt_type": "device"})
    flow = {"module": "record_call", "data": {"action": "start"}, "children": {}}
    save(root, "account/demo", "main", {"pvt_type": "callflow", "numbers": ["1000"], "flow": flow})
    save(root, "system_config", "media", STORED)
    return root


@pytest.fixture
def explain(run: Run, documents: Path, tmp_path: Path) -> Explain:
    """Runs the command on that folder."""

    def invoke(*arguments: object, **settings: object) -> Result:
        return run(
            "explain-recording",
            *arguments,
            documents_url=documents.as_uri(),
            documents_default_account="demo",
            outbox_path=tmp_path / "outbox.sqlite",
            outbox_local_dir=tmp_path / "delivered",
            freeswitch_recordings_dir=tmp_path / "recordings",
            **settings,
        )

    return invoke


def test_a_call_that_is_recorded_and_stored_is_fine(explain: Explain) -> None:
    """Exit code 0, and everything is said."""
    result = explain("--number", "1000")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("The call would be recorded.\n")
    for line in (
        "Recording 1: by record_call",
        "  said by            main flow",
        "  stored             local: media.store_recordings is on",
        "Not otherwise, because:",
    ):
        assert line in result.stdout
    assert "media.max_recording_time_limit (built-in default)" in result.stdout


def test_the_answer_as_json(explain: Explain) -> None:
    """One object, the same facts."""
    result = explain("--number", "1000", "--json", "--device", "d", "--from", "+13035550100")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["recorded"] == "yes"
    assert answer["call"]["calling endpoint"] == "device d"
    assert answer["call"]["from network"] == "onnet"
    assert answer["recordings"][0]["storage"]["rule"] == "local"
    assert {each["place"] for each in answer["not_otherwise"]} == {
        "account.inbound.onnet",
        "account.outbound.onnet",
        "endpoint.outbound.onnet",
    }


def test_a_call_that_nobody_records_is_exit_code_1(explain: Explain, documents: Path) -> None:
    """With a reason for each rule."""
    flow = {"module": "answer", "data": {}, "children": {}}
    save(documents, "account/demo", "plain", {"pvt_type": "callflow", "numbers": ["2000"], "flow": flow})
    result = explain("--number", "2000", "--inbound-from", "offnet")
    assert result.exit_code == 1
    assert result.stdout.startswith("The call would not be recorded.\n")
    assert "account.inbound.offnet: no document says anything of it" in result.stdout


def test_a_number_that_leads_nowhere_says_so(explain: Explain) -> None:
    """The call would not be taken at all."""
    result = explain("--number", "9999")
    assert result.exit_code == 1
    assert "no callflow takes this number" in result.stdout


@pytest.mark.parametrize(
    ("url", "settings", "finding"),
    [
        ("http://127.0.0.1:8000/in", {}, "127.0.0.1 is a loopback address"),
        ("http://127.0.0.1:8000/in", {"outbox_allow_networks": "127.0.0.0/8"}, ""),
        ("http://nobody.invalid/in", {}, "there is no such host"),
        ("gopher://127.0.0.1/", {}, "its URL cannot be used"),
    ],
)
def test_what_keeps_it_from_arriving_is_said(
    explain: Explain, documents: Path, url: str, settings: dict[str, str], finding: str
) -> None:
    """An address that may not be reached, a host that is not there, a scheme nobody takes."""
    flow = {"module": "record_call", "data": {"action": "start", "url": url}, "children": {}}
    save(documents, "account/demo", "out", {"pvt_type": "callflow", "numbers": ["3000"], "flow": flow})
    result = explain("--number", "3000", **settings)
    assert finding in result.stdout
    assert result.exit_code == (1 if finding else 0)


def test_variables_decide_branches(explain: Explain, documents: Path) -> None:
    """Told, the way is certain; else it is one of several."""
    start = {"module": "record_call", "data": {"action": "start"}, "children": {}}
    flow = {"module": "branch_variable", "data": {"variable": "tier"}, "children": {"gold": start}}
    save(documents, "account/demo", "tier", {"pvt_type": "callflow", "numbers": ["4000"], "flow": flow})
    assert "perhaps" in explain("--number", "4000").stdout
    assert explain("--number", "4000", "--var", "tier=gold").exit_code == 0
    assert explain("--number", "4000", "--var", "tier=tin").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--number", "1000", "--var", "x"),
        ("--number", "1000", "--device", "d", "--user", "u"),
        ("--number", "1000", "--authorizing-type", "device"),
        ("--number", "1000", "--inbound-from", "moon"),
    ],
)
def test_wrong_usage_is_exit_code_2(explain: Explain, arguments: tuple[str, ...]) -> None:
    """Nothing was looked at, so nothing is said."""
    assert explain(*arguments).exit_code == 2


def test_an_account_that_can_be_none_is_no_traceback(explain: Explain) -> None:
    """Whatever is given for it."""
    result = explain("--number", "1000", "--account", "../x")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
