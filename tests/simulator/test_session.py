"""Commands, slots, locks and nesting, as a controller sees them on the wire."""

from __future__ import annotations

from itertools import pairwise
from typing import Any


def order(talk: Any, *kinds: str) -> list[tuple[str, str]]:
    """(event, application argument) in order, of these events."""
    return [
        (e["Event-Name"], e.get("Application-Data", "")) for e in talk.events() if e["Event-Name"] in kinds
    ]


class TestSlots:
    """When commands are taken up."""

    def test_commands_sent_together_run_in_one_slot(self, house: Any) -> None:
        """Seven commands back to back all carry the same 20 ms."""
        _, talk = house.call()
        ids = [talk.execute("set", f"n{number}=1") for number in range(7)]
        stamps = [int(talk.completed(one)["Event-Date-Timestamp"]) for one in ids]
        assert max(stamps) - min(stamps) < 15_000

    def test_a_locked_command_sends_the_next_one_to_the_following_slot(self, house: Any) -> None:
        """With event-lock each command takes a slot of its own."""
        _, talk = house.call()
        ids = [talk.execute("set", f"n{number}=1", lock=True) for number in range(4)]
        stamps = [int(talk.completed(one)["Event-Date-Timestamp"]) for one in ids]
        gaps = [later - earlier for earlier, later in pairwise(stamps)]
        assert all(gap >= 15_000 for gap in gaps)

    def test_a_command_interrupts_an_unlocked_prompt_and_the_prompt_goes_on(self, house: Any) -> None:
        """A second prompt runs nested; the first one resumes and is as long as it should be."""
        _, talk = house.call()
        first = talk.execute("playback", "silence_stream://400")
        talk.event("PLAYBACK_START")
        second = talk.execute("playback", "silence_stream://200")
        done_first, done_second = talk.completed(first), talk.completed(second)
        took = int(done_first["Event-Date-Timestamp"]) - int(
            talk.event("PLAYBACK_START")["Event-Date-Timestamp"]
        )
        assert int(done_second["Event-Date-Timestamp"]) < int(done_first["Event-Date-Timestamp"])
        assert 590_000 <= took <= 760_000

    def test_nothing_is_taken_up_while_a_locked_prompt_runs(self, house: Any) -> None:
        """What is sent during a locked prompt waits for its end, locked or not."""
        _, talk = house.call()
        prompt = talk.execute("playback", "silence_stream://300", lock=True)
        talk.event("PLAYBACK_START")
        after = talk.execute("set", "a=1")
        talk.completed(after)
        assert [data for _, data in order(talk, "CHANNEL_EXECUTE_COMPLETE")][-2:] == [
            "silence_stream://300",
            "a=1",
        ]
        talk.completed(prompt)

    def test_loops_repeat_an_application(self, house: Any) -> None:
        """`loops` runs it again as long as it takes at least half a second."""
        _, talk = house.call()
        talk.execute("playback", "silence_stream://520", loops="2")
        talk.wait(lambda: talk.names().count("PLAYBACK_STOP") == 2)

    def test_hangup_command_of_sendmsg_hangs_up(self, house: Any) -> None:
        """call-command hangup needs no application."""
        call, talk = house.call()
        talk.send("sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"
        assert call.wait_ended(5)


class TestApplications:
    """Running applications."""

    def test_unknown_application_ends_the_call_without_completion(self, house: Any) -> None:
        """DESTINATION_OUT_OF_ORDER, and no word about the application."""
        _, talk = house.call()
        talk.execute("no_such_thing")
        assert talk.event("CHANNEL_HANGUP_COMPLETE")["Hangup-Cause"] == "DESTINATION_OUT_OF_ORDER"
        assert "no_such_thing" not in {event.get("Application") for event in talk.events()}

    def test_arguments_are_expanded(self, house: Any) -> None:
        """${name} becomes the variable's value."""
        _, talk = house.call()
        talk.run("set", "who=Ada")
        assert talk.run("set", "greeting=hello ${who}")["Application-Data"] == "greeting=hello Ada"

    def test_set_without_value_removes_the_variable(self, house: Any) -> None:
        """An empty value is no value."""
        _, talk = house.call()
        talk.run("set", "a=1")
        assert talk.ask("getvar a") == "1"
        assert "variable_a" not in talk.run("set", "a=")

    def test_multiset_takes_another_separator(self, house: Any) -> None:
        """`^^:` separates by colons."""
        _, talk = house.call()
        done = talk.run("multiset", "^^:a=1 2:b=3")
        assert (done["variable_a"], done["variable_b"]) == ("1 2", "3")

    def test_export_names_the_variable_for_other_legs(self, house: Any) -> None:
        """Exported names gather in export_vars."""
        _, talk = house.call()
        talk.run("export", "a=1")
        assert talk.run("export", "nolocal:b=2")["variable_export_vars"] == "a,b"

    def test_playback_of_nothing_is_file_not_found(self, house: Any) -> None:
        """A missing file and a scheme nobody fetches."""
        _, talk = house.call()
        assert talk.run("playback", "/no/such.wav")["Application-Response"] == "FILE NOT FOUND"
        assert talk.run("playback", "http_cache://x/y.wav")["Application-Response"] == "FILE NOT FOUND"

    def test_pre_answer_gives_early_media_before_an_application_that_needs_it(self, house: Any) -> None:
        """Playback on a ringing channel brings CHANNEL_PROGRESS_MEDIA first."""
        _, talk = house.call(answer=False)
        talk.run("playback", "silence_stream://40")
        names = talk.names()
        assert names.index("CHANNEL_PROGRESS_MEDIA") < names.index("PLAYBACK_START")

    def test_respond_refuses_an_unanswered_call(self, house: Any) -> None:
        """A final SIP status ends the call with its cause."""
        _, talk = house.call(answer=False)
        talk.execute("respond", "486 Busy Here")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"

    def test_execute_on_answer_runs_within_the_answer(self, house: Any) -> None:
        """The variable's application runs before `answer` completes."""
        _, talk = house.call(answer=False)
        talk.run("set", f"execute_on_answer=record_session {house.directory}/a.wav")
        talk.run("answer")
        applications = [e.get("Application") for e in talk.events() if e["Event-Name"] == "CHANNEL_EXECUTE"]
        assert applications[-2:] == ["answer", "record_session"]
        assert talk.names().index("RECORD_START") > talk.names().index("CHANNEL_ANSWER")

    def test_speak_lasts_as_long_as_its_text(self, house: Any) -> None:
        """Flite speaks; an engine nobody has says nothing and fails nothing."""
        _, talk = house.call()
        began = int(talk.run("set", "a=1")["Event-Date-Timestamp"])
        done = talk.run("speak", "flite|slt|good morning")
        assert 700_000 <= int(done["Event-Date-Timestamp"]) - began <= 1_500_000
        silent = talk.run("speak", "polly|ada|good morning")
        assert int(silent["Event-Date-Timestamp"]) - int(done["Event-Date-Timestamp"]) < 200_000

    def test_playback_is_ended_by_its_terminator(self, house: Any) -> None:
        """The digit is named in playback_terminator_used, the status is `break`."""
        call, talk = house.call()
        talk.run("set", "playback_terminators=#")
        prompt = talk.execute("playback", "silence_stream://5000")
        talk.event("PLAYBACK_START")
        call.press("1#")
        done = talk.completed(prompt)
        assert done["variable_playback_terminator_used"] == "#"
        assert talk.event("PLAYBACK_STOP")["Playback-Status"] == "break"
        assert [e["DTMF-Digit"] for e in talk.events() if e["Event-Name"] == "DTMF"] == ["1", "#"]

    def test_parked_channel_reads_one_digit_a_slot(self, house: Any) -> None:
        """Digits come one frame apart."""
        call, talk = house.call()
        call.press("123")
        talk.wait(lambda: talk.names().count("DTMF") == 3)
        stamps = [int(e["Event-Date-Timestamp"]) for e in talk.events() if e["Event-Name"] == "DTMF"]
        assert all(later - earlier >= 15_000 for earlier, later in pairwise(stamps))

    def test_flush_dtmf_forgets_digits(self, house: Any) -> None:
        """What nobody has read is gone."""
        call, talk = house.call()
        talk.execute("sleep", "100", lock=True)
        talk.event("CHANNEL_EXECUTE", Application="sleep")
        talk.run("set", "a=1")
        call.session.digits.flush()
        talk.run("flush_dtmf")
        assert "DTMF" not in talk.names()
