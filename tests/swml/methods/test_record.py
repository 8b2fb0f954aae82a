"""Recording in the foreground: what ends it, what is kept, what the script knows afterwards."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from recording.request import Direction, Silence
from swml.methods.record import METHOD
from swml.recording_parameters import request_of
from tests.swml.stage import PUBLIC_URL, Stage, applications, load

TALKS = {"at": 0.0, "say": 20.0}
SILENT = {"at": 0.0, "silent": 20.0}
BEGUN = {"after": {"event": "RECORD_START"}}
STATUS = "https://status.test/record"


def record(stage: Stage, properties: dict[str, Any], *caller: dict[str, Any]) -> dict[str, Any]:
    """Record on a call, and return the recording's document."""
    stage.run([("record", properties)], *caller)
    return stage.recording_of(stage.variables.get("record_url"))


def duration_s(stage: Stage) -> float:
    """How long the file is."""
    with wave.open(str(stage.media_of(stage.variables.get("record_url")))) as file:
        return file.getnframes() / file.getframerate()


def test_a_terminator_ends_it_and_is_taken(stage: Stage) -> None:
    """The call is answered; other keys go where keys go; the URL and the result are set."""
    keys = [{**BEGUN, "at": 0.4, "press": "12"}, {**BEGUN, "at": 1.0, "press": "#"}]
    call = stage.run([("record", {})], TALKS, *keys)
    assert applications(call)[0] == "answer"
    assert stage.variables.get("record_result") == "success"
    assert stage.variables.get("record_url").startswith(f"{PUBLIC_URL}/recordings/")
    document = stage.recording_of(stage.variables.get("record_url"))
    assert document["callflows"]["ended_by"] == "digit"
    assert document["origin"] == "swml : record"
    assert 0.8 <= duration_s(stage) <= 1.6
    assert stage.runs[0].call.dtmf.get() == "12"


def test_keys_that_are_no_terminators_do_not_end_it(stage: Stage) -> None:
    """With none at all only silence, the limit and a hangup do."""
    properties = {"terminators": "", "max_length": 1}
    assert (
        record(stage, properties, TALKS, {"at": 0.2, "press": "#"})["callflows"]["ended_by"] == "time_limit"
    )
    assert stage.runs[0].call.dtmf.get() == "#"


def test_silence_after_speech_ends_it(stage: Stage) -> None:
    """As long as was asked for."""
    caller = [{**BEGUN, "at": 0.0, "say": 0.8}, {**BEGUN, "at": 0.8, "silent": 20.0}]
    document = record(stage, {"end_silence_timeout": 0.6}, *caller)
    assert document["callflows"]["ended_by"] == "silence"
    assert 1.3 <= duration_s(stage) <= 2.5
    assert stage.variables.get("record_result") == "success"


def test_nobody_who_speaks_is_a_failure_with_a_url(stage: Stage) -> None:
    """There is a file, of silence."""
    document = record(stage, {"initial_timeout": 0.6, "status_url": STATUS}, SILENT)
    assert document["callflows"]["ended_by"] == "no_input"
    assert stage.variables.get("record_result") == "failed"


def test_the_limit_is_exact_in_fractions_of_a_second(stage: Stage) -> None:
    """FreeSWITCH's own is in whole seconds."""
    record(stage, {"max_length": 0.5}, TALKS)
    assert 0.4 <= duration_s(stage) <= 0.9


def test_a_beep_is_heard_first(stage: Stage) -> None:
    """And is not in the recording, which begins behind it."""
    call = stage.run([("record", {"beep": True, "max_length": 0.5})], TALKS)
    ran = applications(call)
    assert ran[:2] == ["answer", "playback tone_stream://%(500,0,440)"]
    assert ran[2].startswith("record_session ")


@pytest.mark.parametrize("audio_format", ["wav", "mp3", "mp4"])
def test_every_format_is_made(stage: Stage, audio_format: str) -> None:
    """The URL says which, and leads to it."""
    record(stage, {"format": audio_format, "max_length": 1}, TALKS)
    url = stage.variables.get("record_url")
    assert stage.media_of(url).suffix == f".{audio_format}"
    assert f".{audio_format}?" in url


def test_a_caller_who_hangs_up_leaves_what_was_said(stage: Stage) -> None:
    """It is kept and delivered, and its end is told."""
    caller = [{"at": 0.0, "say": 1.0}, {"at": 1.0, "hang_up": "NORMAL_CLEARING"}]
    stage.run([("record", {"status_url": STATUS}), ("play", {"url": "silence:1"})], *caller)
    assert stage.told.states == ["recording", "finished"]
    document = stage.recording_of(stage.told.bodies[-1]["params"]["url"])
    assert document["callflows"]["ended_by"] == "hangup"
    assert stage.variables.get("record_url") is None


def test_one_that_cannot_begin_fails_and_the_script_goes_on(stage: Stage) -> None:
    """There is no URL, playing it is passed over, and what follows is done."""
    steps: Any = [
        ("record", {"status_url": STATUS}),
        ("play", lambda run: {"urls": [run.variables.get("record_url"), "silence:0.1"]}),
    ]
    call = stage.run(steps, TALKS, faults={"unwritable": True})
    assert (stage.variables.get("record_result"), stage.variables.get("record_url")) == ("failed", "")
    assert stage.told.states == ["error"]
    assert applications(call)[-2:] == ["playback silence_stream://100", "hangup NORMAL_CLEARING"]


def test_what_is_played_back_is_what_was_recorded(stage: Stage) -> None:
    """Sample by sample, as a recording of what the caller hears shows."""
    steps: Any = [
        ("record", {"max_length": 1}),
        ("record_call", {"direction": "listen"}),
        ("play", lambda run: {"urls": ["silence:0.2", run.variables.get("record_url")]}),
        ("stop_record_call", {}),
    ]
    stage.run(steps, TALKS)
    recorded = stage.samples_of(stage.variables.get("record_url"))
    heard = stage.samples_of(stage.variables.get("record_call_url"))
    assert any(recorded)
    assert recorded[:7200].tobytes() in heard.tobytes()


def request(stage: Stage, properties: dict[str, Any]) -> Any:
    """The request that record makes of properties."""
    stage.run([("play", {"url": ""})], TALKS)
    return request_of(stage.runs[-1], METHOD.schema().load(properties), origin="swml : record")


def test_the_defaults_are_the_languages_own(stage: Stage) -> None:
    """One channel of the caller's voice as WAV; four seconds at first, five afterwards, sensitivity 44."""
    made = request(stage, {})
    assert (made.format, made.direction, made.stereo) == ("wav", Direction.SPEAK, False)
    assert made.silence == Silence(4000, 5000, 200)
    assert (made.time_limit_s, made.min_s, made.link_s) == (10_800, 0, 3600)
    assert made.url == ""


def test_every_property_counts(stage: Stage) -> None:
    """Durations to the millisecond, whole seconds for the limit."""
    made = request(
        stage,
        {
            "stereo": True,
            "format": "mp3",
            "direction": "listen",
            "input_sensitivity": 100,
            "initial_timeout": 0.05,
            "end_silence_timeout": 1.234,
            "max_length": 2.5,
        },
    )
    assert (made.format, made.direction, made.stereo) == ("mp3", Direction.HEAR, False)
    assert made.silence == Silence(50, 1234, 4)
    assert made.time_limit_s == 3


def test_no_timeouts_are_no_silence(stage: Stage) -> None:
    """Nothing listens, then."""
    assert request(stage, {"initial_timeout": 0, "end_silence_timeout": 0}).silence is None


def test_the_longest_recording_is_the_configurations(tmp_path: Path) -> None:
    """A longer limit becomes that one."""
    stage = Stage(tmp_path, {"media": {"store_recordings": True, "max_recording_time_limit": 60}})
    assert request(stage, {"max_length": 3600}).time_limit_s == 60
    stage.close()


@pytest.mark.parametrize(
    "properties",
    [
        {"format": "ogg"},
        {"direction": "both"},
        {"direction": "hear"},
        {"terminators": "x"},
        {"terminators": 5},
        {"beep": "yes"},
        {"stereo": 1},
        {"input_sensitivity": -1},
        {"input_sensitivity": 101},
        {"initial_timeout": -1},
        {"end_silence_timeout": "long"},
        {"max_length": -2},
        {"max_length": 10**9},
        {"status_url": "mailto:a@b"},
        {"control_id": "mine"},
    ],
)
def test_what_cannot_be_done_is_refused(properties: dict[str, Any]) -> None:
    """By the property's name."""
    with pytest.raises(ValidationError) as refused:
        load(METHOD, properties)
    assert refused.value.messages_dict.keys() == properties.keys()
