"""Legs recorded by their names: held by whom ever, refused, deferred, left behind by a process that died."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from calls import signaling
from calls.call import Call
from esl.event import Event
from recording.errors import LegNotRecorded
from recording.leg_recorder import LegOrder
from recording.request import RecordingRequest
from simulator.simcall import SimCall
from storage.errors import NotFound
from tests.recording.house import DEADLINE_S, House, kill
from tests.recording.samples import ACCOUNT_ID, WAV
from tests.waiting import eventually

ORIGIN = "tests : link"
REQUEST = replace(WAV, origin=ORIGIN)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house whose calls are held and left alone."""
    opened = House(tmp_path)
    yield opened
    opened.close()


def held(house: House, *, answer: bool = True) -> SimCall:
    """A live call that somebody holds."""

    def hold(call: Call) -> None:
        if answer:
            signaling.answer(call)
        call.wait_ended(DEADLINE_S)

    call = house.dial(hold, [{"at": 0.0, "say": 20.0}])
    eventually(lambda: house.calls and (house.calls[-1].is_answered or not answer), what="the call")
    return call


def dump(house: House, call: SimCall) -> Event:
    """What FreeSWITCH says of a leg."""
    assert house.link is not None
    return Event(house.link.api("uuid_dump", call.uuid).encode())


def start(house: House, call: SimCall, request: RecordingRequest = REQUEST) -> str:
    """Have a leg recorded, until something is in the file."""
    recording_id = house.recorder.legs.start_on(dump(house, call), ACCOUNT_ID, request)
    eventually(lambda: call.recordings and call.recordings[-1]._capture.frames > 5, what="frames")
    return recording_id


def test_from_start_to_outbox(house: House) -> None:
    """Begun over the link, ended by an order without an id, stored with who called whom."""
    call = held(house)
    recording_id = start(house, call)
    legs = house.recorder.legs
    assert not legs.order_on(LegOrder.STOP, call.uuid, ACCOUNT_ID, origin="somebody else's")
    assert not legs.order_on(LegOrder.STOP, call.uuid, "another account", origin=ORIGIN)
    assert legs.order_on(LegOrder.STOP, call.uuid, ACCOUNT_ID, origin=ORIGIN)
    eventually(lambda: house.is_known(recording_id), what="the outbox")
    metadata = house.stored(recording_id).metadata
    assert metadata["call_id"] == call.uuid
    assert metadata["caller_id_number"] == "15551234567"


def test_who_obeys_itself_does_not_wait_for_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told as well, but what the answer will be is known; and it does not obey itself again."""
    monkeypatch.setattr("recording.link_recorder.OBEYED_S", DEADLINE_S)
    call = held(house)
    start(house, call)
    began_s = time.monotonic()
    with capture_logs() as lines:
        for order in (LegOrder.PAUSE, LegOrder.RESUME, LegOrder.STOP):
            assert house.recorder.legs.order_on(order, call.uuid, ACCOUNT_ID, origin=ORIGIN)
        assert house.link is not None
        house.link.api("status")  # behind our own orders, which have been heard by then
    assert time.monotonic() - began_s < DEADLINE_S
    told = [line["order"] for line in lines if line["event"] == "recording_ordered"]
    assert told == ["pause", "resume", "stop"]


def test_a_leg_that_is_gone_is_told(house: House) -> None:
    """FreeSWITCH's words come back, and the recording is counted as one that never began."""
    call = held(house)
    event = dump(house, call)
    call.hang_up()
    assert call.wait_ended(DEADLINE_S)
    with pytest.raises(LegNotRecorded, match="Cannot locate session"):
        house.recorder.legs.start_on(event, ACCOUNT_ID, REQUEST)
    eventually(lambda: not house.recorder.live, what="its end")
    assert house.outbox.list() == []


def test_a_leg_that_rings_is_recorded_from_its_answer_on(house: House) -> None:
    """FreeSWITCH is left to begin it; no controller is needed at that moment."""
    call = held(house, answer=False)
    house.recorder.legs.start_on(dump(house, call), ACCOUNT_ID, replace(REQUEST, on_answer=True))
    assert call.recordings == []
    assert house.link is not None
    house.link.api("uuid_answer", call.uuid)
    eventually(lambda: call.recordings and call.recordings[0]._capture.frames > 5, what="the recording")
    call.hang_up()
    eventually(lambda: not house.recorder.live, what="its end")
    assert len(house.outbox.list()) == 1


def test_a_recording_of_a_dead_process_is_stopped_all_the_same(house: House) -> None:
    """Nobody obeys, so FreeSWITCH is told; who finishes it is the next engine's affair."""
    call = held(house)
    recording_id = start(house, call)
    dead, house.recorder = house.recorder, house.new_recorder()
    kill(dead)
    house.recorder._care.adopt = lambda _: None  # type: ignore[assignment,method-assign]  # not yet
    assert house.recorder.legs.order_on(LegOrder.STOP, call.uuid, ACCOUNT_ID, recording_id=recording_id)
    eventually(lambda: call.recordings[0].cause, what="its end")
    assert not house.recorder.legs.order_on(LegOrder.STOP, call.uuid, ACCOUNT_ID, recording_id="0" * 32)


@pytest.mark.parametrize("piece", ["2", "recordings", "", "journal", "."])
def test_a_piece_of_a_path_names_no_recording(house: House, piece: str) -> None:
    """Whoever guesses a directory stops nothing: what an operator had begun there goes on."""
    call = held(house)
    path = house.recordings_dir / "20261128" / f"{'a' * 32}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    assert house.link is not None
    house.link.api("uuid_record", f"{call.uuid} start {path}")
    eventually(lambda: call.recordings, what="a recording of somebody else's")
    assert not house.recorder.legs.order_on(LegOrder.STOP, call.uuid, ACCOUNT_ID, recording_id=piece)
    assert not call.recordings[0].cause


def test_without_a_link_nothing_is_promised(house: House) -> None:
    """Neither a start nor an order is taken while FreeSWITCH is out of reach."""
    call = held(house)
    event = dump(house, call)
    assert house.link is not None
    house.link.stop()
    with pytest.raises(LegNotRecorded):
        house.recorder.legs.start_on(event, ACCOUNT_ID, REQUEST)
    with pytest.raises(LegNotRecorded):
        house.recorder.legs.order_on(LegOrder.STOP, call.uuid, ACCOUNT_ID, origin=ORIGIN)
    with pytest.raises(NotFound):
        house.stored("0" * 32)
