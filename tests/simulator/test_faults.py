"""Scripted trouble, as the engine gets to feel it."""

from __future__ import annotations

import wave
from typing import Any

import pytest

SPEAKS = [{"at": 0, "say": 60}]


def faulty(house: Any, **faults: Any) -> tuple[Any, Any]:
    """An answered call with those faults."""
    pair: tuple[Any, Any] = house.call({"faults": faults, "steps": SPEAKS})
    return pair


def test_unwritable_disk(house: Any) -> None:
    """No recording starts."""
    _, talk = faulty(house, unwritable=True)
    talk.run("record_session", f"{house.directory}/a.wav")
    assert talk.ask("getvar record_completion_cause") == "uri-failure"


def test_missing_application(house: Any) -> None:
    """The call ends as on a switch without that module, and `show application` says so."""
    call, talk = faulty(house, missing_applications=["playback"])
    talk.execute("playback", "silence_stream://10")
    assert call.wait_ended(5)
    assert call.hangup_cause == "DESTINATION_OUT_OF_ORDER"


def test_missing_format(house: Any) -> None:
    """A format no module writes or reads."""
    _, talk = faulty(house, missing_formats=["mp3"])
    talk.run("record_session", f"{house.directory}/a.mp3")
    assert "RECORD_START" not in talk.names()
    assert talk.run("playback", f"{house.directory}/b.mp3")["Application-Response"] == "FILE NOT FOUND"


def test_recording_vanishes(house: Any) -> None:
    """RECORD_STOP names a file that is not there."""
    _, talk = faulty(house, vanish_recordings=True)
    path = house.directory / "a.wav"
    talk.run("record_session", f"{path} {{RECORD_PRE_BUFFER_FRAMES=0}}")
    talk.run("sleep", "100")
    talk.run("stop_record_session", str(path))
    assert talk.event("RECORD_STOP")["Record-File-Path"] == str(path)
    assert not path.exists()


def test_recording_is_truncated(house: Any) -> None:
    """Half of the file is missing although its header says otherwise."""
    _, talk = faulty(house, truncate_recordings=0.5)
    path = house.directory / "a.wav"
    talk.run("record_session", f"{path} {{RECORD_PRE_BUFFER_FRAMES=0}}")
    talk.run("sleep", "200")
    talk.run("stop_record_session", str(path))
    with wave.open(str(path)) as file:
        assert file.getnframes() * 2 > path.stat().st_size


def fill(house: Any, options: str, seconds: float, name: str = "a.wav") -> dict[str, str]:
    """Record for a while on a disk that holds 10,000 bytes, and stop; RECORD_STOP."""
    _, talk = faulty(house, disk_holds=10_000)
    path = house.directory / name
    talk.run("record_session", f"{path} {{RECORD_PRE_BUFFER_FRAMES=0,{options}}}")
    house.pass_time(seconds)
    talk.execute("stop_record_session", str(path))
    event: dict[str, str] = talk.event("RECORD_STOP")
    assert path.stat().st_size == 10_000
    return event


def test_full_disk_without_a_buffer(house: Any) -> None:
    """It ends when it is told to, as a failure, and is as long as what was written."""
    event = fill(house, "enable_file_write_buffering=false", 1.2)
    assert event["Record-Completion-Cause"] == "uri-failure"
    assert event["variable_record_ms"] == "620"


def test_full_disk_behind_a_buffer(house: Any) -> None:
    """It believes to have written everything."""
    event = fill(house, "enable_file_write_buffering=8000", 1.4)
    assert event["Record-Completion-Cause"] == "uri-failure"
    assert int(event["variable_record_ms"]) > 1200


def test_full_disk_unnoticed(house: Any) -> None:
    """A buffer that is written when the recording ends is not looked after."""
    event = fill(house, "a=1", 1.2)
    assert event["Record-Completion-Cause"] == "success-maxtime"
    assert int(event["variable_record_ms"]) > 1000


def test_stalled_recorder(house: Any) -> None:
    """The file stops growing while the call goes on."""
    _, talk = faulty(house, stall_recordings_at=0.6)
    path = house.directory / "a.wav"
    talk.run("record_session", f"{path} {{RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false}}")
    house.pass_time(1.0)
    size = path.stat().st_size
    house.pass_time(0.5)
    assert path.stat().st_size == size < 16 * 700


def test_lost_event(house: Any) -> None:
    """RECORD_START never comes, RECORD_STOP does."""
    _, talk = faulty(house, lose_events=["RECORD_START"])
    path = house.directory / "a.wav"
    talk.run("record_session", str(path))
    talk.run("stop_record_session", str(path))
    talk.event("RECORD_STOP")
    assert "RECORD_START" not in talk.names()


def test_socket_is_cut(house: Any) -> None:
    """The connection breaks without a notice."""
    call, talk = faulty(house, cut_socket_at=0.3)
    talk.wait(lambda: talk.closed)
    assert "text/disconnect-notice" not in {headers.get("Content-Type") for headers, _ in talk.frames}
    assert call.wait_ended(5)


@pytest.mark.parametrize("chunk", [1, 7])
def test_everything_in_small_pieces(house: Any, chunk: int) -> None:
    """A byte at a time makes the same messages."""
    _, talk = faulty(house, chunk=chunk)
    assert talk.run("set", "a=1")["variable_a"] == "1"


def test_garbage_on_the_socket(house: Any) -> None:
    """Bytes that are no message arrive between the others."""
    _, talk = faulty(house, garbage_at=0.1)
    talk.wait(lambda: "-7" in repr(talk.frames))


def test_slow_replies_and_completions(house: Any) -> None:
    """Both come later than they should."""
    _, talk = faulty(house, reply_delay=0.1, completion_delay=0.15)
    clock = house.switch.core.clock
    began = clock.now()
    talk.ask("getvar a")
    assert clock.now() - began >= 0.1
    done = int(talk.run("set", "a=1")["Event-Date-Timestamp"])
    assert done - int(talk.event("CHANNEL_EXECUTE", Application="set")["Event-Date-Timestamp"]) >= 150_000


def test_early_notice(house: Any) -> None:
    """The linger notice overtakes the channel's last event."""
    call, talk = faulty(house, early_notice=True)
    talk.run("record_session", f"{house.directory}/a.wav")
    call.hang_up()
    talk.event("CHANNEL_HANGUP_COMPLETE")
    talk.wait(lambda: [h for h, _ in talk.frames if h.get("Content-Disposition") == "linger"])


def test_the_switch_dies(house: Any) -> None:
    """Every connection breaks, a running recording stays as a crash leaves it, and a restart works."""
    link = house.link()
    call, talk = faulty(house, die_at=0.4)
    path = house.directory / "a.wav"
    talk.run("record_session", str(path))
    talk.wait(lambda: talk.closed)
    link.wait(lambda: link.closed)
    assert path.read_bytes()[40:44] == b"\0\0\0\0"
    assert "RECORD_STOP" not in talk.names()
    assert call.hangup_cause == "CRASH"
    assert house.switch.start().event_socket
    assert house.link().ask("api show channels count") == "\n0 total.\n"
