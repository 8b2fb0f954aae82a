"""`callflows validate`: each fault with its file and its path, and the exit code that goes with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]

GOOD = {"numbers": ["1000"], "flow": {"module": "answer", "data": {}, "children": {}}}


def written(path: Path, document: Any) -> Path:
    """Write a document, or text as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def findings(result: Result) -> list[dict[str, str]]:
    """Read the lines of --json."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_good_callflow_has_no_findings(run: Run, tmp_path: Path) -> None:
    """Nothing found is exit code 0 and one line of numbers."""
    result = run("validate", written(tmp_path / "main.json", GOOD))
    assert result.exit_code == 0
    assert result.stdout == "1 files, 0 faults, 0 warnings\n"


def test_every_fault_is_told_with_its_path(run: Run, tmp_path: Path) -> None:
    """All faults of a document are found in one go."""
    flow = {
        "numbers": ["1000", "1000"],
        "patterns": ["(a"],
        "flow": {
            "module": "record_call",
            "data": {"action": "begin", "time_limit": "long"},
            "children": {"_": {"module": "play", "data": {"loop_count": 0}, "children": {}}},
        },
    }
    result = run("validate", "--json", written(tmp_path / "main.json", flow))
    assert result.exit_code == 1
    paths = {one["path"] for one in findings(result) if one["severity"] == "fault"}
    assert {
        "numbers.1",
        "patterns.0",
        "flow.data.action",
        "flow.data.time_limit",
        "flow.children._.data.loop_count",
    } <= paths
    assert {one["file"] for one in findings(result)} == {str(tmp_path / "main.json")}


def test_lines_for_people_hold_file_severity_path_and_reason(run: Run, tmp_path: Path) -> None:
    """They can be read, and found with grep."""
    path = written(tmp_path / "main.json", {"flow": {"module": "record_call", "data": {"action": 5}}})
    result = run("validate", path)
    assert result.exit_code == 1
    assert f"{path}: fault: flow.data.action: " in result.stdout
    assert result.stdout.splitlines()[-1].startswith("1 files, ")


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "", "\x00"])
def test_broken_json_is_a_fault(run: Run, tmp_path: Path, text: str) -> None:
    """Whatever a file holds, there is a finding and no traceback."""
    result = run("validate", "--json", written(tmp_path / "main.json", text))
    assert result.exit_code == 1
    assert "is no JSON" in findings(result)[0]["message"]


def test_what_is_no_text_is_a_fault(run: Run, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 cannot be read."""
    path = tmp_path / "main.json"
    path.write_bytes(b"\xff\xfe{}")
    result = run("validate", path)
    assert result.exit_code == 1
    assert "cannot be read" in result.stdout


@pytest.mark.parametrize("document", [[], 1, None, "text", [GOOD]])
def test_a_document_is_an_object(run: Run, tmp_path: Path, document: object) -> None:
    """JSON that is no object is a fault wherever it stands."""
    for place in ("main.json", "system_config/media.json", "configs_media.json"):
        text = json.dumps(document)
        assert run("validate", written(tmp_path / place, text)).exit_code == 1


def test_a_directory_is_searched_and_references_known(run: Run, tmp_path: Path) -> None:
    """All JSON files below it are looked at; a callflow beside another is no missing reference."""
    other = {"flow": {"module": "callflow", "data": {"id": "main"}, "children": {}}}
    lost = {"flow": {"module": "callflow", "data": {"id": "gone"}, "children": {}}}
    written(tmp_path / "a" / "main.json", GOOD)
    written(tmp_path / "a" / "other.json", other)
    written(tmp_path / "a" / "lost.json", lost)
    written(tmp_path / "a" / "readme.txt", "no JSON, and not looked at")
    result = run("validate", "--json", tmp_path)
    assert result.exit_code == 0
    (only,) = findings(result)
    assert (only["path"], only["severity"]) == ("flow.data.id", "warning")
    assert only["file"].endswith("lost.json")


def test_other_documents_are_let_be(run: Run, tmp_path: Path) -> None:
    """Menus and media have no flow; that is no fault."""
    assert run("validate", written(tmp_path / "menu.json", {"pvt_type": "menu"})).exit_code == 0


def test_a_callflow_without_a_flow_is_a_fault(run: Run, tmp_path: Path) -> None:
    """Its type says what it should be."""
    assert run("validate", written(tmp_path / "x.json", {"pvt_type": "callflow"})).exit_code == 1


@pytest.mark.parametrize("place", ["system_config/media.json", "configs_media.json"])
def test_configuration_is_checked_as_the_engine_does(run: Run, tmp_path: Path, place: str) -> None:
    """A value that does not fit its key is a fault with the key's path."""
    values: dict[str, Any] = {"call_recording": {"extension": "ogg"}}
    document = values if place.startswith("configs") else {"default": values}
    result = run("validate", "--json", written(tmp_path / place, document))
    assert result.exit_code == 1
    (fault,) = [one for one in findings(result) if one["severity"] == "fault"]
    assert fault["path"].endswith("call_recording.extension")


def test_a_category_we_do_not_read_is_a_warning(run: Run, tmp_path: Path) -> None:
    """Kazoo has many more categories, and their documents may stand beside ours."""
    result = run("validate", "--json", written(tmp_path / "system_config" / "crossbar.json", {}))
    assert result.exit_code == 0
    assert [one["severity"] for one in findings(result)] == ["warning"]


def test_a_path_that_is_not_there_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    """Nothing was checked, so nothing is said to be fine."""
    assert run("validate", tmp_path / "gone.json").exit_code == 2


@pytest.mark.parametrize(
    ("place", "document", "path"),
    [
        (
            "user.json",
            {"pvt_type": "user", "call_recording": {"any": {"any": {"url": "gopher://x/"}}}},
            "call_recording.any.any.url",
        ),
        (
            "connection.json",
            {"pvt_type": "connection", "webhook_event_url": "https://example.com/", "numbers": ["+1", ""]},
            "numbers.1",
        ),
        ("connection.json", {"pvt_type": "connection"}, "webhook_event_url"),
        (
            "system_data/system.json",
            {"connections": {"x": {"driver": "unknown", "settings": {}}}},
            "",
        ),
    ],
)
def test_recording_settings_connections_and_storage_plans_are_checked(
    run: Run, tmp_path: Path, place: str, document: dict[str, Any], path: str
) -> None:
    """Where recordings go is worth a look before the first one goes."""
    result = run("validate", "--json", written(tmp_path / place, document))
    assert result.exit_code == 1
    assert [one["path"] for one in findings(result)] == [path]


SCRIPT = """
version: 1.0.0
sections:
  main:
    - play:
        url: 'say:hello'
    - record:
        formt: wav
"""


def test_a_fault_of_an_swml_document_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    """Section, index, method and property, for YAML and for JSON."""
    (tmp_path / "a.yaml").write_text(SCRIPT)
    (tmp_path / "b.json").write_text(json.dumps({"sections": {"main": [{"plai": {}}]}}))
    result = run("validate", str(tmp_path))
    assert result.exit_code == 1
    first, second, last = result.output.splitlines()
    assert "a.yaml: fault: main[1].record.formt: " in first
    assert "b.json: fault: main[0]: " in second
    assert "plai" in second
    assert last == "2 files, 2 faults, 0 warnings"


def test_a_fault_of_a_document_within_a_callflow_is_told_with_both_places(run: Run, tmp_path: Path) -> None:
    """The node in the callflow, the step in the document."""
    flow = {"module": "swml", "data": {"document": SCRIPT}, "children": {}}
    (tmp_path / "main.json").write_text(json.dumps({"pvt_type": "callflow", "numbers": ["1"], "flow": flow}))
    result = run("validate", str(tmp_path))
    assert result.exit_code == 1
    assert "fault: flow.data.document:main[1].record.formt: " in result.output


def test_a_method_of_the_cloud_is_named_beforehand(run: Run, tmp_path: Path) -> None:
    """As a warning: up to there the document runs."""
    (tmp_path / "a.yml").write_text("sections: {main: [{answer: {}}, {ai: {prompt: {text: hi}}}]}")
    result = run("validate", str(tmp_path))
    assert result.exit_code == 0
    assert "a.yml: warning: main[1].ai: " in result.output


PRESSES_1 = [{"after": {"app": "speak"}, "at": 0.3, "press": "1"}, {"at": 2.5, "hang_up": "NORMAL_CLEARING"}]


@pytest.mark.parametrize("script", [PRESSES_1, {"from": {"number": "1001"}, "steps": PRESSES_1}])
def test_a_script_of_simulate_is_known(run: Run, tmp_path: Path, script: object) -> None:
    """It may lie beside the documents that it is for."""
    result = run("validate", written(tmp_path / "presses-1.json", script))
    assert result.stdout == "1 files, 0 faults, 0 warnings\n"


@pytest.mark.parametrize("script", [[{"at": 1, "pres": "1"}], {"steps": [{"at": 1, "pres": "1"}]}])
def test_a_fault_of_a_script_is_told_with_its_place(run: Run, tmp_path: Path, script: object) -> None:
    """Each fault, as `simulate` tells it."""
    result = run("validate", "--json", written(tmp_path / "presses-1.json", script))
    assert result.exit_code == 1
    assert {one["path"] for one in findings(result)} == {"steps[0]", "steps[0].pres"}


def test_the_examples_are_in_order(run: Run) -> None:
    """Whoever checks them first finds nothing to mend."""
    result = run("validate", Path(__file__).parents[2] / "examples")
    assert result.exit_code == 0
    assert result.stdout.endswith(" 0 faults, 0 warnings\n")
