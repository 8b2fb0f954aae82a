"""Applications one by one: those that no other test needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.audiofile import open_writer
from simulator.listen import curves_of
from simulator.voice import speech

SPEED = 3.0


def sound(directory: Path, name: str = "v.wav", ms: int = 400) -> Path:
    """A file with speech."""
    writer = open_writer(directory / name, 8000, 1)
    writer.write(speech(1, 0, ms))
    writer.close()
    return directory / name


class TestPlaying:
    """What the caller hears."""

    def test_a_file_lasts_as_long_as_it_is(self, house: Any) -> None:
        """With its events and its numbers; a relative name is looked for among the sounds."""
        _, talk = house.call()
        sound(house.directory)
        done = talk.run("playback", "v.wav")
        assert (done["Application-Response"], done["variable_playback_ms"]) == ("FILE PLAYED", "400")
        assert talk.event("PLAYBACK_STOP")["Playback-File-Path"] == "v.wav"
        assert talk.run("playback", "v")["Application-Response"] == "FILE PLAYED"

    def test_an_offset_in_samples(self, house: Any) -> None:
        """`@@` skips the beginning."""
        _, talk = house.call()
        sound(house.directory)
        done = talk.run("playback", "{a=b}v.wav@@1600")
        assert done["variable_playback_last_offset_pos"] == "1600"

    @pytest.mark.parametrize(
        ("spec", "ms"),
        [
            ("file_string://v.wav!silence_stream://100!nope.wav", 500),
            ("tone_stream://%(100,50,440);loops=2", 300),
        ],
    )
    def test_streams(self, house: Any, spec: str, ms: int) -> None:
        """Several files in a row, tones in loops."""
        _, talk = house.call()
        sound(house.directory)
        assert talk.run("playback", spec)["variable_playback_ms"] == str(ms)

    @pytest.mark.parametrize("spec", ["tone_stream://nothing", "file_string://nope.wav", "x://y", "\0"])
    def test_what_cannot_be_played(self, house: Any, spec: str) -> None:
        """FILE NOT FOUND."""
        _, talk = house.call()
        assert talk.run("playback", spec)["Application-Response"] == "FILE NOT FOUND"

    def test_nothing_to_play(self, house: Any) -> None:
        """No argument at all is an error."""
        _, talk = house.call()
        assert talk.run("playback")["Application-Response"] == "PLAYBACK ERROR"

    def test_a_delimiter_separates_files(self, house: Any) -> None:
        """Each has its events, with a pause between them."""
        _, talk = house.call()
        talk.run("multiset", "playback_delimiter=! playback_sleep_val=40")
        talk.run("playback", "silence_stream://40!silence_stream://60")
        assert talk.names().count("PLAYBACK_STOP") == 2

    def test_endless_playback_goes_on_until_it_is_broken_off(self, house: Any) -> None:
        """Music on hold never ends by itself; a break only begins it anew."""
        call, talk = house.call()
        talk.execute("endless_playback", "silence_stream://60")
        talk.wait(lambda: talk.names().count("PLAYBACK_START") >= 3)
        call.hang_up()
        done = talk.event("CHANNEL_EXECUTE_COMPLETE", Application="endless_playback")
        assert done["Application-Response"] == "PLAYBACK ERROR"

    def test_loop_playback_counts(self, house: Any) -> None:
        """+2 plays twice."""
        _, talk = house.call()
        talk.run("loop_playback", "+2 silence_stream://40")
        assert talk.names().count("PLAYBACK_STOP") == 2

    def test_say_is_one_prompt(self, house: Any) -> None:
        """It is heard, with its events; too few words say nothing."""
        _, talk = house.call()
        talk.run("say", "en number pronounced 12")
        assert talk.event("PLAYBACK_STOP")["Playback-Status"] == "done"
        talk.run("say", "en number")
        assert talk.names().count("PLAYBACK_STOP") == 1

    def test_speak_without_an_engine_ends_the_call(self, house: Any) -> None:
        """Neither argument nor variables name one."""
        _, talk = house.call()
        talk.execute("speak", "good morning")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "DESTINATION_OUT_OF_ORDER"

    def test_gentones_and_music(self, house: Any) -> None:
        """Tones without events; local_stream never ends."""
        call, talk = house.call()
        talk.run("gentones", "%(100,0,440)|1")
        assert "PLAYBACK_START" not in talk.names()
        talk.execute("playback", "local_stream://moh")
        assert talk.event("PLAYBACK_START")["Playback-File-Type"] == "local_stream"
        house.pass_time(0.1)
        assert call.session.heard.level_at(call.session.clock.now()) >= 0

    def test_echo_gives_the_callers_voice_back(self, house: Any) -> None:
        """A recording of what is heard contains what is said."""
        call, talk = house.call([{"at": 0, "say": 60}])
        path = house.directory / "e.wav"
        talk.run("record_session", f"{path} {{RECORD_WRITE_ONLY=true,RECORD_PRE_BUFFER_FRAMES=0}}")
        talk.execute("echo")
        house.pass_time(0.6)
        call.hang_up()
        talk.event("RECORD_STOP")
        assert max(curves_of(path)[0]) > 1000


class TestSignals:
    """The call itself."""

    def test_ring_ready_and_pre_answer(self, house: Any) -> None:
        """180, then 183; each once."""
        _, talk = house.call(answer=False)
        for app in ("ring_ready", "ring_ready", "pre_answer", "pre_answer"):
            talk.run(app)
        names = talk.names()
        assert (names.count("CHANNEL_PROGRESS"), names.count("CHANNEL_PROGRESS_MEDIA")) == (1, 1)

    @pytest.mark.parametrize(
        ("status", "event"),
        [("180", "CHANNEL_PROGRESS"), ("183", "CHANNEL_PROGRESS_MEDIA"), ("503", "CHANNEL_HANGUP")],
    )
    def test_respond(self, house: Any, status: str, event: str) -> None:
        """Provisional and final answers."""
        _, talk = house.call(answer=False)
        talk.execute("respond", status)
        talk.event(event)

    def test_a_digit_ends_a_sleep(self, house: Any) -> None:
        """Unless sleep_eat_digits keeps it for itself."""
        call, talk = house.call()
        asleep = talk.execute("sleep", "5000")
        talk.event("CHANNEL_EXECUTE", Application="sleep")
        call.press("1")
        talk.completed(asleep)
        talk.run("set", "sleep_eat_digits=true")
        again = talk.execute("sleep", "300")
        call.press("2")
        talk.completed(again)
        assert talk.names().count("DTMF") == 2

    def test_break_interrupts_what_is_under_it(self, house: Any) -> None:
        """The running prompt ends."""
        _, talk = house.call()
        prompt = talk.execute("playback", "silence_stream://9000")
        talk.event("PLAYBACK_START")
        talk.execute("break")
        talk.completed(prompt)

    def test_sched_hangup(self, house: Any) -> None:
        """At once, or at an epoch second."""
        _, talk = house.call()
        talk.run("sched_hangup", "+1 USER_BUSY")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"
        other, _ = house.call()
        other.session.execute("sched_hangup", "+0")
        assert other.hangup_cause == "ALLOTTED_TIMEOUT"

    def test_transfer_of_the_other_leg(self, house: Any) -> None:
        """-bleg sends the party away and ends the bridge."""
        script = {"parties": {"*": {"answer_after": 0, "ring_after": 0}}, "extensions": {"9": [["park", ""]]}}
        _, talk = house.call(script)
        bridge = talk.execute("bridge", "user/a@b")
        talk.event("CHANNEL_BRIDGE")
        talk.run("transfer")
        talk.execute("transfer", "-bleg 9")
        talk.run("set", "a=1")
        talk.execute("transfer", "-both 9")
        talk.completed(bridge)

    def test_park_within_a_park_is_nothing(self, house: Any) -> None:
        """A controlled channel is parked already."""
        _, talk = house.call()
        assert talk.run("park")["Application-Response"] == "_none_"


class TestOthers:
    """Variables, logs, events, digits, broadcasts."""

    def test_variables(self, house: Any) -> None:
        """Unset and multiunset remove."""
        _, talk = house.call()
        talk.run("multiset", "a=1 b=2 c=3")
        talk.run("unset", "a")
        done = talk.run("multiunset", "b c")
        assert not {"variable_a", "variable_b", "variable_c"} & set(done)
        talk.run("export", "=1")

    def test_an_event_of_ones_own(self, house: Any) -> None:
        """The application fires it with the channel's headers."""
        link = house.link()
        link.ask("event plain CHANNEL_APPLICATION")
        call, talk = house.call()
        talk.run("event", "Event-Name=NOPE, X-A = 1")
        assert link.event("CHANNEL_APPLICATION", **{"Unique-ID": call.uuid})["X-A"] == "1"

    def test_what_is_only_logged(self, house: Any) -> None:
        """Log and info are told to who watches."""
        call, talk = house.call()
        talk.run("log", "INFO hello")
        talk.run("info")
        talk.run("eval", "${a}")
        assert any(line.detail == "INFO hello" for line in call.log)

    def test_digits_out_and_in(self, house: Any) -> None:
        """send_dtmf goes out, queue_dtmf comes in, tone detection is nothing."""
        call, talk = house.call()
        talk.run("start_dtmf")
        talk.run("send_dtmf", "12@100")
        talk.run("queue_dtmf", "3")
        assert talk.event("DTMF")["DTMF-Digit"] == "3"
        assert call.session.sent_digits == "12"
        for app in ("read", "play_and_get_digits", "record", "record_session", "bridge"):
            assert talk.run(app)["Application-Response"] == "_none_"

    def test_sched_broadcast(self, house: Any) -> None:
        """Plays at its second; a cause hangs up afterwards."""
        _, talk = house.call()
        talk.run("sched_broadcast", "+1 silence_stream://40 aleg")
        talk.event("PLAYBACK_STOP")
        link = house.link()
        uuid = talk.event("PLAYBACK_STOP")["Unique-ID"]
        link.ask(f"api uuid_broadcast {uuid} playback!user_busy::silence_stream://40")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"

    def test_remove_bugs_ends_recordings(self, house: Any) -> None:
        """All of them."""
        _, talk = house.call([{"at": 0, "say": 60}])
        for name in ("a", "b"):
            talk.run("record_session", f"{house.directory}/{name}.wav {{RECORD_PRE_BUFFER_FRAMES=0}}")
        talk.run("sleep", "60")
        talk.run("remove_bugs")
        assert talk.names().count("RECORD_STOP") == 2

    def test_swapped_sides(self, house: Any) -> None:
        """RECORD_STEREO_SWAP puts the caller on the right."""
        _, talk = house.call([{"at": 0, "say": 60}])
        path = house.directory / "s.wav"
        talk.run("record_session", f"{path} {{RECORD_STEREO_SWAP=true,RECORD_PRE_BUFFER_FRAMES=0}}")
        talk.run("playback", "silence_stream://500")
        talk.run("stop_record_session", "all")
        left, right = curves_of(path)
        assert max(left) == 0
        assert max(right) > 1000

    def test_a_second_start_toggles(self, house: Any) -> None:
        """RECORD_TOGGLE_ON_REPEAT stops on the second command."""
        _, talk = house.call([{"at": 0, "say": 60}])
        argument = (
            f"{house.directory}/t.wav {{RECORD_TOGGLE_ON_REPEAT=true,execute_on_record_stop=set:over=1}}"
        )
        talk.run("record_session", argument)
        talk.run("sleep", "60")
        talk.run("record_session", argument)
        talk.event("RECORD_STOP")
        talk.event("CHANNEL_EXECUTE_COMPLETE", **{"Application-Data": "over=1"})

    def test_a_failed_recording_can_end_the_call(self, house: Any) -> None:
        """RECORD_HANGUP_ON_ERROR, and `record` always."""
        for app, argument in (
            ("record_session", "/proc/no/x.wav {RECORD_HANGUP_ON_ERROR=true}"),
            ("record", "/proc/no/x.wav"),
        ):
            _, talk = house.call()
            talk.execute(app, argument)
            assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "DESTINATION_OUT_OF_ORDER"

    def test_foreground_record_has_a_limit(self, house: Any) -> None:
        """In whole epoch seconds."""
        _, talk = house.call()
        done = talk.run("record", f"{house.directory}/l.wav 1")
        assert 900 < int(done["variable_record_ms"]) < 2300

    def test_socket_that_resumes(self, house: Any) -> None:
        """`resume` lets the dialplan go on when the engine leaves."""
        call, talk = house.call()
        assert talk.ask("resume") == "+OK"
        assert talk.ask("exit") == "+OK bye"
        assert call.wait_ended(5)
        assert any("goes on" in line.detail for line in call.log)
