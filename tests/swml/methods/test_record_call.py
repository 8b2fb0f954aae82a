"""Recording in the background: what runs on, what stops it, what the script knows at once."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError

from recording.request import Direction, Silence
from swml.methods import stop_record_call
from swml.methods.record_call import METHOD
from swml.recording_parameters import request_of
from swml.run import ScriptRun
from tests.swml.stage import PUBLIC_URL, Stage, applications, load

TALKS = {"at": 0.0, "say": 20.0}
STATUS = "https://status.test/record"


def silence(seconds: float) -> tuple[str, dict[str, Any]]:
    """A step that lets time pass."""
    return "play", {"url": f"silence:{seconds}"}


def results(stage: Stage) -> list[Any]:
    """What the methods said."""
    return [stage.variables.get(name) for name in ("record_call_result", "stop_record_call_result")]


def ended_by(stage: Stage, url: str) -> str:
    """Why a recording ended."""
    return str(stage.recording_of(url)["callflows"]["ended_by"])


def test_the_script_goes_on_while_it_records(stage: Stage) -> None:
    """The URL, the result and a control id are there at once; the call is not answered for it."""
    seen: list[Any] = []

    def look(run: ScriptRun) -> dict[str, Any]:
        names = ("record_call_url", "record_call_result", "record_control_id")
        seen.extend(run.variables.get(name) for name in names)
        return {"url": "silence:0.5", "auto_answer": False}

    call = stage.run([("record_call", {}), ("play", look)], TALKS)
    url, result, control_id = seen
    assert url.startswith(f"{PUBLIC_URL}/recordings/")
    assert (result, len(control_id)) == ("success", 36)
    assert [one.split()[0] for one in applications(call)] == [
        "record_session",
        "pre_answer",
        "playback",
        "hangup",
    ]
    assert ended_by(stage, url) == "hangup"


def test_the_latest_is_stopped_without_a_control_id(stage: Stage) -> None:
    """The other one runs on."""
    urls: list[str] = []

    def note(run: ScriptRun) -> dict[str, Any]:
        urls.append(run.variables.get("record_call_url"))
        return {"url": "silence:0.3"}

    steps: Any = [
        ("record_call", {"control_id": "first"}),
        ("play", note),
        ("record_call", {}),
        ("play", note),
        ("stop_record_call", {}),
        silence(0.2),
    ]
    stage.run(steps, TALKS)
    assert [ended_by(stage, url) for url in urls] == ["hangup", "stopped"]
    assert results(stage) == ["success", "success"]
    assert stage.recording_of(urls[0])["origin"] == "swml : record_call"


def test_one_is_stopped_by_its_control_id(stage: Stage) -> None:
    """Although another is newer; then there is none of that id any more."""
    urls: list[str] = []

    def note(run: ScriptRun) -> dict[str, Any]:
        urls.append(run.variables.get("record_call_url"))
        return {"url": "silence:0.3"}

    steps: Any = [
        ("record_call", {"control_id": "first"}),
        ("play", note),
        ("record_call", {"control_id": "second"}),
        ("play", note),
        ("stop_record_call", {"control_id": "first"}),
        silence(0.3),
        ("stop_record_call", {"control_id": "first"}),
    ]
    stage.run(steps, TALKS)
    assert [ended_by(stage, url) for url in urls] == ["stopped", "hangup"]
    assert results(stage) == ["success", "failed"]


def test_there_may_be_none_to_stop(stage: Stage) -> None:
    """The result says so, and the script goes on."""
    call = stage.run(
        [("stop_record_call", {}), ("stop_record_call", {"control_id": "x"}), silence(0.1)], TALKS
    )
    assert results(stage) == [None, "failed"]
    assert applications(call)[-1].startswith("hangup")


def test_a_control_id_names_one_recording_at_a_time(stage: Stage) -> None:
    """A second one of that id does not begin while the first runs, and does afterwards."""
    seen: list[Any] = []

    def note(run: ScriptRun) -> dict[str, Any]:
        seen.append((run.variables.get("record_call_result"), bool(run.variables.get("record_call_url"))))
        return {"url": "silence:0.2"}

    steps: Any = [
        ("record_call", {"control_id": "mine"}),
        ("record_call", {"control_id": "mine"}),
        ("play", note),
        ("stop_record_call", {"control_id": "mine"}),
        silence(0.3),
        ("record_call", {"control_id": "mine"}),
        ("play", note),
    ]
    stage.run(steps, TALKS)
    assert seen == [("failed", False), ("success", True)]


def test_a_terminator_ends_it_and_is_heard_by_others(stage: Stage) -> None:
    """Whoever collects digits gets it as well."""
    steps: Any = [("record_call", {"terminators": "#"}), silence(1.0)]
    stage.run(steps, TALKS, {"at": 0.3, "press": "1"}, {"at": 0.5, "press": "#"})
    assert ended_by(stage, stage.variables.get("record_call_url")) not in ("hangup", "unknown")
    assert stage.runs[0].call.dtmf.get() == "1#"


def test_a_beep_sounds_first(stage: Stage) -> None:
    """In early media too."""
    call = stage.run([("record_call", {"beep": True}), silence(0.2)], TALKS)
    ran = applications(call)
    assert ran[:2] == ["pre_answer", "playback tone_stream://%(500,0,440)"]
    assert ran[2].startswith("record_session ")


def test_one_just_stopped_is_played_back_whole(stage: Stage) -> None:
    """The example of the published page, with a shorter silence: both sides, then the same again."""
    first: list[str] = []

    def play_back(run: ScriptRun) -> dict[str, Any]:
        return {"urls": ["say:Playing back", first[0]]}

    def remember(run: ScriptRun) -> dict[str, Any]:
        first.append(run.variables.get("record_call_url"))
        return {}

    steps: Any = [
        ("record_call", {"beep": True, "terminators": "#"}),
        ("play", {"urls": ["say:Leave your message now", "silence:1"]}),
        ("stop_record_call", remember),
        ("record_call", {"direction": "listen"}),
        ("play", play_back),
        ("stop_record_call", {}),
    ]
    stage.run(steps, TALKS)
    recorded = stage.samples_of(first[0])
    heard = stage.samples_of(stage.variables.get("record_call_url"))
    assert len(recorded) > 8000
    assert recorded[:8000].tobytes() in heard.tobytes()


def test_one_that_still_runs_is_not_played(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not whole cannot be; the caller is not kept waiting."""
    monkeypatch.setattr("swml.sound_file.STOP_WAIT_S", 0.3)
    steps: Any = [
        ("record_call", {}),
        ("play", lambda run: {"urls": [run.variables.get("record_call_url"), "silence:0.1"]}),
    ]
    call = stage.run(steps, TALKS)
    assert [one for one in applications(call) if one.startswith("playback")] == [
        "playback silence_stream://100"
    ]


def test_one_that_cannot_begin_fails(stage: Stage) -> None:
    """At once, and the script goes on; nothing is there to be stopped."""
    steps: Any = [("record_call", {"status_url": STATUS}), ("stop_record_call", {}), silence(0.1)]
    stage.run(steps, TALKS, faults={"unwritable": True})
    assert results(stage) == ["failed", "failed"]
    assert stage.variables.get("record_call_url") == ""
    assert stage.told.states == ["error"]


def test_the_status_url_hears_of_it_under_its_control_id(stage: Stage) -> None:
    """That it runs, and how it ended."""
    steps: Any = [("record_call", {"status_url": STATUS, "control_id": "mine"}), silence(0.5)]
    stage.run(steps, TALKS)
    assert stage.told.states == ["recording", "finished"]
    assert {body["params"]["control_id"] for body in stage.told.bodies} == {"mine"}


def test_the_defaults_are_the_languages_own(stage: Stage) -> None:
    """Both directions in one channel; nothing but a stop ends it."""
    stage.run([("play", {"url": ""})], TALKS)
    made = request_of(stage.runs[-1], METHOD.schema().load({}), origin="swml : record_call")
    assert (made.format, made.direction, made.stereo) == ("wav", Direction.BOTH, False)
    assert (made.silence, made.terminators, made.follow_transfer) == (None, "", True)
    properties = {"stereo": True, "end_silence_timeout": 2, "input_sensitivity": 0}
    made = request_of(stage.runs[-1], METHOD.schema().load(properties), origin="")
    assert (made.stereo, made.silence) == (True, Silence(0, 2000, 6400))


def test_stereo_has_each_side_in_a_channel_of_its_own(stage: Stage) -> None:
    """The party left, what it hears right."""
    stage.run([("record_call", {"stereo": True}), silence(1.0)], TALKS)
    samples = stage.samples_of(stage.variables.get("record_call_url"))
    assert any(samples[::2])
    assert not any(samples[1::2])


@pytest.mark.parametrize("properties", [{"direction": "hear"}, {"control_id": 5}, {"name": "x"}])
def test_what_cannot_be_done_is_refused(properties: dict[str, Any]) -> None:
    """By the property's name."""
    with pytest.raises(ValidationError) as refused:
        load(METHOD, properties)
    assert refused.value.messages_dict.keys() == properties.keys()


def test_stop_takes_a_control_id_alone() -> None:
    """Nothing else can be said."""
    with pytest.raises(ValidationError):
        load(stop_record_call.METHOD, {"id": "x"})
