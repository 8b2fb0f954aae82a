"""Gathers by Telnyx' own client, on a simulated FreeSWITCH, with one process or several."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.simcall import SimCall
from tests.callcontrol.heard import NOTE, OTHER, STATE, TALE, Line
from tests.callcontrol.place import Place
from tests.callcontrol.test_playing import refusal
from tests.waiting import eventually

FOREVER = {"initial_timeout_millis": 60_000, "inter_digit_timeout_millis": 60_000}
TIMEOUT = {"timeout_millis": 60_000, "inter_digit_timeout_millis": 60_000}


def variables(call: SimCall) -> set[str]:
    """Names of the variables that gathers use and that are on the leg."""
    found = call.session.channel.variables
    return {name for name in found if name.startswith(("callcontrol_gather", "callcontrol_void"))}


def follows(place: Place, line: Line) -> None:
    """Wait until every process follows the gather."""
    del line
    eventually(lambda: all(len(process.control.gathers) for process in place.processes), what="the gather")


def test_digits_up_to_the_terminator(place: Place) -> None:
    """Told with the id that the client gave it, who calls whom, and the state it was ordered with."""
    line = Line(place)
    line.actions.gather(line.id, gather_id="pin", client_state=STATE, **FOREVER)
    follows(place, line)
    line.press("123#")
    (told,) = line.told("call.gather.ended")
    assert (told["status"], told["digits"], told["gather_id"]) == ("valid", "123", "pin")
    assert (told["client_state"], told["call_control_id"]) == (STATE, line.id)
    assert told["from"]
    assert told["to"]
    eventually(lambda: not variables(line.call), what="a tidy leg")


def test_the_digits_come_first(place: Place) -> None:
    """Each is told before the gather that it ends."""
    line = Line(place)
    line.actions.gather(line.id, maximum_digits=2, **FOREVER)
    follows(place, line)
    line.press("12")
    told = line.told("call.dtmf.received", "call.gather.ended", count=3)
    assert [one["is"] for one in told] == ["call.dtmf.received", "call.dtmf.received", "call.gather.ended"]


def test_a_gather_hears_what_is_pressed_over_a_sound(place: Place) -> None:
    """It begins at once, and the sound goes on."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    line.actions.gather(line.id, maximum_digits=1, **FOREVER)
    follows(place, line)
    line.press("5")
    assert line.gathered() == [("valid", "5")]
    assert line.is_hearing(TALE)


@pytest.mark.parametrize(
    ("given", "pressed", "ended"),
    [
        ({"initial_timeout_millis": 200}, "", ("timeout", "")),
        ({"inter_digit_timeout_millis": 300}, "12", ("valid", "12")),
        ({"inter_digit_timeout_millis": 300, "minimum_digits": 3}, "12", ("invalid", "12")),
        ({"timeout_millis": 700, "minimum_digits": 3}, "12", ("timeout", "12")),
        ({"valid_digits": "123"}, "14#", ("invalid", "14")),
        ({"terminating_digit": "", "maximum_digits": 3}, "1#2", ("valid", "1#2")),
    ],
)
def test_ends(place: Place, given: dict[str, Any], pressed: str, ended: tuple[str, str]) -> None:
    """By time and by rules."""
    line = Line(place)
    line.actions.gather(line.id, **(FOREVER | given))
    line.press(pressed)
    assert line.gathered() == [ended]


def test_a_hangup_ends_it(place: Place) -> None:
    """Before the call's own end is told, with the digits by then."""
    line = Line(place)
    line.actions.gather(line.id, **FOREVER)
    follows(place, line)
    line.press("1")
    line.call.hang_up()
    told = line.told("call.gather.ended", "call.hangup", count=2)
    assert [one["is"] for one in told] == ["call.gather.ended", "call.hangup"]
    assert (told[0]["status"], told[0]["digits"]) == ("call_hangup", "1")


def test_it_is_stopped(place: Place) -> None:
    """With what was pressed by then, and the state of whoever stopped it."""
    line = Line(place)
    line.actions.gather(line.id, client_state=STATE, **FOREVER)
    follows(place, line)
    line.press("7")
    line.actions.stop_gather(line.id, client_state=OTHER)
    (told,) = line.told("call.gather.ended")
    assert (told["status"], told["digits"], told["client_state"]) == ("cancelled", "7", OTHER)
    line.actions.stop_gather(line.id)


def test_a_new_gather_takes_the_place_of_another(place: Place) -> None:
    """The first is cancelled, the second hears; they may have the same name."""
    line = Line(place)
    line.actions.gather(line.id, gather_id="same", **FOREVER)
    line.actions.gather(line.id, gather_id="same", maximum_digits=1, **FOREVER)
    assert line.gathered() == [("cancelled", "")]
    line.press("8")
    assert line.gathered(2) == [("cancelled", ""), ("valid", "8")]


def test_a_key_breaks_the_prompt_off(place: Place) -> None:
    """The prompt is told as a sound; it is cancelled, and gives way to what waits."""
    line = Line(place)
    line.actions.gather_using_audio(line.id, media_name=TALE, maximum_digits=2, client_state=STATE, **TIMEOUT)
    line.hears(TALE)
    line.press("4")
    line.is_quiet()
    line.press("2")
    assert line.gathered() == [("valid", "42")]
    assert line.sounds(2) == [("playback.started", ""), ("playback.ended", "cancelled")]
    assert {one["client_state"] for one in line.told("call.playback.started", "call.playback.ended")} == {
        STATE
    }
    eventually(lambda: not variables(line.call), what="a tidy leg")


def test_prompts_and_tries(place: Place) -> None:
    """Silence repeats the prompt; wrong digits play what is for them first; the last try counts."""
    line = Line(place)
    line.actions.gather_using_audio(
        line.id,
        media_name=NOTE,
        invalid_media_name="the note",
        minimum_digits=2,
        maximum_tries=3,
        timeout_millis=300,
        inter_digit_timeout_millis=60_000,
    )
    line.told("call.playback.started", count=2)
    line.hears(NOTE)
    line.press("1#")
    assert line.gathered() == [("timeout", "")]
    begun = [one["media_name"] for one in line.told("call.playback.started", count=4)]
    assert begun == [NOTE, NOTE, "the note", NOTE]


def test_spoken_prompts(place: Place) -> None:
    """They are heard, broken off and repeated, and have no webhooks of their own."""
    line = Line(place)
    line.actions.gather_using_speak(
        line.id,
        payload="Please press one, or anything else, as you like it, and take your time",
        voice="male",
        invalid_payload="Wrong",
        valid_digits="1",
        maximum_digits=1,
        **TIMEOUT,
    )
    line.hears("Please press")
    line.press("2")
    line.hears("Wrong")
    line.hears("Please press")
    line.press("1")
    assert line.gathered() == [("valid", "1")]
    line.is_quiet()
    assert not [row for row in place.house.outbox.notices.list() if "speak" in row.kind]


def test_only_the_last_gathers_are_remembered(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ends once; nothing of them stays for as long as the process lives, whatever their legs come to."""
    monkeypatch.setattr("callcontrol.gathering_following.MAX_ENDED", 2)
    line = Line(place)
    for number in range(1, 5):
        line.actions.gather(line.id, maximum_digits=1, **FOREVER)
        follows(place, line)
        line.press(str(number))
        assert len(line.gathered(number)) == number
    assert len(place.api.control.gathers._ended) == 2


def test_a_stopped_gather_is_silent(place: Place) -> None:
    """Its prompt is broken off, or never begins behind what is heard."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    line.actions.gather_using_speak(line.id, payload="Never heard", voice="female")
    line.actions.stop_gather(line.id)
    assert line.gathered() == [("cancelled", "")]
    line.actions.stop_playback(line.id, stop="current")
    line.actions.gather_using_speak(
        line.id, payload="Heard for a while, long enough to stop it", voice="female"
    )
    line.hears("Heard for")
    line.actions.stop_gather(line.id)
    assert line.gathered(2)[-1] == ("cancelled", "")
    line.is_quiet()
    assert not any("Never heard" in str(one) and "says" in str(one) for one in line.call.log)


def test_several_processes_follow_a_gather_and_act_once(place: Place) -> None:
    """The command given to one, the call held by another: each prompt is played once, each end told once."""
    holder, other = place.process(), place.process(own=True)
    line = Line(place, process=other)
    assert holder.url != other.url
    line.actions.gather_using_audio(
        line.id,
        media_name=NOTE,
        minimum_digits=2,
        maximum_tries=3,
        timeout_millis=150,
        inter_digit_timeout_millis=60_000,
    )
    follows(place, line)
    line.told("call.playback.started", count=2)
    line.hears(NOTE)
    line.press("1#")
    assert line.gathered() == [("timeout", "")]
    assert len(line.told("call.playback.started", count=3)) == 3
    assert len(line.told("call.playback.ended", count=3)) == 3


def test_another_process_goes_on_with_a_gather(place: Place) -> None:
    """One that starts while digits are pressed knows those it did not hear."""
    first = place.process()
    line = Line(place)
    line.actions.gather(line.id, maximum_digits=3, **FOREVER)
    follows(place, line)
    line.press("12")
    eventually(lambda: line.call.session.channel.get("callcontrol_gathered") == "1.12", what="the note")
    first.control.teller.stop()
    second = place.process(own=True)
    eventually(lambda: len(second.control.gathers), what="the gather in the other process")
    line.call.press("3")
    assert line.gathered() == [("valid", "123")]


def test_a_process_that_starts_goes_on_by_itself(place: Place) -> None:
    """Nothing need happen on the leg: the time that is left runs out, the prompt is played again."""
    first = place.process()
    line = Line(place)
    given = {"timeout_millis": 800, "maximum_tries": 2}
    line.actions.gather_using_audio(line.id, media_name=NOTE, **given)
    line.hears(NOTE)
    first.control.teller.stop()
    second = place.process(own=True)
    eventually(lambda: len(second.control.gathers), what="the gather in the other process")
    assert line.gathered() == [("timeout", "")]
    assert len([one for one in line.call.log if f"{NOTE}.wav" in str(one) and "playback" in str(one)]) >= 2


def test_nobody_would_be_told(place: Place) -> None:
    """A gather on a call of no connection is refused."""
    line = Line(place, is_told=False)
    assert "Nobody is told" in refusal(line.actions.gather, line.id)["detail"]


COMMON = [
    ({"minimum_digits": 0}, "/minimum_digits"),
    ({"minimum_digits": 129}, "/minimum_digits"),
    ({"maximum_digits": 0}, "/maximum_digits"),
    ({"maximum_digits": 129}, "/maximum_digits"),
    ({"minimum_digits": 5, "maximum_digits": 4}, "/minimum_digits"),
    ({"terminating_digit": "##"}, "/terminating_digit"),
    ({"terminating_digit": "x"}, "/terminating_digit"),
    ({"valid_digits": ""}, "/valid_digits"),
    ({"valid_digits": "12x"}, "/valid_digits"),
    ({"inter_digit_timeout_millis": 0}, "/inter_digit_timeout_millis"),
    ({"timeout_millis": 0}, "/timeout_millis"),
    ({"timeout_millis": "5000"}, "/timeout_millis"),
]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [*COMMON, ({"initial_timeout_millis": -1}, "/initial_timeout_millis"), ({"gather_id": ""}, "/gather_id")],
)
def test_every_limit_of_gather(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    line = Line(place, is_told=False)
    assert refusal(line.actions.gather, line.id, **wrong)["source"] == {"pointer": pointer}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        *COMMON,
        ({"maximum_tries": 0}, "/maximum_tries"),
        ({"media_name": "nothing"}, "/media_name"),
        ({"audio_url": "https://example.com/x.wav"}, "/media_name"),
        ({"invalid_media_name": "nothing"}, "/invalid_media_name"),
        ({"invalid_audio_url": "http://127.0.0.1/x.wav"}, "/invalid_audio_url"),
        (
            {"invalid_audio_url": "https://example.com/x.wav", "invalid_media_name": NOTE},
            "/invalid_media_name",
        ),
    ],
)
def test_every_limit_of_gather_using_audio(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    line = Line(place, is_told=False)
    given = {"media_name": NOTE} | wrong
    assert refusal(line.actions.gather_using_audio, line.id, **given)["source"] == {"pointer": pointer}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        *COMMON,
        ({"payload": ""}, "/payload"),
        ({"invalid_payload": " ", "payload": "x"}, "/invalid_payload"),
        ({"voice": ""}, "/voice"),
        ({"service_level": "basic", "language": "fr-FR"}, "/language"),
    ],
)
def test_every_limit_of_gather_using_speak(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    line = Line(place, is_told=False)
    given = {"payload": "Hello", "voice": "female"} | wrong
    assert refusal(line.actions.gather_using_speak, line.id, **given)["source"] == {"pointer": pointer}
