"""The stand-in as its users have it: calls, scripts that react, logs, comparison of files."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.script import read_script
from simulator.simcall import Happening
from simulator.switch import Switch

SPEED = 3.0


class TestScripts:
    """Far ends that act."""

    def test_a_step_waits_for_its_event(self, house: Any) -> None:
        """The third prompt begins, then the caller presses 3."""
        _, talk = house.call([{"after": {"event": "PLAYBACK_START", "nth": 2}, "press": "3"}])
        talk.run("playback", "silence_stream://100")
        assert "DTMF" not in talk.names()
        talk.run("playback", "silence_stream://100")
        assert talk.event("DTMF")["DTMF-Digit"] == "3"

    def test_a_step_waits_for_an_application(self, house: Any) -> None:
        """`app` means its CHANNEL_EXECUTE; `at` is added to that moment."""
        _, talk = house.call([{"after": {"app": "sleep"}, "at": 0.1, "hang_up": "USER_BUSY"}])
        talk.execute("sleep", "9000")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"

    def test_digits_with_pauses(self, house: Any) -> None:
        """`w` waits half a second."""
        _, talk = house.call([{"after": {"app": "sleep"}, "press": "1w2", "every": 0.05}])
        talk.run("sleep", "40")
        talk.wait(lambda: talk.names().count("DTMF") == 2)
        one, two = (e for e in talk.events() if e["Event-Name"] == "DTMF")
        gap = int(two["Event-Date-Timestamp"]) - int(one["Event-Date-Timestamp"])
        assert gap >= 480_000

    def test_play_and_silence(self, house: Any) -> None:
        """The far end can play a file; one that is missing is only noted."""
        call, talk = house.call(
            [
                {"at": 0, "silent": 1},
                {"at": 0, "play": "/no/such.wav"},
                {"after": {"app": "set"}, "hang_up": True},
            ]
        )
        talk.execute("set", "a=1")
        assert call.wait_ended(5)
        assert any("cannot play" in line.detail for line in call.log)

    def test_extensions_take_a_transfer(self, house: Any) -> None:
        """The call leaves the socket application for its new dialplan."""
        script = {"extensions": {"9": [["playback", "silence_stream://60"]]}}
        call, talk = house.call(script)
        talk.execute("transfer", "9 XML default")
        assert call.wait_ended(5)
        talk.event("CHANNEL_EXECUTE_COMPLETE", Application="playback")
        done = [e["Application"] for e in talk.events() if e["Event-Name"] == "CHANNEL_EXECUTE_COMPLETE"]
        assert done[-3:] == ["transfer", "socket", "playback"]

    def test_a_transfer_to_anything_else_comes_back_to_the_engine(self, house: Any) -> None:
        """The dialplan hands every number over."""
        call, talk = house.call()
        talk.execute("transfer", "777 XML default")
        again = house.accept()
        again.send("connect")
        assert again.wait(lambda: again.frames)[0][0]["Caller-Destination-Number"] == "777"
        call.hang_up()


class TestCall:
    """What a call tells."""

    def test_its_story_is_told_as_it_happens(self) -> None:
        """The listener hears what the log keeps."""
        heard: list[Happening] = []
        switch = Switch(("127.0.0.1", 1), listen=None, on_step=lambda _call, step: heard.append(step))
        call = switch.place_call("1000", script=read_script([]))
        assert call.wait_ended(5)
        switch.stop()
        assert heard == call.log
        assert str(heard[0]).split() == ["0.000", "call", "15551234567", "dials", "1000"]

    def test_hands_on_the_call(self, house: Any) -> None:
        """A test can speak, press and hang up itself."""
        call, talk = house.call()
        call.say(1.0)
        call.press("7")
        talk.event("DTMF")
        assert call.spoken["caller"].flows_at(call.session.clock.now())
        call.hang_up()
        call.hang_up("USER_BUSY")
        assert call.wait_ended(5)
        assert call.hangup_cause == "NORMAL_CLEARING"

    def test_heard_in_needs_a_recording(self, house: Any) -> None:
        """There is nothing to compare with before one has ended."""
        call, _ = house.call()
        with pytest.raises(ValueError, match="no recording"):
            call.heard_in(house.directory / "a.wav")

    def test_the_event_socket_has_an_address_once_it_listens(self) -> None:
        """Port 0 means nothing before the start."""
        switch = Switch()
        with pytest.raises(RuntimeError):
            _ = switch.event_socket
        assert switch.start().event_socket[1] > 0
        switch.stop()


class TestDigits:
    """Collecting digits."""

    def test_read_sets_its_variable(self, house: Any) -> None:
        """`read` ends at the terminator."""
        call, talk = house.call()
        asked = talk.execute("read", "1 5 silence pin 3000 #")
        talk.event("CHANNEL_EXECUTE", Application="read")
        call.press("12#")
        done = talk.completed(asked)
        assert (done["variable_pin"], done["variable_read_result"]) == ("12", "success")
        assert done["variable_read_terminator_used"] == "#"

    def test_read_gives_up(self, house: Any) -> None:
        """Nothing pressed: timeout, and no variable."""
        _, talk = house.call()
        done = talk.run("read", "1 5 silence_stream://20 pin 1000 #")
        assert done["variable_read_result"] == "failure"
        assert "variable_pin" not in done

    def test_digits_that_do_not_fit_are_asked_for_again(self, house: Any) -> None:
        """The invalid ones are kept apart; at last the call is transferred."""
        call, talk = house.call({"extensions": {"9": [["set", "failed=yes"]]}})
        arguments = r"1 2 2 1000 # silence_stream://20 silence_stream://20 pin ^9\d 300 9"
        talk.execute("play_and_get_digits", arguments)
        talk.event("PLAYBACK_START")
        call.press("12")
        talk.event("CHANNEL_EXECUTE_COMPLETE", Application="set")
        done = talk.event("CHANNEL_EXECUTE_COMPLETE", Application="play_and_get_digits")
        assert done["variable_pin_invalid"] == "12"
        assert "variable_pin" not in done

    def test_old_digits_survive_a_try_without_any(self, house: Any) -> None:
        """Unset the variable before asking again: FreeSWITCH's read unsets only its own."""
        _, talk = house.call()
        talk.run("set", "pin=42")
        talk.run("play_and_get_digits", r"1 2 1 1000 # silence silence_stream://20 other \d+")
        assert talk.ask("getvar pin") == "42"
