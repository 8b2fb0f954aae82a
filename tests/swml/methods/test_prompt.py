"""prompt on calls of the simulator: digits, words, nothing; what is set and told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from recording.processing import engine
from simulator.simcall import SimCall
from swml.methods.prompt import METHOD
from tests.swml.stage import Stage, applications

STATUS = "https://status.test/prompt"
SILENT = {"at": 0, "silent": 30}
QUIET = "silence:0.3"
BILLING = Path(__file__).parents[2] / "data/speech/billing_8khz.wav"


def prompt(stage: Stage, properties: dict[str, Any], *caller: dict[str, Any]) -> SimCall:
    """Prompt on a call."""
    return stage.run([("prompt", {"play": QUIET, "status_url": STATUS, **properties})], SILENT, *caller)


def came_to(stage: Stage) -> tuple[Any, Any, Any]:
    """What the variables say."""
    get = stage.variables.get
    return get("prompt_result"), get("prompt_value"), get("prompt_digit_terminator")


def told(stage: Stage) -> dict[str, Any]:
    """What the status URL heard."""
    (body,) = stage.told.bodies
    result: dict[str, Any] = body["params"]["result"]
    return result


def test_one_digit_is_enough(stage: Stage) -> None:
    """The default; the first digit breaks the prompt off."""
    started_s = time.monotonic()
    prompt(stage, {"play": ["silence:5", "silence:5"]}, {"at": 0.5, "press": "4"})
    assert came_to(stage) == ("match_digits", "4", "")
    assert time.monotonic() - started_s < 4
    assert told(stage) == {"type": "digit", "params": {"digits": "4", "terminator": ""}}


@pytest.mark.parametrize(
    ("properties", "pressed", "result"),
    [
        ({"max_digits": 4}, "1234", ("match_digits", "1234", "")),
        ({"max_digits": 10, "terminators": "*#5"}, "125", ("match_digits", "12", "5")),
        ({"max_digits": 10, "terminators": "#"}, "#", ("match_digits", "", "#")),
        ({"max_digits": 4, "digit_timeout": 0.3}, "12", ("match_digits", "12", "")),
        ({"max_digits": 2}, "*#", ("match_digits", "*#", "")),
    ],
)
def test_digits(stage: Stage, properties: dict[str, Any], pressed: str, result: tuple[str, str, str]) -> None:
    """Enough of them, a terminator, or none for too long."""
    prompt(stage, properties, {"at": 0.6, "press": pressed})
    assert came_to(stage) == result


def test_digits_beyond_are_kept(stage: Stage) -> None:
    """What was pressed too much is found by whatever asks next."""
    prompt(stage, {}, {"at": 0.1, "press": "12", "every": 0.0})
    assert came_to(stage)[1] == "1"


def test_nobody_answers(stage: Stage) -> None:
    """Time runs from the end of the prompt."""
    prompt(stage, {"initial_timeout": 0.3})
    assert came_to(stage) == ("no_input", "", "")
    assert told(stage) == {"type": "no_input"}


def test_the_prompt_is_heard_as_play_has_it(stage: Stage) -> None:
    """Several things in order, the call answered first."""
    call = prompt(stage, {"play": ["silence:0.1", "ring:0.1:us"], "initial_timeout": 0.1})
    assert [one for one in applications(call) if one.startswith(("answer", "playback"))] == [
        "answer",
        "playback silence_stream://100",
        "playback tone_stream://%(100,0,440,480)",
    ]


def test_hangup_meanwhile(stage: Stage) -> None:
    """The script ends as with every hangup."""
    prompt(stage, {}, {"at": 0.5, "hang_up": "NORMAL_CLEARING"})
    assert stage.variables.get("prompt_result") is None


# -- words ------------------------------------------------------------------------------------------------


def needs_an_engine() -> None:
    """Skip where the extra is not installed."""
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")


def test_words_are_made_out(stage: Stage) -> None:
    """A word breaks the prompt off, and comes as text."""
    needs_an_engine()
    started_s = time.monotonic()
    prompt(
        stage,
        {
            "play": ["silence:9", "silence:9"],
            "speech_hints": ["sales", "billing", "support"],
            "speech_end_timeout": 0.6,
        },
        {"at": 0.3, "play": str(BILLING)},
    )
    result, value, terminator = came_to(stage)
    assert (result, terminator) == ("match_speech", "")
    assert value == "billing"
    assert time.monotonic() - started_s < 9
    assert told(stage) == {"type": "speech", "params": {"text": value}}
    assert not [path for path in stage.facilities.media_dir.iterdir() if path.suffix == ".wav"]


def test_digits_or_words(stage: Stage) -> None:
    """With properties of both, whichever comes first."""
    needs_an_engine()
    both = {"speech_hints": ["one", "two"], "max_digits": 1, "speech_end_timeout": 0.5}
    prompt(stage, both, {"at": 0.5, "press": "2"})
    assert came_to(stage) == ("match_digits", "2", "")
    prompt(stage, both, {"at": 0.3, "play": str(BILLING)})
    assert came_to(stage)[0] == "match_speech"


def test_words_alone_do_not_take_digits(stage: Stage) -> None:
    """Keys mean nothing where only speech is asked for, and break nothing off."""
    needs_an_engine()
    prompt(
        stage, {"speech_timeout": 5, "play": "silence:1"}, {"at": 0.3, "press": "2"}, {"at": 2.5, "say": 0.0}
    )
    assert came_to(stage)[0] in ("no_input", "no_match")


def test_sounds_that_are_no_words(stage: Stage) -> None:
    """A noise is no match."""
    needs_an_engine()
    tone = {"at": 0.5, "say": 0.6}
    prompt(stage, {"speech_end_timeout": 0.3, "speech_timeout": 2}, tone, {"at": 1.2, "silent": 9})
    assert came_to(stage)[0] in ("no_match", "match_speech")


@pytest.mark.parametrize("properties", [{"speech_engine": "Deepgram"}, {"speech_language": "tlh-KX"}])
def test_engine_or_language_that_is_not_there(stage: Stage, properties: dict[str, Any]) -> None:
    """Where only words may answer it fails at once; digits are still taken."""
    speech = {"speech_language": "en-US", **properties}
    call = prompt(stage, speech)
    assert came_to(stage) == ("failed", "", "")
    assert told(stage) == {"type": "error"}
    assert not [one for one in applications(call) if one.startswith("playback")]
    stage.told.bodies.clear()
    prompt(stage, {**speech, "max_digits": 1}, {"at": 0.5, "press": "7"})
    assert came_to(stage) == ("match_digits", "7", "")


def test_no_engine_at_all(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where none is installed."""
    monkeypatch.setattr(engine, "names", tuple)
    prompt(stage, {"speech_language": "en-US"})
    assert came_to(stage)[0] == "failed"


def test_it_cannot_be_listened_to(stage: Stage) -> None:
    """FreeSWITCH cannot write what the caller says."""
    needs_an_engine()
    path = stage.facilities.media_dir
    for entry in sorted(path.rglob("*"), reverse=True):
        entry.rmdir() if entry.is_dir() else entry.unlink()
    path.rmdir()
    path.touch()
    prompt(stage, {"speech_language": "en-US"})
    assert came_to(stage)[0] == "failed"


def test_schema() -> None:
    """One thing to play, or several; nothing unknown."""
    loaded = METHOD.schema().load({"play": "say:hello"})
    assert loaded["play"] == ["say:hello"]
    assert METHOD.schema().load({"play": ["say:a", "silence: 1"]})["play"] == ["say:a", "silence: 1"]
    assert set(METHOD.schema().validate({})) == {"play"}
    assert METHOD.schema().validate({"play": "say:a", "volume": 41})
