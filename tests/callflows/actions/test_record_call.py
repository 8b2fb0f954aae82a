"""record_call: what is asked of the recorder (reference sections 2.3 and 3.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callflows.action import CONTINUE
from recording.request import AudioFormat, Direction, RecordingRequest
from tests.callflows.actions.test_simple import run
from tests.callflows.kit import House
from tests.calls.scripted_switch import ScriptedSwitch


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
