"""The examples of the published pages on playing, recording, asking and digits, as they stand, in YAML.

What they say is left as it is; only servers that are not ours are stood in for, and long silences shortened.
"""

from __future__ import annotations

import json

import pytest

from storage.outbox_delivery import StoredRecording
from swml.runner import How
from tests.storage.receiver import Answer, serving
from tests.swml.published import RECORD_AND_PLAY
from tests.swml.stage import Stage, applications

BOTH_SIDES = """
version: 1.0.0
sections:
  main:
    - record_call:
        beep: true
        terminators: '#'
    - play:
        urls:
          - 'say:Leave your message now'
          - 'silence:1'
    - stop_record_call: {}
    - play:
        urls:
          - 'say:Playing back'
          - '${record_call_url}'
"""

THE_SPEAKERS_SIDE = BOTH_SIDES.replace("terminators: '#'", "direction: speak")

MP3 = "version: 1.0.0\nsections: {main: [record_call: {format: mp3}, play: {url: 'silence:1'}]}"

DIGITS = """
version: 1.0.0
sections:
  main:
    - answer: {}
    - send_digits:
        digits: '012345'
    - play:
        url: 'say: ${send_digits_result}'
"""

REQUEST = """
version: 1.0.0
sections:
  main:
    - answer: {}
    - request:
        url: 'URL'
        method: GET
        save_variables: true
        timeout: 10
    - play:
        url: 'say: the title is: ${request_response.title}'
"""

SEVERAL = """
version: 1.0.0
sections:
  main:
    - play:
        volume: 20
        urls:
          - 'https://cdn.media.test/swml/audio.mp3'
          - 'say: this is something to say'
          - 'silence: 0.3'
          - 'ring:1.0:us'
"""

VOICES = """
version: 1.0.0
sections:
  main:
    - set:
        say_voice: Polly.Matthew
    - play:
        url: 'say:Hi, do I sound different?'
    - play:
        url: 'say:I don''t, do I?'
        say_voice: Polly.Salli
"""


def run(stage: Stage, document: str, *caller: dict[str, object]) -> list[str]:
    """Run a document to its end, and return what the channel ran."""
    ran = applications(stage.run(document, *caller))
    assert stage.ends[-1].how is How.FINISHED
    return ran


def recorded(stage: Stage) -> StoredRecording:
    """The only recording of the script."""
    (recording_id,) = stage.ends[-1].recordings
    return stage.outbox.recording(recording_id)


def test_record_some_audio_and_play_it_back(stage: Stage) -> None:
    """The caller ends it by hash; what is played is the file that was recorded."""
    said = "Start speaking after the beep. Press hash to end recording."
    ran = run(
        stage,
        RECORD_AND_PLAY,
        {"at": 0.0, "say": 20.0},
        {"after": {"event": "RECORD_START"}, "at": 1.0, "press": "#"},
    )
    path = recorded(stage).media.path
    assert ran[1] == f"speak flite|slt|{said}"
    assert ran[-3:] == [
        "speak flite|slt|Recording success. Playing back recording:",
        f"playback {path}",
        "hangup NORMAL_CLEARING",
    ]


@pytest.mark.parametrize("document", [BOTH_SIDES, THE_SPEAKERS_SIDE])
def test_record_in_the_background_and_play_back(stage: Stage, document: str) -> None:
    """The recording was stopped a moment ago, and is heard whole."""
    ran = run(stage, document)
    stored = recorded(stage)
    assert stored.metadata["callflows"]["ended_by"] == "stopped"
    assert ran[-2] == f"playback {stored.media.path}"


def test_start_an_mp3_recording_of_the_call(stage: Stage) -> None:
    """It runs to the end of the call."""
    run(stage, MP3)
    assert recorded(stage).media.path.suffix == ".mp3"


def test_send_digits(stage: Stage) -> None:
    """And say how it went."""
    ran = run(stage, DIGITS)
    assert ran[-3:-1] == ["send_dtmf 012345@250", "speak flite|slt|success"]


def test_make_a_get_request(stage: Stage) -> None:
    """And say what came back."""
    body = json.dumps({"id": 1, "title": "delectus aut autem"}).encode()
    with serving(Answer(200, {"Content-Type": "application/json"}, body)) as receiver:
        ran = run(stage, REQUEST.replace("URL", receiver.url("/todos/1")))
    assert ran[-2] == "speak flite|slt|the title is: delectus aut autem"


def test_play_several_with_their_volume(stage: Stage) -> None:
    """One after the other, the file among them."""
    assert run(stage, SEVERAL)[:-1] == [
        "answer",
        "set_audio_level write 4",
        "playback http_cache://https://cdn.media.test/swml/audio.mp3",
        "speak flite|slt|this is something to say",
        "playback silence_stream://300",
        "playback tone_stream://%(1000,0,440,480)",
        "set_audio_level write 0",
    ]


def test_choose_a_voice_for_all_and_for_one(stage: Stage) -> None:
    """By variable, and by property."""
    assert run(stage, VOICES)[1:3] == [
        "speak flite|rms|Hi, do I sound different?",
        "speak flite|slt|I don't, do I?",
    ]
