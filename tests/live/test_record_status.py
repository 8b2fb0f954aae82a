"""What observers are told of recordings of a running FreeSWITCH, and digits that end them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from calls.call import Call
from calls.digits import collect
from calls.reception import receive
from calls.signaling import answer, hangup
from esl.session import Session
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.request import AudioFormat, Observer, RecordingRequest
from swml.record_status import KIND
from tests.live.beside import Beside
from tests.storage.receiver import Receiver, serving
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

Houses = Callable[..., Beside]
SPEAKS = "&endless_playback(tone_stream://%(1000,0,300);loops=-1)"


def observed(receiver: Receiver, **options: Any) -> RecordingRequest:
    """A recording of which a receiver is told."""
    known = {"control_id": "c-1", "session_id": "s-1", "project_id": "p", "space_id": "sp", "node_id": "n"}
    observers = (Observer(KIND, {"url": receiver.url(), **known}),)
    return RecordingRequest(AudioFormat.WAV, 30, observers=observers, link_s=3600, **options)


def run(home: Beside, flow: Callable[[Call], None]) -> None:
    """Place a call on which the engine does this."""

    def handle(session: Session) -> None:
        call = receive(session)
        answer(call)
        flow(call)
        hangup(call)
        call.wait_complete(10)

    home.engine.listener._handle = handle
    home.call("1000", SPEAKS)


def press(home: Beside, call: Call, digit: str) -> None:
    """Have FreeSWITCH hear a digit from the caller."""
    home.link.api("uuid_recv_dtmf", f"{call.uuid} {digit}")


def params(receiver: Receiver) -> list[dict[str, Any]]:
    """What was told, in order."""
    return [json.loads(request.body)["params"] for request in receiver.requests]


def test_a_digit_ends_a_recording_and_its_observer_is_told(beside: Houses) -> None:
    """The digit is collected all the same; the URL in the last callback is the recording."""
    home = beside()
    found: list[Any] = []

    def flow(call: Call) -> None:
        recorder = home.engine.recorder
        recording = recorder.start(call, observed(receiver, terminators="#"))
        recording.wait_started(5)
        call.sleep(1.0)
        recorder.pause(call)
        call.sleep(0.5)
        recorder.resume(call)
        press(home, call, "1")
        press(home, call, "#")
        found.append(collect(call, 4, 2.0, 2.0).digits)
        found.append(recording.wait_verified(10))

    with serving() as receiver:
        run(home, flow)
        receiver.wait_for(lambda: len(receiver.requests) == 4)
        eventually(lambda: len(found) == 2)
        told = params(receiver)
        answer_ = requests.get(told[-1]["url"], timeout=10)
    assert [one["state"] for one in told] == ["recording", "paused", "recording", "finished"]
    digits, outcome = found
    assert digits == "1"
    assert isinstance(outcome, RecordingOutcome)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.DIGIT, Verdict.OK), outcome.reasons
    assert answer_.status_code == 200
    assert len(answer_.content) == told[-1]["size"]
    assert told[-1]["duration"] == pytest.approx(1.0, abs=0.3)
    assert 1.3 < told[-1]["end_time"] - told[-1]["start_time"] < 2.2
