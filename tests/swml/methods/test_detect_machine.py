"""detect_machine on calls of the simulator: what it finds, sets and tells."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.simcall import SimCall
from swml.methods.detect_machine import METHOD, terms_of
from swml.run import ScriptRun
from tests.swml.stage import Stage

STATUS = "https://status.test/detect"
BEEP = {"sound": "tone_stream://%(400,0,1000)"}


def detect(stage: Stage, properties: dict[str, Any], *caller: dict[str, Any]) -> SimCall:
    """Detect on a call, and let it go on for a moment."""
    return stage.run([("detect_machine", {"status_url": STATUS, **properties})], *caller)


def events(stage: Stage) -> list[str]:
    """What the status URL heard."""
    return [body["params"]["detect"]["params"]["event"] for body in stage.told.bodies]


def test_human(stage: Stage) -> None:
    """A short word, then silence."""
    detect(stage, {"end_silence_timeout": 0.5}, {"at": 0.2, "say": 0.6}, {"at": 0.8, "silent": 10})
    assert stage.variables.get("detect_result") == "human"
    assert stage.variables.get("detect_machine_beep") is False
    assert 900 <= stage.variables.get("detect_ms") <= 2_500
    assert events(stage) == ["HUMAN", "finished"]
    params = stage.told.bodies[0]["params"]
    assert params["detect"] == {"type": "machine", "params": {"event": "HUMAN"}}
    assert params["control_id"] == stage.told.bodies[1]["params"]["control_id"]


def test_machine(stage: Stage) -> None:
    """A voice that goes on."""
    detect(stage, {}, {"at": 0, "say": 10})
    assert stage.variables.get("detect_result") == "machine"
    assert events(stage) == ["MACHINE", "finished"]


def test_end_of_a_message(stage: Stage) -> None:
    """The machine's message is waited for."""
    detect(
        stage,
        {"detect_message_end": True, "machine_ready_timeout": 0.4},
        {"at": 0, "say": 4},  # longer than a busy machine may take to listen, and 1.25 s of voice
        {"at": 4, "silent": 10},
    )
    assert stage.variables.get("detect_result") == "machine"
    assert events(stage) == ["MACHINE", "NOT_READY", "READY", "finished"]


def test_nobody(stage: Stage) -> None:
    """Silence is unknown."""
    detect(stage, {"initial_timeout": 0.5}, {"at": 0, "silent": 10})
    assert stage.variables.get("detect_result") == "unknown"
    assert events(stage) == ["UNKNOWN", "finished"]


def test_time_is_up(stage: Stage) -> None:
    """Whatever is heard, there is a result by the timeout."""
    detect(stage, {"detectors": "fax", "timeout": 0.6}, {"at": 0, "say": 10})
    assert stage.variables.get("detect_result") == "unknown"
    assert stage.variables.get("detect_ms") <= 1_500
    assert stage.told.bodies[-1]["params"]["detect"] == {"type": "fax", "params": {"event": "finished"}}


def test_in_the_background(stage: Stage) -> None:
    """The script goes on at once, and finds the result later."""
    seen: list[Any] = []

    def look(run: ScriptRun) -> dict[str, Any]:
        seen.append(run.variables.get("detect_result"))
        return {"url": "silence:3"}

    properties = {"wait": False, "status_url": STATUS, "end_silence_timeout": 0.4}
    stage.run(
        [("detect_machine", properties), ("play", look)],
        {"at": 0.1, "say": 0.6},
        {"at": 0.7, "silent": 10},
    )
    assert seen in ([None], ["detecting"])
    assert stage.variables.get("detect_result") == "human"
    assert events(stage) == ["HUMAN", "finished"]


def test_hangup_meanwhile(stage: Stage) -> None:
    """The call's end ends it, and is told."""
    detect(stage, {"detectors": "fax"}, {"at": 0, "say": 0.3}, {"at": 0.4, "hang_up": "NORMAL_CLEARING"})
    assert events(stage) == ["finished"]
    assert stage.variables.get("detect_result") == "unknown"


def test_it_cannot_be_listened_to(stage: Stage) -> None:
    """FreeSWITCH cannot write: an error in the result, and the script goes on."""
    path = stage.facilities.media_dir
    for entry in sorted(path.rglob("*"), reverse=True):
        entry.rmdir() if entry.is_dir() else entry.unlink()
    path.rmdir()
    path.touch()
    stage.run([("detect_machine", {"status_url": STATUS})])
    assert stage.variables.get("detect_result") == "error"
    assert events(stage) == ["finished"]


def test_detectors_nobody_knows(stage: Stage) -> None:
    """They are passed over; without any other there is nothing to find."""
    detect(stage, {"detectors": "amd, pets", "initial_timeout": 0.2}, {"at": 0, "silent": 5})
    assert stage.variables.get("detect_result") == "unknown"
    detect(stage, {"detectors": "pets"})
    assert stage.variables.get("detect_result") == "error"


@pytest.mark.parametrize(
    ("properties", "attribute", "value"),
    [
        ({}, "ready_ms", 1_000),
        ({"end_silence_timeout": 2}, "ready_ms", 2_000),
        ({"machine_ready_timeout": 0}, "ready_ms", 0),
        ({"detectors": "amd"}, "fax", None),
        ({"detectors": "fax"}, "for_voice", False),
        ({"tone": "CNG"}, "fax", "CNG"),
        ({}, "initial_ms", 4_500),
        ({}, "voice_ms", 1_250),
        ({}, "words", 6),
        ({}, "timeout_ms", 30_000),
    ],
)
def test_defaults_and_names(properties: dict[str, Any], attribute: str, value: Any) -> None:
    """The language's own, in the detector's units."""
    assert getattr(terms_of(METHOD.schema().load(properties)), attribute) == value
