"""Who answers, and what they answer, on a running FreeSWITCH whose far ends speak, beep and whistle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calls.call import Call
from config.address import Address
from swml.run import ScriptRun
from tests.live.live_line import LiveLine
from tests.swml.stage import Stage, new_run, perform

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

STATUS = "https://status.test/"
PAUSE = "playback:silence_stream://600"
QUIET = "playback:silence_stream://40000,1400"  # comfort noise, as of a line
GREETING = (
    "speak:flite|slt|You have reached the voice mail of the example company. "
    "Nobody can take your call right now. Please leave a message after the tone."
)
BEEP = "playback:tone_stream://%(400,0,1000)"


@pytest.fixture
def line(tmp_path: Path, freeswitch: tuple[Address, str]) -> Iterator[LiveLine]:
    """That FreeSWITCH."""
    tmp_path.chmod(0o755)
    line = LiveLine(tmp_path, *freeswitch)
    yield line
    line.close()


@pytest.fixture
def stage(tmp_path: Path, line: LiveLine) -> Iterator[Stage]:
    """What scripts need besides, with the directory that FreeSWITCH writes into."""
    root = tmp_path / "stage"
    root.mkdir()
    stage = Stage(root)
    stage.facilities = replace(stage.facilities, media_dir=line.directory)
    yield stage
    stage.close()


def run(line: LiveLine, stage: Stage, method: str, properties: dict[str, Any], *far_end: str) -> ScriptRun:
    """Run a method on a call whose far end does that, application by application."""

    def flow(call: Call) -> ScriptRun:
        script = new_run(call, stage.facilities)
        perform(script, method, {"status_url": STATUS, **properties})
        return script

    script: ScriptRun = line.run(flow, f"'m:^:{'^'.join(far_end)}' inline")
    return script


def events(stage: Stage) -> list[str]:
    """What the status URL heard."""
    return [body["params"]["detect"]["params"]["event"] for body in stage.told.bodies]


def test_human(line: LiveLine, stage: Stage) -> None:
    """Hello, and silence."""
    found = run(line, stage, "detect_machine", {}, PAUSE, "speak:flite|slt|Hello?", QUIET)
    assert found.variables.get("detect_result") == "human"
    assert events(stage) == ["HUMAN", "finished"]


def test_machine_until_its_beep(line: LiveLine, stage: Stage) -> None:
    """A greeting, a beep."""
    wait = {"detect_message_end": True, "machine_ready_timeout": 3}
    found = run(line, stage, "detect_machine", wait, PAUSE, GREETING, BEEP, QUIET)
    assert found.variables.get("detect_result") == "machine"
    assert found.variables.get("detect_machine_beep") is True
    assert events(stage) == ["MACHINE", "NOT_READY", "READY", "finished"]


def test_machine_at_once(line: LiveLine, stage: Stage) -> None:
    """Long before its greeting is over."""
    found = run(line, stage, "detect_machine", {}, PAUSE, GREETING, BEEP, QUIET)
    assert found.variables.get("detect_result") == "machine"
    assert found.variables.get("detect_ms") < 5_000


@pytest.mark.parametrize(("tone", "hz"), [("CED", "3000,0,2100"), ("CNG", "500,3000,1100")])
def test_fax(line: LiveLine, stage: Stage, tone: str, hz: str) -> None:
    """Either of its tones."""
    far_end = (PAUSE, f"playback:tone_stream://%({hz});loops=2", QUIET)
    found = run(line, stage, "detect_machine", {"tone": tone}, *far_end)
    assert found.variables.get("detect_result") == "fax"
    assert events(stage) == [tone, "finished"]


def test_nobody(line: LiveLine, stage: Stage) -> None:
    """The noise of a line is nobody."""
    found = run(line, stage, "detect_machine", {"initial_timeout": 2}, QUIET)
    assert found.variables.get("detect_result") == "unknown"


def test_digits(line: LiveLine, stage: Stage) -> None:
    """Keys break the prompt off."""
    prompt = {"play": ["say:please enter a number", "silence:20"], "max_digits": 3}
    found = run(line, stage, "prompt", prompt, "sleep:1500", "send_dtmf:123@100", QUIET)
    assert found.variables.get("prompt_result") == "match_digits"
    assert found.variables.get("prompt_value") == "123"


def test_words(line: LiveLine, stage: Stage) -> None:
    """Words break the prompt off, and are made out."""
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    prompt = {
        "play": "silence:20",
        "speech_hints": ["sales", "billing", "support"],
        "speech_end_timeout": 0.8,
    }
    found = run(line, stage, "prompt", prompt, "sleep:1500", "speak:flite|slt|billing", QUIET)
    assert found.variables.get("prompt_result") == "match_speech"
    assert found.variables.get("prompt_value") == "billing"
    assert not list(line.directory.iterdir())
