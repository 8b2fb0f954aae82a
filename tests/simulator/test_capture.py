"""Files of recordings, while they run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.capture import settled_s, step_s
from simulator.clock import Clock
from simulator.listen import curves_of

SPEED = 3.0
SPEAKS = [{"at": 0, "say": 60}]
UNBUFFERED = "RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false"


def record(house: Any, talk: Any, name: str, options: str) -> Path:
    """Begin a recording."""
    path: Path = house.directory / name
    talk.run("record_session", f"{path} {{{options}}}")
    return path


def size(path: Path) -> int:
    """Of a file, in bytes."""
    return path.stat().st_size


def test_without_a_buffer_the_file_follows_the_call(house: Any) -> None:
    """Half a second later there is about half a second more, although nobody stopped anything."""
    _, talk = house.call(SPEAKS)
    path = record(house, talk, "a.wav", UNBUFFERED)
    house.pass_time(0.5)
    before = size(path)
    house.pass_time(1.0)
    assert 44 < before <= 44 + 16 * 900
    assert size(path) - before == pytest.approx(16_000, abs=16 * 450)
    assert path.read_bytes()[4:8] == b"\x08\0\0\0"


def test_with_freeswitchs_buffer_nothing_is_there_for_seconds(house: Any) -> None:
    """64 KiB are four seconds of telephony."""
    _, talk = house.call(SPEAKS)
    path = record(house, talk, "a.wav", "RECORD_PRE_BUFFER_FRAMES=0")
    house.pass_time(1.0)
    assert size(path) == 44


def test_a_growing_file_holds_what_was_said_before_it_ended(house: Any) -> None:
    """Speech and silence can be told apart in the part that is there."""
    _, talk = house.call([{"at": 0, "say": 1.0}])
    path = record(house, talk, "a.wav", UNBUFFERED)
    house.pass_time(2.0)
    raw = path.read_bytes()[44:]
    copy = house.directory / "copy.wav"
    copy.write_bytes(path.read_bytes()[:4] + (36 + len(raw)).to_bytes(4, "little"))
    copy.write_bytes(copy.read_bytes() + path.read_bytes()[8:40] + len(raw).to_bytes(4, "little") + raw)
    levels = curves_of(copy)[0]
    assert max(levels[:20]) > 500
    assert max(levels[-20:]) < 10


def test_nothing_is_heard_of_a_prompt_while_another_interrupts_it(house: Any) -> None:
    """What grows into the file is what the finished file has: the outer prompt waits for the inner one."""
    _, talk = house.call()
    path = record(house, talk, "a.wav", f"{UNBUFFERED},RECORD_STEREO=true")
    outer = talk.execute("playback", "tone_stream://%(900,0,440)")
    house.pass_time(0.3)
    talk.run("playback", "silence_stream://1200")
    talk.completed(outer)
    talk.execute("stop_record_session", str(path))
    talk.event("RECORD_STOP")
    heard = curves_of(path)[1]
    assert sum(level > 1000 for level in heard) * 20 == pytest.approx(900, abs=200)


def test_foreground_record_grows_too(house: Any) -> None:
    """Without a buffer, the message is on disk while it is spoken."""
    _, talk = house.call(SPEAKS)
    talk.run("set", "enable_file_write_buffering=false")
    talk.execute("record", f"{house.directory}/f.wav 20 0 0")
    talk.event("RECORD_START")
    house.pass_time(1.0)
    assert size(house.directory / "f.wav") > 44 + 16 * 500


def test_paused_it_does_not_grow(house: Any) -> None:
    """And masked it does, with silence."""
    _, talk = house.call(SPEAKS)
    path = record(house, talk, "a.wav", UNBUFFERED)
    talk.run("record_session_pause", str(path))
    house.pass_time(0.4)
    before = size(path)
    house.pass_time(0.8)
    assert size(path) == before
    talk.run("record_session_resume", str(path))
    talk.run("record_session_mask", str(path))
    house.pass_time(0.8)
    grown = path.read_bytes()[before:]
    assert len(grown) > 16 * 300
    assert not any(grown[1600:])


def test_looks_are_rarer_with_a_large_buffer_and_on_a_fast_clock() -> None:
    """A load of calls is not asked to write more often than it helps."""
    assert step_s(Clock(), 0) == pytest.approx(0.1)
    assert step_s(Clock(), 65_536) == pytest.approx(0.5)
    assert step_s(Clock(speed=50), 0) == pytest.approx(1.0)
    clock = Clock(speed=10)
    assert settled_s(clock) < clock.now() - 0.25
