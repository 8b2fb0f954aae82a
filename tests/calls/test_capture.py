"""What a leg says and hears is read while it is said, on the simulated switch and on one that fails."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import numpy as np
import pytest

from calls import capture as capture_module
from calls.call import Call
from calls.capture import PREFIX, STRAY_S, SUFFIX, Capture, Side, capturing, sweep
from calls.errors import CallGone, CaptureFailed
from calls.growing_audio import Samples
from tests.calls.line import Line, opened
from tests.calls.scripted_switch import ScriptedSwitch
from tests.waiting import eventually

TONE = "tone_stream://%(3000,0,440)"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A simulated switch."""
    with opened(tmp_path) as line:
        yield line


def _listen(call: Call, capture: Capture, seconds: float) -> Samples:
    """Take what there is, again and again, for so long."""
    found, until = [capture.take()], time.monotonic() + seconds
    while time.monotonic() < until:
        call.sleep(0.05)
        found.append(capture.take())
    return np.concatenate(found)


def _levels(samples: Samples, rate_hz: int = 8_000) -> list[float]:
    size = rate_hz // 50
    whole = samples[: len(samples) // size * size].astype(np.int32)
    return [float(one) for one in np.abs(whole).reshape(-1, size).mean(axis=1)]


def _captured(
    line: Line, side: Side, seconds: float = 1.0, rate_hz: int = 8_000, *, media: str = ""
) -> Callable[[Call], Samples]:
    def flow(call: Call) -> Samples:
        if media:
            call.submit("playback", media)
        with capturing(call, line.directory, side, rate_hz) as capture:
            return _listen(call, capture, seconds)

    return flow


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_what_the_far_end_says_arrives_while_it_is_said(line: Line, rate_hz: int) -> None:
    """As many samples as time has passed, with the caller's voice in them."""
    samples = line.run(_captured(line, Side.SPEAK, rate_hz=rate_hz), {"at": 0, "say": 8})
    assert 0.7 <= len(samples) / rate_hz <= 1.4
    assert sum(level > 200 for level in _levels(samples, rate_hz)) >= 15


def test_sides_are_kept_apart(line: Line) -> None:
    """What is played to a silent caller is heard, and not said."""
    silent = {"at": 0, "silent": 8}
    said = line.run(_captured(line, Side.SPEAK, media=TONE), silent)
    heard = line.run(_captured(line, Side.HEAR, media=TONE), silent)
    both = line.run(_captured(line, Side.BOTH, media=TONE), silent)
    assert max(_levels(said)) < 100
    assert np.median(_levels(heard)[5:]) > 1_000
    assert np.median(_levels(both)[5:]) > 1_000


def test_nothing_is_left_behind(line: Line) -> None:
    """While it is read the file has no name already; afterwards there is none either."""

    def flow(call: Call) -> list[list[Path]]:
        with capturing(call, line.directory, Side.SPEAK) as capture:
            _listen(call, capture, 0.2)
            during = list(line.directory.iterdir())
        call.sleep(0.1)
        return [during, list(line.directory.iterdir())]

    assert line.run(flow) == [[], []]
    assert line.sim is not None
    assert [one.cause for one in line.sim.recordings] == ["success-maxtime"]


def test_files_follow_each_other_without_a_gap(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture of hours is many short files, and the voice in them is whole."""
    monkeypatch.setattr(capture_module, "ROTATE_S", 0.3)
    monkeypatch.setattr(capture_module, "GRACE_S", 0.1)
    samples = line.run(_captured(line, Side.SPEAK, 2.0), {"at": 0, "say": 8})
    assert line.sim is not None
    assert len(line.sim.recordings) >= 4
    assert 1.6 <= len(samples) / 8_000 <= 2.4
    levels = [level > 100 for level in _levels(samples)]
    voice = line.sim.spoken["caller"]
    expected = [voice.level_at(at * 0.02) > 100 for at in range(len(levels) + 100)]
    best = max(
        sum(one == two for one, two in zip(levels, expected[lag:], strict=False)) for lag in range(100)
    )
    assert best >= 0.9 * len(levels)
    assert list(line.directory.iterdir()) == []


def test_a_call_that_ends_ends_it(line: Line) -> None:
    """Whoever listens learns of it as of every end of a call, and nothing is left on disk."""

    def flow(call: Call) -> bool:
        capture = Capture(call, line.directory, Side.SPEAK)
        capture.begin()
        capture.take()
        with pytest.raises(CallGone):
            call.sleep(10)
        capture.take()
        capture.stop()
        capture.close()
        return capture.is_over

    assert line.run(flow, {"at": 0.0, "say": 0.3}, {"at": 0.4, "hang_up": "NORMAL_CLEARING"})
    assert list(line.directory.iterdir()) == []


def test_switch_that_cannot_write(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that is none is told as what it is, and the call goes on."""
    monkeypatch.setattr(capture_module, "GRACE_S", 0.1)

    def flow(call: Call) -> bool:
        (line.directory / "file").touch()
        with pytest.raises(CaptureFailed):
            Capture(call, line.directory / "file", Side.SPEAK).begin()
        return call.is_ended

    assert line.run(flow) is False


class RecordingSwitch(ScriptedSwitch):
    """A switch whose recordings are events alone. Attributes: writes: whether it begins any; refuses."""

    writes = True
    refuses = False

    @property
    def told(self) -> list[list[str]]:
        """The words of each uuid_record, without uuid."""
        return [line.split()[3:] for line in self.lines if line.startswith("api uuid_record")]

    def _take(self, command: str) -> None:
        if command.startswith("api uuid_record") and self.refuses:
            self._send(b"Content-Type: api/response\nContent-Length: 10\n\n-ERR never")
            return
        super()._take(command)
        if self.writes and command.startswith("api uuid_record") and self.told[-1][0] == "start":
            self.event("RECORD_START", Record_File_Path=self.told[-1][1])


def _begun(switch: RecordingSwitch, tmp_path: Path) -> Capture:
    capture = Capture(switch.call(), tmp_path, Side.SPEAK)
    capture.begin()
    return capture


def test_refused_command(tmp_path: Path) -> None:
    """A FreeSWITCH that refuses the command is told as that."""
    switch = RecordingSwitch()
    switch.refuses = True
    with pytest.raises(CaptureFailed, match="never"):
        _begun(switch, tmp_path)


def test_freeswitch_ends_it(tmp_path: Path) -> None:
    """A disk that is full, say: nothing more comes, and it says so."""
    switch = RecordingSwitch()
    capture = _begun(switch, tmp_path)
    switch.event("RECORD_STOP", Record_File_Path="/another.wav")
    switch.event("RECORD_STOP", Record_File_Path=switch.told[0][1])
    eventually(lambda: capture.is_over)
    assert capture.failed
    capture.stop()
    assert len(switch.told) == 1


def test_next_file_that_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When FreeSWITCH cannot go on with another file, the capture is over."""
    monkeypatch.setattr(capture_module, "ROTATE_S", 0.0)
    monkeypatch.setattr(capture_module, "GRACE_S", 0.05)
    switch = RecordingSwitch()
    capture = _begun(switch, tmp_path)
    switch.writes = False

    def kept() -> bool:
        capture.keep()
        return capture.is_over

    eventually(kept)
    assert capture.failed
    switch.wait_for(lambda: len(switch.told) >= 4)
    assert [words[0] for words in switch.told] == ["start", "start", "stop", "stop", "stop"][
        : len(switch.told)
    ]


def test_what_freeswitch_is_told(tmp_path: Path) -> None:
    """Written frame by frame, from the first one on, never hanging the call up, and not for ever."""
    switch = RecordingSwitch()
    _begun(switch, tmp_path)
    verb, path, limit, block = switch.told[0]
    assert verb == "start"
    assert Path(path).name.startswith(PREFIX)
    assert limit == "660"
    for setting in (
        "RECORD_READ_ONLY=true",
        "RECORD_WRITE_ONLY=false",
        "RECORD_PRE_BUFFER_FRAMES=0",
        "enable_file_write_buffering=false",
        "RECORD_HANGUP_ON_ERROR=false",
        "record_sample_rate=8000",
    ):
        assert setting in block.strip("{}").split(",")
    assert switch.names == []


def test_call_without_sound_is_given_some(tmp_path: Path) -> None:
    """What FreeSWITCH cannot record before the media is open is recorded once it is."""
    switch = RecordingSwitch()
    switch.refuses = True

    def pre_answer(switch: ScriptedSwitch, _argument: str) -> dict[str, str]:
        switch.refuses = False  # type: ignore[attr-defined]
        return {}

    switch.applications["pre_answer"] = pre_answer
    assert not _begun(switch, tmp_path).is_over
    assert switch.commands == [("pre_answer", "", False)]


def test_what_dead_processes_left_is_swept(tmp_path: Path) -> None:
    """Old captures go; young ones, and files of others, stay."""
    old, young = tmp_path / f"{PREFIX}1{SUFFIX}", tmp_path / f"{PREFIX}2{SUFFIX}"
    other = tmp_path / "greeting-1.mp3"
    for path in (old, young, other):
        path.touch()
    long_ago = time.time() - STRAY_S - 60
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    assert sweep(tmp_path) == 1
    assert sorted(tmp_path.iterdir()) == [young, other]
    assert sweep(tmp_path / "missing") == 0


def test_hangup_while_it_begins(tmp_path: Path) -> None:
    """A call that ends before FreeSWITCH has begun is told as such."""
    switch = RecordingSwitch()
    switch.writes = False
    gevent.spawn(lambda: (switch.wait_for(lambda: bool(switch.told)), switch.hang_up()))
    with pytest.raises(CallGone):
        _begun(switch, tmp_path)


def test_a_prompt_that_plays_holds_nothing_up(line: Line) -> None:
    """It begins while a prompt has the channel's queue locked."""

    def flow(call: Call) -> float:
        call.submit("playback", TONE, lock=True)
        began_s = time.monotonic()
        with capturing(call, line.directory, Side.SPEAK):
            return time.monotonic() - began_s

    assert line.run(flow) < 0.5
