"""What `status_url` is told and what `record_url` leads to, through a whole engine and real HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from recording.outcome import EndedBy
from tests.scenarios.likeness import samples_of, share_like
from tests.scenarios.swml_ground import SILENT, ScriptGround, bodies
from tests.storage.receiver import Answer, Received, Receiver, serving

pytestmark = pytest.mark.timeout(90)

ENVELOPE = {"event_type", "event_channel", "timestamp", "project_id", "space_id", "params"}
ALWAYS = {"state", "control_id", "call_id", "node_id", "url", "recording_id", "record"}
MEDIA = {"duration", "size"}
TIMES = {"start_time", "end_time"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where callbacks and requests of scripts go; it answers with JSON."""
    with serving(Answer(200, {"Content-Type": "application/json"}, b'{"was": "heard"}')) as receiver:
        yield receiver


def callbacks(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    """Wait for so many status callbacks, and return them in the order in which they came."""

    def arrived() -> list[dict[str, Any]]:
        return [body for body in bodies(receiver) if "event_type" in body]

    receiver.wait_for(lambda: len(arrived()) >= count)
    return arrived()


@pytest.mark.parametrize("extension", ["wav", "mp3"])
def test_a_message_is_told_as_published(
    ground_of_module: ScriptGround, receiver: Receiver, extension: str
) -> None:
    """recording, then finished, with exactly the published fields; the URL in both is that of the file."""
    record = {"status_url": receiver.url("/status"), "format": extension, "max_length": 1.5}
    talk = ground_of_module.run({"sections": {"main": [{"record": record}]}})
    first, last = callbacks(receiver, 2)
    (outcome,) = talk.outcomes()

    for body in (first, last):
        assert set(body) == ENVELOPE
        assert body["event_type"] == "calling.call.record"
        kind, _, session = body["event_channel"].partition(":")
        assert (kind, str(uuid.UUID(session))) == ("swml", session)
        assert isinstance(body["timestamp"], float)
        assert body["params"]["call_id"] == talk.uuid
        assert body["params"]["recording_id"] == outcome.recording_id
        assert body["params"]["record"] == {
            "audio": {"format": extension, "direction": "speak", "stereo": False}
        }
    begun, ended = first["params"], last["params"]
    assert set(begun) == ALWAYS
    assert set(ended) == ALWAYS | MEDIA | TIMES
    assert (begun["state"], ended["state"]) == ("recording", "finished")
    assert begun["control_id"] == ended["control_id"]
    assert first["timestamp"] <= last["timestamp"]
    file = requests.get(ended["url"], timeout=10)
    assert len(file.content) == ended["size"]
    assert file.headers["Content-Type"] == {"wav": "audio/wav", "mp3": "audio/mpeg"}[extension]
    assert ended["duration"] == pytest.approx(1.5, abs=0.25)
    assert ended["end_time"] - ended["start_time"] == pytest.approx(1.5, abs=0.4)


def test_nobody_speaks(ground_of_module: ScriptGround, receiver: Receiver) -> None:
    """It is told as no_input, with the length and size of what there is."""
    record = {"status_url": receiver.url("/status"), "initial_timeout": 1.0}
    ground_of_module.run({"sections": {"main": [{"record": record}]}}, caller=SILENT)
    assert [body["params"]["state"] for body in callbacks(receiver, 2)] == ["recording", "no_input"]
    assert set(callbacks(receiver, 2)[-1]["params"]) == ALWAYS | MEDIA | TIMES


def test_two_in_the_background_are_told_each_in_order(
    ground_of_module: ScriptGround, receiver: Receiver
) -> None:
    """Under their control ids; one is stopped by its id, the other ends with the call."""
    status = receiver.url("/status")
    main: list[dict[str, Any]] = [
        {"record_call": {"control_id": "one", "status_url": status, "stereo": True}},
        {"record_call": {"control_id": "two", "status_url": status, "direction": "listen"}},
        {"play": {"urls": ["ring:1.0:us"]}},
        {"stop_record_call": {"control_id": "one"}},
        {"play": {"url": "silence:0.5"}},
    ]
    ground_of_module.run({"sections": {"main": main}}).outcomes()
    told = [(body["params"]["control_id"], body["params"]["state"]) for body in callbacks(receiver, 4)]
    assert [state for control_id, state in told if control_id == "one"] == ["recording", "finished"]
    assert [state for control_id, state in told if control_id == "two"] == ["recording", "finished"]
    audio = {body["params"]["control_id"]: body["params"]["record"]["audio"] for body in bodies(receiver)}
    assert audio["one"] == {"format": "wav", "direction": "both", "stereo": True}
    assert audio["two"] == {"format": "wav", "direction": "listen", "stereo": False}


def test_a_key_ends_a_recording_in_the_background_and_is_collected(
    ground_of_module: ScriptGround, receiver: Receiver
) -> None:
    """The recording is over at once; the prompt that waits gets every digit, the terminator too."""
    main: list[dict[str, Any]] = [
        {"record_call": {"terminators": "#", "control_id": "mine"}},
        {
            "prompt": {
                "play": "silence:0.5",
                "max_digits": 9,
                "terminators": "*",
                "initial_timeout": 15,
                "digit_timeout": 5,
            }
        },
        {"play": {"url": "silence:1.5"}},
        {"request": {"url": receiver.url(), "method": "POST", "body": {"digits": "${prompt_value}"}}},
    ]
    talk = ground_of_module.run({"sections": {"main": main}})
    recording = talk.wait_recording()
    talk.phone.press("1#2*")
    outcome = recording.wait_finished(20)
    assert outcome is not None
    assert outcome.ended_by is EndedBy.DIGIT
    receiver.wait_for(lambda: receiver.requests)
    assert bodies(receiver) == [{"digits": "1#2"}]
    assert outcome.duration_ms < talk.report().duration_s * 1000 - 1_000


def test_a_link_works_while_the_recording_runs(ground_of_module: ScriptGround, receiver: Receiver) -> None:
    """It says that it is not done yet; once stopped, it is the recording, whole, and is played as such."""
    answers: list[requests.Response] = []

    def ask(request: Received) -> None:
        answers.append(requests.get(json.loads(request.body)["url"], timeout=10))

    receiver.judge = ask
    tell = {"request": {"url": receiver.url(), "method": "POST", "body": {"url": "${record_call_url}"}}}
    play = {"play": {"url": "${record_call_url}"}}
    main = [
        {"answer": {}},
        {"record_call": {"direction": "speak"}},
        {"play": {"url": "silence:2"}},
        tell,
        {"stop_record_call": {}},
        tell,
        play,
    ]
    talk = ground_of_module.run({"sections": {"main": main}})
    heard, said = talk.sound()
    running, done = answers
    assert running.status_code == 202
    assert int(running.headers["Retry-After"]) > 0
    assert done.status_code == 200
    assert share_like(samples_of(done.content), said) > 0.7
    assert share_like(samples_of(done.content), heard) >= 0.9
