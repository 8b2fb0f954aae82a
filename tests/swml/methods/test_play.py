"""What play lets a caller hear, in which order, how loud, in which voice, and what it tells."""

from __future__ import annotations

import time
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError
from structlog.testing import capture_logs

from storage.address import AddressPolicy
from swml.methods.play import METHOD
from tests.storage.receiver import resolved_here, resolved_in_public
from tests.swml.stage import Stage, applications, load

STATUS = "https://status.test/play"


def sound(stage: Stage, name: str = "hello.wav", seconds: float = 0.2) -> str:
    """Make a sound file of the switch, and return its name."""
    path = stage.sounds / name
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\1" * int(8000 * seconds))
    return str(path)


def play(stage: Stage, properties: dict[str, Any], *caller: dict[str, Any]) -> list[str]:
    """Play on a call, and return what the channel ran but for its end."""
    ran = applications(stage.run([("play", properties)], *caller))
    return [one for one in ran if not one.startswith("hangup")]


def test_silence_and_ring_tones_are_heard_in_order(stage: Stage) -> None:
    """Each for as long as it says; the call is answered first."""
    started_s = time.monotonic()
    ran = play(stage, {"urls": ["silence:0.2", "ring:0.1:us", "silence: 0.1"]})
    assert ran == [
        "answer",
        "playback silence_stream://200",
        "playback tone_stream://%(100,0,440,480)",
        "playback silence_stream://100",
    ]
    assert time.monotonic() - started_s >= 0.4


def test_no_silence_is_none(stage: Stage) -> None:
    """FreeSWITCH would be silent for ever."""
    assert play(stage, {"url": "silence:0"}) == ["answer"]


def test_early_media_is_not_answered(stage: Stage) -> None:
    """With auto_answer false the media opens, and that is all."""
    assert play(stage, {"url": "silence:0.1", "auto_answer": False}) == [
        "pre_answer",
        "playback silence_stream://100",
    ]


@pytest.mark.parametrize(
    ("properties", "spoken"),
    [
        ({}, "flite|slt|Hello"),
        ({"say_voice": "Polly.Salli"}, "flite|slt|Hello"),
        ({"say_voice": "Polly.Matthew"}, "flite|rms|Hello"),
        ({"say_voice": "Polly.Matthew", "say_gender": "female"}, "flite|slt|Hello"),
        ({"say_gender": "male"}, "flite|rms|Hello"),
        ({"say_gender": "male", "say_language": "en-GB"}, "flite|awb|Hello"),
        ({"say_voice": "flite.kal"}, "flite|kal|Hello"),
        ({"say_voice": "gcloud.en-US-Neural2-A"}, "flite|slt|Hello"),
    ],
)
def test_texts_are_said_by_the_voice_that_comes_nearest(
    stage: Stage, properties: dict[str, str], spoken: str
) -> None:
    """Clouds' voices become FreeSWITCH's of that gender."""
    assert play(stage, {"url": "say:Hello", **properties}) == ["answer", f"speak {spoken}"]


def test_variables_choose_the_voice_where_the_method_does_not(stage: Stage) -> None:
    """`set: say_gender` holds for all that follows, until a method says otherwise."""
    steps: Any = [
        ("play", lambda run: run.variables.set("say_gender", "male") or {"url": "say:One"}),
        ("play", {"url": "say:Two", "say_gender": "female"}),
    ]
    ran = applications(stage.run(steps))
    assert [one for one in ran if one.startswith("speak")] == ["speak flite|rms|One", "speak flite|slt|Two"]


def test_a_text_keeps_its_words(stage: Stage) -> None:
    """Separators, variables' signs and line breaks are words like others."""
    ran = play(stage, {"url": "say: a|b ${uuid} $1\n'q' \\n"})
    assert ran == ["answer", "speak flite|slt|a|b ${uuid} $1 'q' \\n"]


def test_where_there_is_no_speech_engine_the_script_goes_on(tmp_path: Path) -> None:
    """It is said in the log and to the status URL; what follows is heard."""
    stage = Stage(tmp_path, {"speech": {"tts_provider": "polly", "tts_voice": "Salli"}})
    with capture_logs() as logs:
        ran = play(stage, {"urls": ["say:Hello", "silence:0.1"], "status_url": STATUS})
    stage.close()
    assert ran == ["answer", "speak polly|Salli|Hello", "playback silence_stream://100"]
    (line,) = [line for line in logs if line["event"] == "speech_not_heard"]
    assert (line["engine"], line["voice"]) == ("polly", "Salli")
    assert stage.told.states == ["playing", "error"]


def test_files_are_fetched_by_freeswitch_through_its_cache(stage: Stage) -> None:
    """One that it cannot get is passed over; its credentials are not in the log."""
    with capture_logs() as logs:
        ran = play(stage, {"urls": ["https://u:secret@media.test/a.mp3?key=k", "silence:0.1"]})
    assert ran == [
        "answer",
        "playback http_cache://https://u:secret@media.test/a.mp3?key=k#.mp3",
        "playback silence_stream://100",
    ]
    (line,) = [line for line in logs if line["event"] == "media_missing"]
    assert line["media"] == "https://***@media.test/a.mp3?key=***"


def test_the_cache_is_used_as_configured(tmp_path: Path) -> None:
    """Without it FreeSWITCH gets the URL itself."""
    stage = Stage(tmp_path, {"ecallmgr": {"use_http_cache": False}})
    ran = play(stage, {"url": "http://media.test/a.wav"})
    stage.close()
    assert ran == ["answer", "playback http://media.test/a.wav"]


@pytest.mark.parametrize(("volume", "level"), [(20, 4), (40, 4), (-40, -4), (2, 1), (-2, -1), (7, 2)])
def test_volume_is_the_nearest_step_while_it_plays(stage: Stage, volume: float, level: int) -> None:
    """And is taken back afterwards, also for what others play."""
    assert play(stage, {"url": "silence:0.1", "volume": volume}) == [
        "answer",
        f"set_audio_level write {level}",
        "playback silence_stream://100",
        "set_audio_level write 0",
    ]


def test_no_volume_changes_nothing(stage: Stage) -> None:
    """A small gain neither."""
    assert play(stage, {"url": "silence:0.1", "volume": 0.9}) == ["answer", "playback silence_stream://100"]


def test_the_status_url_hears_the_beginning_and_the_end(stage: Stage) -> None:
    """Under one control id."""
    play(stage, {"url": "silence:0.1", "status_url": STATUS})
    first, last = stage.told.bodies
    assert (first["event_type"], stage.told.states) == ("calling.call.play", ["playing", "finished"])
    assert first["params"]["control_id"] == last["params"]["control_id"]
    assert first["params"].keys() == {"call_id", "node_id", "control_id", "state"}
    assert first["params"]["call_id"] == stage.runs[0].call.uuid


def test_nothing_is_passed_over(stage: Stage) -> None:
    """As the URL of a recording that failed is, or a variable that was never set."""
    assert play(stage, {"urls": ["", "silence:0.1"]}) == ["answer", "playback silence_stream://100"]
    assert play(stage, {"url": ""}) == ["answer"]
    assert play(stage, {"url": None}) == ["answer"]


def test_a_hangup_ends_it(stage: Stage) -> None:
    """In the middle of one; the rest is not tried, and the end is told."""
    properties = {"urls": ["silence:10", "silence:5"], "status_url": STATUS}
    assert play(stage, properties, {"at": 0.3, "hang_up": "NORMAL_CLEARING"}) == [
        "answer",
        "playback silence_stream://10000",
    ]
    assert stage.told.states == ["playing", "finished"]


def test_keys_do_not_end_it(stage: Stage) -> None:
    """They are kept for whoever asks for digits."""
    started_s = time.monotonic()
    play(stage, {"url": "silence:0.6"}, {"at": 0.2, "press": "12#"})
    assert time.monotonic() - started_s >= 0.6


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"url": "silence:1", "urls": ["silence:1"]},
        {"url": "ftp://host/file"},
        {"url": "file.wav"},
        {"url": "/etc/passwd"},
        {"url": "silence:long"},
        {"url": "silence:1.2.3"},
        {"url": "silence:1000000"},
        {"url": "ring:xx"},
        {"url": "ring:1.5:"},
        {"url": "say:" + "x" * 30_000},
        {"url": "{x=y}https://host/file"},
        {"url": "https://host/a b"},
        {"urls": "silence:1"},
        {"url": "silence:1", "volume": 41},
        {"url": "silence:1", "volume": "loud"},
        {"url": "silence:1", "status_url": "ftp://host/"},
        {"url": "silence:1", "loop": 2},
    ],
)
def test_what_cannot_be_played_is_refused(properties: dict[str, Any]) -> None:
    """Before anything is heard."""
    with pytest.raises(ValidationError):
        load(METHOD, properties)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.3/hello.wav",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00::1]/hello.wav",
        "http://0x0a000001/hello.wav",
        f"http://{'a' * 70}.test/hello.wav",
    ],
)
def test_freeswitch_is_not_sent_where_documents_must_not_lead(stage: Stage, url: str) -> None:
    """It would fetch from inside the network, and the caller hear what is there; what follows is heard."""
    with capture_logs() as logs:
        ran = play(stage, {"urls": [url, "silence:0.1"], "status_url": STATUS})
    assert ran == ["answer", "playback silence_stream://100"]
    (line,) = [line for line in logs if line["event"] == "media_missing"]
    assert (line["media"], "address" in line["reason"] or "host" in line["reason"]) == (url, True)
    assert stage.told.states == ["playing", "error"]


def test_a_name_is_judged_by_where_it_leads(stage: Stage) -> None:
    """A public name of a private address is no way around; a public address is FreeSWITCH's to fetch from."""
    stage.facilities = replace(stage.facilities, addresses=AddressPolicy(lookup=resolved_here))
    refused = play(stage, {"url": "http://inside.test/hello.wav"})
    stage.facilities = replace(stage.facilities, addresses=AddressPolicy(lookup=resolved_in_public))
    assert refused == ["answer"]
    assert play(stage, {"url": "http://outside.test/hello.wav"}) == [
        "answer",
        "playback http_cache://http://outside.test/hello.wav",
    ]
