"""record_call: what is asked of the recorder (reference sections 2.3 and 3.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from callflows.action import CONTINUE
from recording.request import AudioFormat, Direction, RecordingRequest, Silence
from tests.callflows.actions.test_simple import run
from tests.callflows.kit import House, node
from tests.calls.scripted_switch import UUID, ScriptedSwitch, missing, never


def request(
    root: Path, data: dict[str, Any], config: dict[str, dict[str, Any]] | None = None
) -> RecordingRequest:
    """What the recorder was asked for."""
    house = House(root, config)
    try:
        outcome, _ = run(house, ScriptedSwitch().call(), "record_call", {"action": "start", **data})
        assert outcome == CONTINUE
        return house.recorder.started[0].request
    finally:
        house.close()


def test_defaults_are_those_of_the_configuration(tmp_path: Path) -> None:
    """mp3 in stereo at 16 kHz, up to the longest allowed, by PUT, following transfers."""
    assert request(tmp_path, {}) == RecordingRequest(
        format=AudioFormat.MP3,
        time_limit_s=10800,
        stereo=True,
        direction=Direction.BOTH,
        sample_rate_hz=16000,
        min_s=0,
        media_name="",
        label="",
        origin="callflow : Main",
        url="",
        method="put",
        follow_transfer=True,
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Each parameter becomes a field of the request."""
    data = {
        "format": "wav",
        "time_limit": 60,
        "url": "https://example.com/in?x=1",
        "method": "post",
        "media_name": "my name.wav",
        "label": "complaints",
        "record_sample_rate": 8000,
        "record_min_sec": 3,
        "should_follow_transfer": False,
    }
    found = request(tmp_path, data)
    assert (found.format, found.time_limit_s, found.sample_rate_hz, found.min_s) == (
        AudioFormat.WAV,
        60,
        8000,
        3,
    )
    assert (found.url, found.method) == ("https://example.com/in?x=1", "post")
    assert (found.media_name, found.label, found.origin) == (
        "my name.wav",
        "complaints",
        "callflow : complaints",
    )
    assert not found.follow_transfer


@pytest.mark.parametrize(
    ("asked", "config", "limit_s"),
    [
        (None, {}, 10800),
        (None, {"media": {"max_recording_time_limit": 600}}, 600),
        (60, {}, 60),
        (60, {"media": {"max_recording_time_limit": 30}}, 30),
        (20000, {}, 10800),
        (3, {}, 3),
        (-5, {}, 10800),
        (0, {}, 3600),
        (0, {"ecallmgr": {"allow_endless_recording": True}}, None),
        ("90", {}, 90),
    ],
)
def test_the_limit_is_what_kazoo_makes_of_it(
    tmp_path: Path, asked: Any, config: dict[str, Any], limit_s: int | None
) -> None:
    """Given when below the longest, else the longest; 0 is endless only where that is allowed."""
    assert request(tmp_path, {"time_limit": asked}, config).time_limit_s == limit_s


@pytest.mark.parametrize(
    ("data", "config", "expected"),
    [
        ({"record_min_sec": -1}, {}, 0),
        ({}, {"media": {"record_min_sec": 4}}, 4),
        ({"record_min_sec": 0}, {"media": {"record_min_sec": 4}}, 0),
    ],
)
def test_the_minimum_is_the_documents_before_the_configurations(
    tmp_path: Path, data: dict[str, Any], config: dict[str, Any], expected: int
) -> None:
    """Never negative."""
    assert request(tmp_path, data, config).min_s == expected


def test_a_rate_freeswitch_cannot_write_is_the_default(tmp_path: Path) -> None:
    """A recording at another rate is better than none."""
    assert request(tmp_path, {"record_sample_rate": 7}).sample_rate_hz == 16000


def test_the_format_is_configured(tmp_path: Path) -> None:
    """media.call_recording.extension, where the document names none."""
    config = {"media": {"call_recording": {"extension": "wav"}}}
    assert request(tmp_path, {}, config).format is AudioFormat.WAV


def test_an_url_that_cannot_be_used_is_still_recorded(tmp_path: Path) -> None:
    """What becomes of it is decided, and told, where it is delivered."""
    assert request(tmp_path, {"url": "gopher://x"}).url == "gopher://x"


def test_a_stop_ends_the_newest(house: House) -> None:
    """One after the other; one too many does no harm."""
    call = ScriptedSwitch().call()
    for _ in range(2):
        run(house, call, "record_call", {"action": "start"})
    for left in (1, 0, 0):
        outcome, _ = run(house, call, "record_call", {"action": "stop"})
        assert outcome == CONTINUE
        assert len(house.recorder.running) == left


def test_recordings_are_remembered_by_the_run(house: House) -> None:
    """For the line in the log, and for what follows a transfer."""
    _, flow_run = run(
        house, ScriptedSwitch().call(), "record_call", {"action": "start", "should_follow_transfer": False}
    )
    assert flow_run.kvs.recordings == [house.recorder.started[0].id]
    assert flow_run.kvs.recording_follow_transfer is False


def test_everything_of_the_newer_schema_is_in_force(tmp_path: Path) -> None:
    """Deferral, silence, the document's id, mp4: each becomes a field of the request."""
    data = {
        "format": "mp4",
        "media_id": "202601-mine",
        "record_on_answer": True,
        "record_on_bridge": True,
        "silence_detection": True,
        "silence_initial_timeout": 8000,
        "silence_final_timeout": 3,
        "silence_threshold": 300,
        "beep_every_s": 15,
    }
    found = request(tmp_path, data)
    assert (found.format, found.media_id) == (AudioFormat.MP4, "202601-mine")
    assert (found.on_answer, found.on_bridge) == (True, True)
    assert found.silence == Silence(initial_ms=8000, final_ms=3000, threshold=300)
    assert found.beep_every_s == 15


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"media_id": "../etc/passwd"}, "media_id", ""),
        ({"silence_detection": False, "silence_final_timeout": 3000}, "silence", None),
        ({"silence_detection": True}, "silence", Silence(0, 5000, 200)),
        ({"silence_detection": True, "silence_threshold": 99999}, "silence", Silence(0, 5000, 200)),
        ({"beep_every_s": -3}, "beep_every_s", 0),
    ],
)
def test_what_cannot_be_used_costs_no_recording(
    tmp_path: Path, data: dict[str, Any], field: str, value: Any
) -> None:
    """The default is taken."""
    assert getattr(request(tmp_path, data), field) == value


@pytest.mark.parametrize("data", [{"format": "ogg"}, {"method": "patch"}, {"time_limit": "long"}])
def test_data_that_is_refused_is_recorded_with_defaults(house: House, data: dict[str, Any]) -> None:
    """As Kazoo's code does; validating the document tells the fault."""
    flow_run = house.run_on(ScriptedSwitch().call(), node("record_call", {"action": "begin", **data}))
    assert flow_run.node.faults == ()
    assert flow_run.node.action is not None
    assert flow_run.node.action.run(flow_run, flow_run.node.data) == CONTINUE
    assert house.recorder.started[0].request.format is AudioFormat.MP3


def test_toggle_starts_what_does_not_run_and_stops_what_does(house: House) -> None:
    """Of any recording without a name, of those of its name with one."""
    call = ScriptedSwitch().call()

    def toggle(**data: Any) -> list[str]:
        run(house, call, "record_call", {"action": "toggle", **data})
        return [one.request.media_name for one in house.recorder.running]

    assert toggle(media_name="a") == ["a"]
    assert toggle(media_name="b") == ["a", "b"]
    assert toggle(media_name="a") == ["b"]
    assert toggle() == []
    assert toggle() == [""]


def test_a_stop_by_name_takes_that_one_or_none(house: House) -> None:
    """A recording that has ended does not cost another its end."""
    call = ScriptedSwitch().call()
    for name in ("a", "b"):
        run(house, call, "record_call", {"action": "start", "media_name": name})
    run(house, call, "record_call", {"action": "stop", "media_name": "a"})
    run(house, call, "record_call", {"action": "stop", "media_name": "a"})
    assert [one.request.media_name for one in house.recorder.running] == ["b"]


@pytest.mark.parametrize("action", ["mask", "unmask", "pause", "resume"])
def test_recordings_are_steered_by_name_or_the_newest(house: House, action: str) -> None:
    """Nothing to steer does no harm."""
    call = ScriptedSwitch().call()
    assert run(house, call, "record_call", {"action": action})[0] == CONTINUE
    for name in ("a", "b"):
        run(house, call, "record_call", {"action": "start", "media_name": name})
    first, second = (one.id for one in house.recorder.started)
    run(house, call, "record_call", {"action": action})
    run(house, call, "record_call", {"action": action, "media_name": "a"})
    assert house.recorder.steered == [(action, second), (action, first)]


# -- announcements ----------------------------------------------------------------------------------------


def announced(house: House, switch: ScriptedSwitch, data: dict[str, Any]) -> list[str]:
    """Start with these parameters; returns the commands sent, settings aside."""
    call = switch.call()
    run(house, call, "record_call", {"action": "start", **data})
    if not call.is_ended:
        call.execute("eval")
    return [f"{app} {arg}".strip() for app, arg, _ in switch.commands if app not in ("set", "eval")]


def test_an_announcement_is_played_into_the_recording(house: House) -> None:
    """After its start, without a key that ends it, and told in its timeline."""
    switch = ScriptedSwitch(Answer_State="answered")
    assert announced(house, switch, {"announcement": "a/told.wav"}) == ["playback a/told.wav"]
    assert switch.variables["playback_terminators"] == "none"
    assert house.recorder.marks == [("announced", {"media": "a/told.wav"})]
    assert len(house.recorder.running) == 1


def test_an_unanswered_call_hears_it_without_being_answered(house: House) -> None:
    """The media is opened, the call is not charged."""
    assert announced(house, ScriptedSwitch(), {"announcement": "a/told.wav"}) == [
        "pre_answer",
        "playback a/told.wav",
    ]


def test_the_configuration_has_an_announcement_for_those_that_say_nothing(tmp_path: Path) -> None:
    """An empty one of the document's own means none."""
    house = House(tmp_path, {"recording": {"care": {"announcement": "tone_stream://%(200,0,500)"}}})
    try:
        assert "playback tone_stream://%(200,0,500)" in announced(house, ScriptedSwitch(), {})
        assert announced(house, ScriptedSwitch(), {"announcement": ""}) == []
    finally:
        house.close()


@pytest.mark.parametrize("media", ["a/gone.wav", "no-such-document"])
def test_an_announcement_that_is_not_there_costs_nothing(house: House, media: str) -> None:
    """It is said in the log, and nothing is claimed in the timeline."""
    switch = ScriptedSwitch(Answer_State="answered")
    switch.applications["playback"] = missing
    with capture_logs() as logs:
        announced(house, switch, {"announcement": media})
    assert "announcement_not_played" in [line["event"] for line in logs]
    assert house.recorder.marks == []
    assert len(house.recorder.running) == 1


def test_a_refused_playback_costs_nothing(house: House) -> None:
    """FreeSWITCH may be in any state; the recording runs."""
    switch = ScriptedSwitch(Answer_State="answered")
    switch.refused.add("playback")
    announced(house, switch, {"announcement": "a/told.wav"})
    assert house.recorder.marks == []
    assert len(house.recorder.running) == 1


def test_a_caller_who_hangs_up_during_the_announcement_ends_the_flow(house: House) -> None:
    """Like anywhere else."""
    switch = ScriptedSwitch(Answer_State="answered")
    switch.applications["playback"] = never
    walking = house.walking(
        switch, node("record_call", {"action": "start", "announcement": "a/b.wav"}), "record_call"
    )
    switch.wait_run("playback")
    switch.hang_up()
    walking.get(timeout=5)
    assert house.recorder.marks == []


def test_a_recording_that_waits_for_the_answer_is_announced_when_it_begins(house: House) -> None:
    """The flow goes on meanwhile; the announcement interrupts what it does then."""
    switch = ScriptedSwitch()
    data = {"announcement": "a/told.wav", "record_on_answer": True}
    assert announced(house, switch, data) == []
    house.recorder.started[0].begins.set()
    switch.wait_for(lambda: bool(house.recorder.marks))
    assert switch.commands[-1] == ("playback", "a/told.wav", False)
    assert house.recorder.marks == [("announced", {"media": "a/told.wav"})]


def test_a_recording_that_never_begins_is_not_announced(house: House) -> None:
    """The call was over before."""
    switch = ScriptedSwitch()
    announced(house, switch, {"announcement": "a/told.wav", "record_on_answer": True})
    house.recorder.started[0].is_over = True
    house.recorder.started[0].begins.set()
    gevent.idle()
    assert house.recorder.marks == []


@pytest.mark.parametrize(
    ("media", "line"),
    [
        ("a/told.wav", f"api uuid_broadcast {UUID} a/told.wav both"),
        ("a/told you.wav", ""),
        ("a/hangup::NORMAL_CLEARING", ""),
        ("a/!b", ""),
    ],
)
def test_both_sides_of_a_bridge_hear_it(house: House, media: str, line: str) -> None:
    """Nothing that FreeSWITCH would read as anything but the name of a sound is sent."""
    switch = ScriptedSwitch(Answer_State="answered")
    call = switch.call()
    run(house, call, "record_call", {"action": "start", "announcement": media, "record_on_bridge": True})
    switch.event("CHANNEL_BRIDGE")
    switch.wait_for(lambda: call.is_bridged)
    with capture_logs() as logs:
        house.recorder.started[0].begins.set()
        switch.wait_for(lambda: bool(house.recorder.marks or logs))
    told = [text for text in switch.lines if text.startswith("api ")]
    assert told == ([line] if line else [])
    assert house.recorder.marks == ([("announced", {"media": media, "to": "both"})] if line else [])
