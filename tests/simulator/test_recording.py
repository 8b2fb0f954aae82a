"""record_session and its relatives: events, causes, lengths, and what is in the file."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest

from simulator.listen import curves_of

# Simulated seconds per second: nothing here depends on real time.
SPEED = 3.0

SPEAKS = [{"at": 0, "say": 60}]


def record(house: Any, talk: Any, options: str = "", limit: str = "") -> Path:
    """Start a recording and return its path."""
    path: Path = house.directory / "rec" / "a.wav"
    talk.run("record_session", " ".join(part for part in (str(path), limit, options) if part))
    return path


def stop(talk: Any, path: Path) -> dict[str, str]:
    """Stop it and return RECORD_STOP."""
    talk.execute("stop_record_session", str(path))
    event: dict[str, str] = talk.event("RECORD_STOP", **{"Record-File-Path": str(path)})
    return event


class TestFile:
    """What is written."""

    def test_the_file_holds_what_was_said(self, house: Any) -> None:
        """A stereo recording has the caller left and the prompt right, both as spoken."""
        call, talk = house.call(SPEAKS)
        path = record(house, talk, "{RECORD_STEREO=true}")
        talk.run("speak", "flite|slt|a prompt to hear")
        stop(talk, path)
        assert [match.ok for match in call.heard_in(path)] == [True, True]

    def test_a_mono_recording_mixes_both_sides(self, house: Any) -> None:
        """One channel with caller and prompt."""
        call, talk = house.call(SPEAKS)
        path = record(house, talk)
        talk.run("speak", "flite|slt|a prompt to hear")
        stop(talk, path)
        assert [match.ok for match in call.heard_in(path)] == [True]

    def test_mp3_is_written_by_a_real_encoder(self, house: Any) -> None:
        """An MP3 decodes to the same speech."""
        call, talk = house.call(SPEAKS)
        talk.execute("record_session", f"{house.directory}/a.mp3")
        talk.run("playback", "silence_stream://1200")
        talk.execute("stop_record_session", f"{house.directory}/a.mp3")
        talk.event("RECORD_STOP")
        assert call.heard_in(house.directory / "a.mp3")[0].ok

    def test_sample_rate_and_length_are_as_announced(self, house: Any) -> None:
        """record_sample_rate changes the file; record_ms is its length."""
        _, talk = house.call(SPEAKS)
        path = record(house, talk, "{record_sample_rate=16000,RECORD_PRE_BUFFER_FRAMES=0}")
        talk.run("sleep", "300")
        event = stop(talk, path)
        with wave.open(str(path)) as file:
            assert file.getframerate() == 16_000
            assert file.getnframes() * 1000 / 16_000 == pytest.approx(
                float(event["variable_record_ms"]), abs=1
            )

    @pytest.mark.parametrize(
        ("options", "caller", "prompt"),
        [("{RECORD_READ_ONLY=true}", True, False), ("{RECORD_WRITE_ONLY=true}", False, True)],
    )
    def test_one_side_only(self, house: Any, options: str, caller: bool, prompt: bool) -> None:
        """READ_ONLY keeps what the party says, WRITE_ONLY what it hears."""
        _, talk = house.call(SPEAKS if caller else [])
        path = record(house, talk, options)
        talk.run("playback", "tone_stream://%(700,0,440)" if prompt else "silence_stream://700")
        stop(talk, path)
        assert max(curves_of(path)[0]) > 1000

    def test_masked_and_paused_stretches(self, house: Any) -> None:
        """A mask leaves silence, a pause leaves out."""
        _, talk = house.call()
        path = record(house, talk, "{RECORD_STEREO=true,RECORD_PRE_BUFFER_FRAMES=0}")
        prompt = talk.execute("playback", "tone_stream://%(900,0,440)")
        house.pass_time(0.2)
        talk.run("record_session_mask", str(path))
        house.pass_time(0.2)
        talk.run("record_session_unmask", str(path))
        talk.run("record_session_pause", str(path))
        house.pass_time(0.2)
        talk.run("record_session_resume", str(path))
        talk.completed(prompt)
        event = stop(talk, path)
        heard = curves_of(path)[1]
        assert 300 < sum(level > 1000 for level in heard) * 20 < 620
        assert 140 < sum(level < 10 for level in heard[5:-5]) * 20 < 360
        assert float(event["variable_record_ms"]) < 850

    def test_append_goes_on_in_the_same_file(self, house: Any) -> None:
        """RECORD_APPEND adds to what is there."""
        _, talk = house.call(SPEAKS)
        for _ in range(2):
            path = record(house, talk, "{RECORD_APPEND=true,RECORD_PRE_BUFFER_FRAMES=0}")
            talk.run("sleep", "200")
            talk.run("stop_record_session", str(path))
        with wave.open(str(path)) as file:
            assert file.getnframes() >= 2 * 8 * 180


class TestEnd:
    """How recordings end, and what FreeSWITCH says about it."""

    def test_a_running_recording_has_an_unfinished_header(self, house: Any) -> None:
        """The file is there at once, with lengths of zero."""
        _, talk = house.call(SPEAKS)
        path = record(house, talk)
        assert path.read_bytes()[40:44] == b"\0\0\0\0"

    def test_stop_while_the_channel_is_up_says_maxtime(self, house: Any) -> None:
        """FreeSWITCH's word for a stop by command."""
        _, talk = house.call(SPEAKS)
        path = record(house, talk, "{id=7}")
        talk.run("sleep", "100")
        event = stop(talk, path)
        assert event["Record-Completion-Cause"] == "success-maxtime"
        assert event["Recording-Variable-id"] == "7"

    def test_hangup_says_silence_and_comes_before_hangup_complete(self, house: Any) -> None:
        """The hangup closes the recording before the channel is reported."""
        call, talk = house.call(SPEAKS)
        record(house, talk)
        talk.run("sleep", "100")
        call.hang_up()
        assert talk.event("RECORD_STOP")["Record-Completion-Cause"] == "success-silence"
        talk.event("CHANNEL_HANGUP_COMPLETE")
        names = talk.names()
        assert (
            names.index("CHANNEL_HANGUP")
            < names.index("RECORD_STOP")
            < names.index("CHANNEL_HANGUP_COMPLETE")
        )

    def test_silence_after_speech_ends_it(self, house: Any) -> None:
        """RECORD_FINAL_TIMEOUT_MS counts from the last sound."""
        _, talk = house.call([{"at": 0, "say": 1.2}])
        record(house, talk, "{RECORD_READ_ONLY=true,RECORD_FINAL_TIMEOUT_MS=500}")
        assert talk.event("RECORD_STOP")["Record-Completion-Cause"] == "success-silence"

    def test_nobody_speaks(self, house: Any) -> None:
        """RECORD_INITIAL_TIMEOUT_MS without a word is no-input-timeout."""
        _, talk = house.call()
        record(house, talk, "{RECORD_READ_ONLY=true,RECORD_INITIAL_TIMEOUT_MS=600}")
        assert talk.event("RECORD_STOP")["Record-Completion-Cause"] == "no-input-timeout"

    def test_too_short_is_deleted(self, house: Any) -> None:
        """Below RECORD_MIN_SEC the file goes."""
        _, talk = house.call(SPEAKS)
        path = record(house, talk, "{RECORD_MIN_SEC=5}")
        talk.run("sleep", "100")
        assert stop(talk, path)["Record-Completion-Cause"] == "input-too-short"
        assert not path.exists()

    def test_one_sided_recording_loses_half_a_second(self, house: Any) -> None:
        """The pre-buffer's 25 frames are missing, and come back with RECORD_PRE_BUFFER_FRAMES=0."""
        _, talk = house.call(SPEAKS)
        paths = [house.directory / "half.wav", house.directory / "whole.wav"]
        talk.execute("record_session", str(paths[0]))
        talk.execute("record_session", f"{paths[1]} {{RECORD_PRE_BUFFER_FRAMES=0}}")
        talk.run("sleep", "800")
        half, whole = (int(stop(talk, path)["variable_record_ms"]) for path in paths)
        assert whole - half == pytest.approx(500, abs=80)

    def test_limit_counts_whole_seconds(self, house: Any) -> None:
        """+1 ends at the next epoch second."""
        _, talk = house.call(SPEAKS)
        record(house, talk, "{a=1}", "+1")
        event = talk.event("RECORD_STOP")
        assert event["Record-Completion-Cause"] == "success-maxtime"
        assert int(event["Event-Date-Timestamp"]) % 1_000_000 < 150_000

    def test_bridge_requirement_without_a_bridge_leaves_nothing(self, house: Any) -> None:
        """No frame ever: empty-file, and the file goes."""
        _, talk = house.call(SPEAKS)
        path = record(house, talk, "{RECORD_BRIDGE_REQ=true}")
        talk.run("sleep", "100")
        assert stop(talk, path)["Record-Completion-Cause"] == "empty-file"
        assert not path.exists()


class TestStart:
    """How recordings begin, or do not."""

    def test_unwritable_path_never_starts(self, house: Any) -> None:
        """No RECORD_START; the reason is on the channel."""
        _, talk = house.call()
        done = talk.run("record_session", "/proc/nope/x.wav")
        assert done["Application-Response"] == "_none_"
        assert talk.ask("getvar record_completion_cause") == "uri-failure"
        assert "RECORD_START" not in talk.names()

    def test_a_blank_inside_the_braces_loses_every_variable(self, house: Any) -> None:
        """The argument is split at blanks before the braces are read."""
        _, talk = house.call()
        record(house, talk, "{id=1,note=two words}")
        assert not any(key.startswith("Recording-Variable") for key in talk.event("RECORD_START"))

    def test_encoded_values_are_decoded_once(self, house: Any) -> None:
        """%20 becomes a blank."""
        _, talk = house.call()
        record(house, talk, "{note=two%20words}")
        assert talk.event("RECORD_START")["Recording-Variable-note"] == "two words"

    def test_the_same_path_again_is_ignored(self, house: Any) -> None:
        """One RECORD_START for two commands."""
        _, talk = house.call()
        record(house, talk)
        record(house, talk)
        assert talk.names().count("RECORD_START") == 1

    def test_foreground_record_ends_with_a_terminator(self, house: Any) -> None:
        """The application blocks until the key, and the file is as long as that took."""
        call, talk = house.call(SPEAKS)
        talk.run("set", "playback_terminators=#")
        done = talk.execute("record", f"{house.directory}/f.wav 20 0 0")
        talk.event("RECORD_START")
        house.pass_time(0.3)
        call.press("#")
        assert 200 <= int(talk.completed(done)["variable_record_ms"]) <= 500
        with wave.open(f"{house.directory}/f.wav") as file:
            assert file.getnframes() >= 1600

    def test_foreground_record_ends_after_silence(self, house: Any) -> None:
        """Three arguments: limit, threshold, seconds of silence."""
        _, talk = house.call([{"at": 0, "say": 0.6}])
        done = talk.run("record", f"{house.directory}/f.wav 20 200 1")
        assert done["variable_silence_hits_exhausted"] == "true"


class TestBeep:
    """A tone while it is recorded."""

    BEEP = "tone_stream://%(300,0,1400)"

    def heard(self, house: Any, command: str) -> list[int]:
        """How many milliseconds of it are left (as said) and right (as heard) in the recording."""
        call, talk = house.call()
        path = record(house, talk, "{RECORD_STEREO=true,RECORD_PRE_BUFFER_FRAMES=0}")
        answer = talk.ask(f"api {command.format(uuid=call.uuid, beep=self.BEEP)}")
        assert answer.startswith("+OK")
        house.pass_time(0.9)
        stop(talk, path)
        return [sum(level > 1000 for level in side) * 20 for side in curves_of(path)]

    def test_broadcast_is_recorded_as_heard(self, house: Any) -> None:
        """It is played to the leg like any prompt."""
        said, heard = self.heard(house, "uuid_broadcast {uuid} {beep} aleg")
        assert said == 0
        assert heard == pytest.approx(300, abs=60)

    @pytest.mark.parametrize("flags", ["mux", "w"])
    def test_displaced_is_not_recorded(self, house: Any, flags: str) -> None:
        """Unless the recording begins later."""
        assert self.heard(house, f"uuid_displace {{uuid}} start {{beep}} 0 {flags}") == [0, 0]

    def test_displaced_on_what_is_said_is_recorded(self, house: Any) -> None:
        """The flag r puts it there."""
        said, heard = self.heard(house, "uuid_displace {uuid} start {beep} 0 mr")
        assert said == pytest.approx(300, abs=60)
        assert heard == 0


@pytest.mark.parametrize(
    "app",
    ["stop_record_session", *(f"record_session_{what}" for what in ("pause", "resume", "mask", "unmask"))],
)
def test_a_missing_path_kills_the_switch(house: Any, app: str) -> None:
    """Measured on 1.10.12, and nothing a controller may ever send."""
    _, talk = house.call()
    talk.execute(app)
    talk.wait(lambda: talk.closed)
