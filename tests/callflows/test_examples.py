"""The examples are in order, and do what they say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from callflows.validation import validate_document
from calls.cause import HangupCause
from esl.listener import Listener
from simulator.script import load_script
from simulator.switch import Switch
from storage.folder import FolderStore
from tests.callflows.kit import House

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCUMENTS = EXAMPLES / "documents" / "account" / "demo"
DEADLINE_S = 30.0


def documents() -> list[Path]:
    """Every document of the examples."""
    return sorted(DOCUMENTS.glob("*.json"))


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.stem)
def test_an_example_is_in_order(path: Path) -> None:
    """Its id is its file's name; a callflow has no findings."""
    document = json.loads(path.read_text())
    assert document["_id"] == path.stem
    if document["pvt_type"] == "callflow":
        known = {each.stem for each in documents()}
        assert validate_document(document, has_callflow=known.__contains__) == []


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("scripts/*.json")), ids=lambda path: path.stem)
def test_a_script_is_in_order(path: Path) -> None:
    """The simulator takes it."""
    assert load_script(path).steps


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The examples' own folder of documents, copied."""
    shutil.copytree(EXAMPLES / "documents", tmp_path / "documents")
    house = House(tmp_path / "documents")
    yield house
    house.close()


def call(house: House, number: str, script: str, variables: dict[str, str] | None = None) -> Any:
    """Dial a number of the examples."""
    listener = Listener("127.0.0.1", 0, house.runner(default_account="demo").handle)
    listener.start()
    switch = Switch(listener.address).start()
    try:
        steps = load_script(EXAMPLES / "scripts" / f"{script}.json")
        placed = switch.place_call(number, script=steps, variables=variables or {})
        assert placed.wait_ended(DEADLINE_S), [str(line) for line in placed.log]
        assert listener.wait_idle(5)
        return placed
    finally:
        switch.stop()
        listener.close()


@pytest.mark.parametrize(
    ("number", "script", "actions", "cause"),
    [
        ("1000", "hangs-up", ["record_call", "answer", "tts"], HangupCause.NORMAL_CLEARING),
        ("1001", "presses-1", ["menu", "set_variables", "callflow", "record_call"], None),
        (
            "1002",
            "enters-a-number",
            ["tts", "collect_dtmf", "language", "play", "flush_dtmf"],
            HangupCause.NORMAL_CLEARING,
        ),
        ("1003", "hangs-up", ["set_variable", "branch_variable", "callflow", "record_call"], None),
        ("1004", "leaves-a-message", ["tts", "record_caller", "tts"], None),
        ("1005", "enters-a-number", ["answer", "record_call", "tts", "collect_dtmf", "flush_dtmf"], None),
        ("1009", "hangs-up", ["response"], HangupCause.NORMAL_CLEARING),
        ("*57", "hangs-up", ["answer", "send_dtmf", "sleep"], None),
    ],
)
def test_an_example_runs(
    house: House, number: str, script: str, actions: list[str], cause: HangupCause | None
) -> None:
    """Found by its number, it goes where its far end leads it."""
    gevent.sleep(0)
    call(house, number, script)
    report = house.reports[0]
    assert list(report.actions[: len(actions)]) == actions
    assert cause is None or report.cause is cause


@pytest.mark.parametrize(
    ("variables", "actions"),
    [({"ecallmgr_Authorizing-Type": "device"}, ["noop", "response"]), ({}, [])],
)
def test_no_match_is_for_known_callers(house: House, variables: dict[str, str], actions: list[str]) -> None:
    """Both hear that there is no such number; only one of them from the callflow."""
    call(house, "4000", "hangs-up", variables)
    assert list(house.reports[0].actions) == actions
    assert house.reports[0].cause is HangupCause.UNALLOCATED_NUMBER


def test_the_folder_is_what_the_store_reads() -> None:
    """Nothing in it is unreadable."""
    store = FolderStore(EXAMPLES / "documents")
    try:
        assert {document["_id"] for document in store.all_documents("account/demo")} == {
            path.stem for path in documents()
        }
    finally:
        store.close()
