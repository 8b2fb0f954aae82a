"""record_caller: what is recorded, what ends it, and what a review makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event

from callflows.action import CONTINUE
from callflows.actions import record_caller
from calls.errors import CallGone
from recording.outcome import Verdict
from recording.request import AudioFormat, Direction, RecordingRequest, Silence
from storage.errors import StoreUnavailable
from tests.callflows.kit import House, NotedRecording, node
from tests.calls.scripted_switch import ScriptedSwitch, sound

STORED = {"media": {"store_recordings": True}}
REVIEW = "ivr/ivr-save_review_record.wav"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house that keeps recordings."""
    house = House(tmp_path, STORED)
    yield house
    house.close()


class Message:
    """One record_caller node at work."""

    def __init__(self, house: House, data: dict[str, Any], **answers: list[str]) -> None:
        """Args: answers: keys pressed during the sound whose path holds the word, in turn."""
        self.house = house
        self.switch = ScriptedSwitch()
        self._answers = answers
        self.switch.applications["playback"] = self._play
        self._run = house.run_on(self.switch.call(), node("record_caller", data))
        self.greenlet = gevent.spawn(self._act)

    def _act(self) -> Any:
        assert self._run.node.action is not None
        return self._run.node.action.run(self._run, self._run.node.data)

    def _play(self, switch: ScriptedSwitch, arg: str) -> dict[str, str] | None:
        for word, keys in self._answers.items():
            if word in arg and keys:
                switch.keys = [keys.pop(0)]
        return sound(switch, arg)

    def take(self, number: int = 1) -> NotedRecording:
        """Wait until so many takes have begun; the latest."""
        self.switch.wait_for(lambda: len(self.house.recorder.started) >= number)
        gevent.idle()
        return self.house.recorder.started[number - 1]

    def end(self) -> Any:
        """Its outcome."""
        return self.greenlet.get(timeout=5)

    @property
    def played(self) -> list[str]:
        """What was played."""
        return self.switch.arguments("playback")


def test_the_defaults_are_kazoos(house: House) -> None:
    """One voice, mono, any key, five seconds of silence, the longest limit there is."""
    message = Message(house, {})
    request = message.take().request
    assert request == RecordingRequest(
        format=AudioFormat.MP3,
        time_limit_s=10800,
        stereo=False,
        direction=Direction.SPEAK,
        sample_rate_hz=8000,
        silence=Silence(initial_ms=5000, final_ms=5000, threshold=200),
        origin="callflow : Main",
        follow_transfer=False,
    )
    message.switch.press("1")
    assert message.end() == CONTINUE
    assert message.switch.names == ["answer"]
    assert not house.recorder.running
    assert house.recorder.started[0].review is False


def test_a_message_is_not_interrupted_by_beeps(tmp_path: Path) -> None:
    """They are for those who talk to each other."""
    house = House(tmp_path, {**STORED, "recording": {"care": {"beep_every_s": 15}}})
    try:
        message = Message(house, {})
        assert message.take().request.beep_every_s == 0
        message.switch.press("1")
        message.end()
    finally:
        house.close()


def test_everything_can_be_said(house: House) -> None:
    """Each parameter becomes a field of the request."""
    data = {
        "format": "wav",
        "time_limit": 30,
        "url": "https://example.com/in",
        "method": "post",
        "media_id": "202601-m",
        "media_name": "m.wav",
        "label": "complaints",
        "silence_detection": False,
        "record_min_sec": 2,
        "record_sample_rate": 16000,
    }
    message = Message(house, data)
    found = message.take().request
    assert (found.format, found.time_limit_s, found.silence) == (AudioFormat.WAV, 30, None)
    assert (found.url, found.method) == ("https://example.com/in", "post")
    assert (found.media_id, found.media_name) == ("202601-m", "m.wav")
    assert (found.origin, found.min_s, found.sample_rate_hz) == ("callflow : complaints", 2, 16000)
    message.switch.press("#")
    message.end()


def test_prompt_and_beep_come_before_it(house: House) -> None:
    """A key that ends the prompt does not end the message, nor is it collected."""
    message = Message(house, {"prompt": "a/leave.wav", "beep": True}, leave=["5"])
    message.take()
    assert message.played == ["a/leave.wav", "tone_stream://%(500,0,440)"]
    assert not message.greenlet.ready()
    message.switch.press("9")
    message.end()
    assert message._run.call.dtmf.get() == ""


def test_only_its_terminators_end_it(house: House) -> None:
    """Others are dropped."""
    message = Message(house, {"terminators": ["#"]})
    message.take()
    message.switch.press("123")
    gevent.idle()
    assert not message.greenlet.ready()
    message.switch.press("#")
    assert message.end() == CONTINUE


@pytest.mark.parametrize("told_by", ["its own connection", "another"])
def test_the_end_of_the_recording_ends_the_wait(
    house: House, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    """Silence, the time limit, a command: whoever tells of it."""
    monkeypatch.setattr(record_caller, "LOOK_S", 0.05)
    message = Message(house, {"terminators": []})
    message.take().is_over = True
    if told_by == "its own connection":
        message.switch.event("RECORD_STOP")
    assert message.end() == CONTINUE


def test_a_recording_whose_end_nobody_tells_is_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is not kept waiting for ever."""
    monkeypatch.setattr(record_caller, "LOOK_S", 0.02)
    monkeypatch.setattr(record_caller, "OVERDUE_S", -0.95)
    message = Message(house, {"time_limit": 1, "terminators": []})
    message.take()
    assert message.end() == CONTINUE
    assert not house.recorder.running


def test_a_hangup_in_the_middle_keeps_what_was_said(house: House) -> None:
    """With a review to come or without."""
    for review in (False, True):
        message = Message(house, {"review": review})
        take = message.take(1 + review)
        message.switch.hang_up()
        with pytest.raises(CallGone):
            message.end()
        assert take.fate == "kept"


def test_nothing_is_recorded_where_nothing_would_be_stored(tmp_path: Path) -> None:
    """Not even answered; a URL of its own or a plan is a place."""
    house = House(tmp_path)
    try:
        message = Message(house, {})
        assert message.end() == CONTINUE
        assert message.switch.names == []
        message = Message(house, {"url": "https://example.com/"})
        message.take()
        message.switch.press("1")
        message.end()
        handler = {"handler": "http", "settings": {"url": "https://example.com/", "verb": "put"}}
        modb = {"types": {"call_recording": {"attachments": {"handler": "h"}}}}
        house.save({"_id": "system", "plan": {"modb": modb}, "attachments": {"h": handler}}, "system_data")
        message = Message(house, {})
        message.take(2)
        message.switch.press("1")
        message.end()
    finally:
        house.close()


def test_it_is_recorded_where_that_cannot_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather a message too many."""
    house = House(tmp_path)

    def away(*_: object) -> None:
        raise StoreUnavailable("the store is away")

    monkeypatch.setattr(house.store, "get", away)
    try:
        message = Message(house, {})
        message.take()
        message.switch.press("1")
        message.end()
    finally:
        house.close()


# -- the review -------------------------------------------------------------------------------------------


def reviewed(house: House, *keys: str, data: dict[str, Any] | None = None) -> tuple[Message, list[str]]:
    """Record with a review in which these keys are pressed; returns what became of each take."""
    message = Message(house, {"review": True, **(data or {})}, save_review_record=list(keys))
    takes = 1 + keys.count("3")
    for number in range(1, takes + 1):
        message.take(number)
        message.switch.press("#")
    assert message.end() == CONTINUE
    return message, [one.fate for one in house.recorder.started]


def test_a_message_is_saved(house: House) -> None:
    """1, and it is said."""
    message, fates = reviewed(house, "1")
    assert fates == ["kept"]
    assert message.played == [REVIEW, "voicemail/vm-saved.wav"]


def test_a_message_is_deleted(house: House) -> None:
    """7, as in Kazoo's voicemail."""
    message, fates = reviewed(house, "7")
    assert fates == ["the caller deleted it"]
    assert message.played == [REVIEW, "voicemail/vm-deleted.wav"]


def test_a_message_is_heard_and_saved(house: House) -> None:
    """2 plays the file FreeSWITCH wrote."""
    message, fates = reviewed(house, "2", "1")
    take = house.recorder.started[0]
    assert message.played == [REVIEW, str(take.path), REVIEW, "voicemail/vm-saved.wav"]
    assert fates == ["kept"]


def test_a_message_is_recorded_anew(house: House) -> None:
    """3: the discarded take is not stored; prompt and beep come again."""
    message, fates = reviewed(house, "3", "1", data={"beep": True})
    assert fates == ["the caller recorded it anew", "kept"]
    assert message.played.count("tone_stream://%(500,0,440)") == 2
    assert message._run.kvs.recordings == [one.id for one in house.recorder.started]


def test_a_caller_who_knows_the_question_need_not_wait_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys pressed while the take is looked at are answers."""
    heard = Event()

    def look(recording: NotedRecording, timeout_s: float) -> None:
        message._run.call.on("DTMF", lambda event: heard.set())
        message.switch.press("7")
        heard.wait(5)

    monkeypatch.setattr(NotedRecording, "wait_verified", look)
    message = Message(house, {"review": True})
    message.take()
    message.switch.press("#")
    message.end()
    assert house.recorder.started[0].fate == "the caller deleted it"
    assert message.played == ["voicemail/vm-deleted.wav"]


def test_four_answers_that_are_none_save_it(house: House) -> None:
    """The caller has something else to do."""
    message, fates = reviewed(house, "8", "9", "8", "9")
    assert fates == ["kept"]
    assert message.played.count(REVIEW) == 4


def test_takes_are_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one allowed is kept, whatever is pressed."""
    monkeypatch.setattr(record_caller, "MAX_TAKES", 2)
    message = Message(house, {"review": True}, save_review_record=["3", "3", "3", "3", "3"])
    for number in (1, 2):
        message.take(number)
        message.switch.press("#")
    message.end()
    assert [one.fate for one in house.recorder.started] == ["the caller recorded it anew", "kept"]


@pytest.mark.parametrize("verdict", [Verdict.DISCARDED, Verdict.FAILED])
def test_a_take_with_nothing_in_it_is_recorded_again(house: House, verdict: Verdict) -> None:
    """Too short, or not to be used: there is nothing to review."""
    message = Message(house, {"review": True}, save_review_record=["1"])
    message.take().verdict = verdict
    message.switch.press("#")
    message.take(2)
    message.switch.press("#")
    message.end()
    assert "voicemail/vm-too-small.wav" in message.played
    assert [one.fate for one in house.recorder.started] == ["kept", "kept"]


def test_a_hangup_during_the_review_keeps_it(house: House) -> None:
    """Whoever hangs up has left a message."""
    message = Message(house, {"review": True})
    message.take()
    message.switch.applications["playback"] = lambda switch, _: switch.hang_up()  # type: ignore[func-returns-value]
    message.switch.press("#")
    with pytest.raises(CallGone):
        message.end()
    assert house.recorder.started[0].fate == "kept"
