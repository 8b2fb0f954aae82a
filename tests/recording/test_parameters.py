"""Parameters become a request by Kazoo's rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from recording.parameters import resolve
from recording.request import AudioFormat, Direction, RecordingRequest, Silence, Transcription
from tests.recording.samples import Values

ENDLESS = {("ecallmgr", "allow_endless_recording"): True}
TRANSCRIBED = {
    ("recording", "processing", "transcript_engine"): "pocketsphinx",
    ("recording", "processing", "transcript_language"): "en-US",
}
NO_MAXIMUM = {("media", "max_recording_time_limit"): 0}


def test_defaults_are_those_of_system_config() -> None:
    """A record_call without parameters is Kazoo's."""
    assert resolve({}, Values()) == RecordingRequest(
        format=AudioFormat.MP3, time_limit_s=10_800, stereo=True, sample_rate_hz=16_000, follow_transfer=True
    )


@pytest.mark.parametrize(
    ("parameters", "changes", "field", "value"),
    [
        ({"format": "wav"}, {}, "format", AudioFormat.WAV),
        ({"format": "WAV"}, {}, "format", AudioFormat.WAV),
        ({"format": "mp4"}, {}, "format", AudioFormat.MP4),
        ({"format": "ogg"}, {}, "format", AudioFormat.MP3),
        ({"record_on_answer": True}, {}, "on_answer", True),
        ({"record_on_bridge": "true"}, {}, "on_bridge", True),
        ({"media_id": "202611-abc"}, {}, "media_id", "202611-abc"),
        ({"media_id": "../etc"}, {}, "media_id", ""),
        ({"media_id": "_design/x"}, {}, "media_id", ""),
        ({"silence_final_timeout": 3000}, {}, "silence", None),
        ({"silence_detection": True}, {}, "silence", Silence(0, 5_000, 200)),
        ({"silence_detection": True, "silence_final_timeout": 3}, {}, "silence", Silence(0, 3_000, 200)),
        ({"silence_detection": True, "silence_final_timeout": 3000}, {}, "silence", Silence(0, 3_000, 200)),
        ({"silence_detection": True, "silence_final_timeout": 0}, {}, "silence", None),
        (
            {"silence_detection": True, "silence_initial_timeout": 10, "silence_threshold": 500},
            {},
            "silence",
            Silence(10_000, 5_000, 500),
        ),
        ({"silence_detection": True, "silence_threshold": 99_999}, {}, "silence", Silence(0, 5_000, 200)),
        ({"silence_detection": True, "silence_threshold": 0}, {}, "silence", Silence(0, 5_000, 200)),
        ({"beep_every_s": 15}, {}, "beep_every_s", 15),
        ({}, {("recording", "care", "beep_every_s"): 30}, "beep_every_s", 30),
        ({}, {("recording", "processing", "trim_silence"): True}, "trim_silence", True),
        ({}, {("recording", "processing", "transcript_language"): "en-US"}, "transcript", None),
        ({}, TRANSCRIBED, "transcript", Transcription("en-US")),
        ({}, {("media", "call_recording", "extension"): "wav"}, "format", AudioFormat.WAV),
        ({"media_name": "x.wav"}, {}, "format", AudioFormat.WAV),
        ({"media_name": "x.wav", "format": "mp3"}, {}, "format", AudioFormat.MP3),
        ({"media_name": "x.ogg"}, {}, "format", AudioFormat.MP3),
        ({"time_limit": 30}, {}, "time_limit_s", 30),
        ({"time_limit": "30"}, {}, "time_limit_s", 30),
        ({"time_limit": 3}, {}, "time_limit_s", 3),
        ({"time_limit": 20_000}, {}, "time_limit_s", 10_800),
        ({"time_limit": -1}, {}, "time_limit_s", 10_800),
        ({"time_limit": True}, {}, "time_limit_s", 10_800),
        ({"time_limit": 0}, {}, "time_limit_s", 3_600),
        ({"time_limit": 0}, ENDLESS, "time_limit_s", None),
        ({}, NO_MAXIMUM, "time_limit_s", 3_600),
        ({}, {**NO_MAXIMUM, **ENDLESS}, "time_limit_s", None),
        ({"time_limit": 20_000}, NO_MAXIMUM, "time_limit_s", 20_000),
        ({"record_min_sec": 5}, {}, "min_s", 5),
        ({}, {("media", "record_min_sec"): 7}, "min_s", 7),
        ({"record_min_sec": 0}, {("media", "record_min_sec"): 7}, "min_s", 0),
        ({"record_sample_rate": 8000}, {}, "sample_rate_hz", 8000),
        ({"record_sample_rate": "48000"}, {}, "sample_rate_hz", 48000),
        ({"record_sample_rate": 12345}, {}, "sample_rate_hz", 16_000),
        ({}, {("ecallmgr", "record_stereo_sample_rate"): 9999}, "sample_rate_hz", None),
        ({"url": "https://a.example"}, {}, "url", "https://a.example"),
        ({"method": "POST"}, {}, "method", "post"),
        ({"method": "patch"}, {}, "method", "put"),
        ({"label": "sales"}, {}, "label", "sales"),
        ({"label": 7}, {}, "label", ""),
        ({"should_follow_transfer": False}, {}, "follow_transfer", False),
        ({"should_follow_transfer": "false"}, {}, "follow_transfer", False),
        ({"should_follow_transfer": "perhaps"}, {}, "follow_transfer", True),
        ({"origin": "theirs"}, {}, "origin", "theirs"),
    ],
)
def test_parameter(
    parameters: dict[str, Any], changes: dict[tuple[str, ...], Any], field: str, value: Any
) -> None:
    """Each parameter is taken, limited or replaced by its default."""
    assert getattr(resolve(parameters, Values(changes)), field) == value


def test_mono_has_a_rate_of_its_own() -> None:
    """One side, or both mixed, is recorded at the mono rate."""
    assert resolve({}, Values(), stereo=False).sample_rate_hz == 8_000
    one_side = resolve({}, Values(), direction=Direction.SPEAK)
    assert (one_side.stereo, one_side.sample_rate_hz) == (False, 8_000)


def test_origin_of_the_caller_counts() -> None:
    """Who starts the recording says where it comes from; `origin` in a document is read-only."""
    assert resolve({"origin": "theirs"}, Values(), origin="callflow : main").origin == "callflow : main"


def test_what_is_passed_over_is_logged() -> None:
    """A value that cannot be used is named, not repeated."""
    with capture_logs() as logs:
        resolve({"time_limit": "soon"}, Values())
    assert [(line["event"], line["parameter"]) for line in logs] == [
        ("recording_parameter_passed_over", "time_limit")
    ]


@given(
    st.dictionaries(
        st.sampled_from(["format", "time_limit", "record_min_sec", "url", "method", "media_name"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_any_document_makes_a_request(parameters: dict[str, Any]) -> None:
    """Nothing in a document keeps a call from being recorded."""
    request = resolve(parameters, Values())
    assert request.time_limit_s is not None
    assert request.time_limit_s > 0
    assert request.method in ("put", "post")
