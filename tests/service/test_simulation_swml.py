"""`callflows simulate` with SWML: the examples do what they say, and what is wrong is said with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from swml.validation import validate

Run = Callable[..., Result]

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = {"voicemail.yaml": "swml-voicemail", "recorded-menu.yaml": "swml-menu"}


def steps(result: Result) -> list[dict[str, Any]]:
    """Read the lines of --json."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def walked(result: Result) -> list[str]:
    """Return the methods that were run, without their places."""
    told = [step["detail"] for step in steps(result) if step["detail"].startswith("method run ")]
    return [detail.rpartition(".")[2] for detail in told]


def spoken(result: Result) -> list[str]:
    """Return what the script said."""
    return [step["detail"] for step in steps(result) if step["kind"] == "speak"]


def simulated(run: Run, name: str, *options: object) -> Result:
    """Try an example with its caller."""
    script = EXAMPLES / "scripts" / f"{SCRIPTS.get(name, 'hangs-up')}.json"
    result = run("simulate", EXAMPLES / "swml" / name, "--script", script, "--json", *options)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize("path", sorted((EXAMPLES / "swml").iterdir()), ids=lambda path: path.name)
def test_an_example_is_in_order(path: Path) -> None:
    """There is nothing to be said of it."""
    assert validate(path.read_text()) == []


def test_the_voicemail(run: Run, tmp_path: Path) -> None:
    """The caller has the message taken a second time; both are played back and kept."""
    result = simulated(run, "voicemail.yaml", "--output", tmp_path)
    once = ["label", "play", "record", "if", "play", "prompt", "if"]
    methods = walked(result)
    assert methods[:9] == ["answer", *once, "goto"]
    assert methods[9:] == [*once[1:], "play"]
    assert spoken(result)[-1] == "says: Thank you. Good bye."
    copies = [step["detail"] for step in steps(result) if step["kind"] == "delivery"]
    assert [(tmp_path / copy).stat().st_size > 10_000 for copy in copies] == [True, True]


def test_the_recorded_menu(run: Run) -> None:
    """A choice made during the prompt; what the section returns decides, and the recording is stopped."""
    result = simulated(run, "recorded-menu.yaml")
    assert walked(result) == [
        *("answer", "record_call", "execute", "prompt", "return"),
        *("play", "stop_record_call", "play", "hangup"),
    ]
    (recording,) = [step["detail"] for step in steps(result) if "recording finished" in step["detail"]]
    assert "ended_by=stopped" in recording


def test_the_office_hours(run: Run) -> None:
    """JSON; an expression, a condition, and what is known of the call."""
    result = simulated(run, "office-hours.json")
    assert walked(result)[:4] == ["set", "cond", "set", "play"]
    assert spoken(result)[0].endswith("You are calling from 15551234567.")


def test_steps_are_told_in_words(run: Run, tmp_path: Path) -> None:
    """Each method with its place; a number may be dialled, and the script sees it."""
    path = tmp_path / "x.yml"
    path.write_text("sections: {main: [play: {url: 'say:You dialled %{call.to_number}'}]}")
    result = run("simulate", path, "--to", "4711")
    assert result.exit_code == 0
    assert "method run where=main[0].play" in result.stdout
    assert "says: You dialled 4711" in result.stdout


def test_faults_are_told_with_their_places_and_nothing_is_run(run: Run, tmp_path: Path) -> None:
    """Exit code 1; no call is made."""
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps({"sections": {"main": [{"ply": {}}], "other": [{"play": {"url": "x", "volume": 99}}]}})
    )
    result = run("simulate", path, "--json")
    assert result.exit_code == 1
    told = steps(result)
    assert {step["kind"] for step in told} == {"fault"}
    places = [step["detail"].partition(":")[0] for step in told]
    assert "main[0]" in places
    assert "other[0].play.volume" in places


def test_a_script_that_fails_is_exit_code_1(run: Run, tmp_path: Path) -> None:
    """With the doubt beforehand, and the language's error where it happened."""
    path = tmp_path / "x.yaml"
    path.write_text("sections: {main: [answer: {}, ai: {prompt: {text: Hello}}, play: {url: 'say:no'}]}")
    result = run("simulate", path)
    assert result.exit_code == 1
    assert "doubt" in result.stdout
    assert "where=main[1].ai error=relay_script_method_execute_failed" in result.stdout
    assert "says: no" not in result.stdout


@pytest.mark.parametrize("text", ["", "[", "- a\n- b", "sections: 5", "a: &a [*a]", "\t"])
def test_what_is_no_document_is_said(run: Run, tmp_path: Path, text: str) -> None:
    """In a line of its own, never as a traceback."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    result = run("simulate", path)
    assert result.exit_code == 1
    assert "fault" in result.stdout
    assert "Traceback" not in result.output


def test_bytes_that_are_no_text_are_said(run: Run, tmp_path: Path) -> None:
    """With the file."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\xfa")
    result = run("simulate", path)
    assert result.exit_code == 1
    assert str(path) in result.stderr


def test_a_sound_needs_no_network(run: Run, tmp_path: Path) -> None:
    """Nothing is fetched by a simulated switch: a host that nobody knows is played from like any other."""
    document = tmp_path / "sound.json"
    url = "https://nobody-knows-me.invalid/hello.wav"
    document.write_text(json.dumps({"version": "1.0.0", "sections": {"main": [{"play": {"url": url}}]}}))
    result = run("simulate", document, "--json")
    ran = [step["detail"] for step in steps(result) if step["kind"] == "application"]
    assert f"playback http_cache://{url}" in ran
