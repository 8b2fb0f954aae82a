"""Sounds and speech by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from telnyx import APIStatusError, UnprocessableEntityError

from callcontrol.channel import channel_of
from callcontrol.field import MAX_CLIENT_STATE, MAX_URL
from callcontrol.playing import Kind, Side, Sound, mixing
from tests.callcontrol.heard import CLICK, NOTE, OTHER, STATE, TALE, Line, sound
from tests.callcontrol.place import NODE, Place
from tests.waiting import eventually

STARTED, ENDED = ("playback.started", ""), "playback.ended"


def refusal(do: Any, *args: Any, **given: Any) -> dict[str, Any]:
    """The one fault that a command is refused for."""
    with pytest.raises(UnprocessableEntityError) as refused:
        do(*args, **given)
    (fault,) = refused.value.response.json()["errors"]
    return dict(fault)


def test_a_sound_is_played_and_told(place: Place) -> None:
    """Its beginning and its end, with the name the client gave it and its state."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=NOTE, client_state=STATE)
    assert line.sounds(2) == [STARTED, (ENDED, "completed")]
    begun, over = line.told("call.playback.started", "call.playback.ended", count=2)
    for one in (begun, over):
        assert (one["media_name"], one["client_state"], one["overlay"]) == (NOTE, STATE, False)
        assert (one["call_control_id"], one["connection_id"]) == (line.id, "crm")
        assert "media_url" not in one


def test_sounds_wait_for_one_another(place: Place) -> None:
    """In the order of their commands, speech among them, each with the state it was ordered with."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name="the note", client_state=STATE)
    line.actions.speak(line.id, payload="Good day", voice="female", client_state=OTHER)
    line.actions.start_playback(line.id, media_name=NOTE, client_state=STATE)
    assert line.sounds(6) == [
        STARTED,
        (ENDED, "completed"),
        ("speak.started", ""),
        ("speak.ended", "completed"),
        STARTED,
        (ENDED, "completed"),
    ]
    states = [
        one["client_state"] for one in line.told("call.playback.started", "call.speak.started", count=3)
    ]
    assert states == [STATE, OTHER, STATE]


def test_rounds_are_told_once(place: Place) -> None:
    """Three rounds are one sound."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=NOTE, loop=3)
    assert line.sounds(2) == [STARTED, (ENDED, "completed")]
    played = [one for one in line.call.log if "playback" in str(one) and NOTE in str(one)]
    assert len(played) >= 3


def test_what_is_too_short_to_be_repeated_ends_all_the_same(place: Place) -> None:
    """FreeSWITCH gives such rounds up, and that is told."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=CLICK, loop=50)
    assert line.sounds(2) == [STARTED, (ENDED, "completed")]


@pytest.mark.parametrize("loop", [1, "infinity"])
def test_the_current_sound_is_stopped_and_the_next_begins(place: Place, loop: Any) -> None:
    """Only what was heard is cancelled."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE, loop=loop)
    line.actions.start_playback(line.id, media_name=NOTE)
    line.hears(TALE)
    line.actions.stop_playback(line.id, stop="current")
    assert line.sounds(4) == [STARTED, (ENDED, "cancelled"), STARTED, (ENDED, "completed")]


def test_all_is_stopped_and_what_comes_later_is_played(place: Place) -> None:
    """What waited is never heard, nor told; what is ordered afterwards is."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE, loop="infinity")
    line.actions.start_playback(line.id, media_name=TALE)
    line.actions.speak(line.id, payload="never heard", voice="male")
    line.hears(TALE)
    line.actions.stop_playback(line.id)
    line.actions.start_playback(line.id, media_name=NOTE)
    assert line.sounds(4) == [STARTED, (ENDED, "cancelled"), STARTED, (ENDED, "completed")]


def test_a_stop_right_after_the_start(place: Place) -> None:
    """Whether it had begun or not, nothing goes on."""
    line = Line(place)
    for _ in range(3):
        line.actions.start_playback(line.id, media_name=TALE, loop="infinity")
        line.actions.stop_playback(line.id)
    line.actions.start_playback(line.id, media_name=NOTE, client_state=STATE)
    ends = [("completed", STATE)]
    eventually(
        lambda: (
            [
                (one["status"], one.get("client_state", ""))
                for one in line.told("call.playback.ended")
                if one["media_name"] == NOTE
            ]
            == ends
        ),
        what="the end of the note",
    )
    line.is_quiet()


def test_a_sound_can_take_the_place_of_another(place: Place) -> None:
    """stop=all within playback_start and speak."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    line.actions.speak(line.id, payload="Listen", voice="AWS.Polly.Matthew", stop="all")
    assert line.sounds(4) == [
        STARTED,
        (ENDED, "cancelled"),
        ("speak.started", ""),
        ("speak.ended", "completed"),
    ]
    assert any("rms|Listen" in str(one) for one in line.call.log)


def test_a_hangup_ends_it(place: Place) -> None:
    """Before the call's own end is told; what waited is not told at all."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.actions.start_playback(line.id, media_name=NOTE)
    line.hears(TALE)
    line.call.hang_up()
    told = line.told("call.playback.started", "call.playback.ended", "call.hangup", count=3)
    assert [one["is"] for one in told] == ["call.playback.started", "call.playback.ended", "call.hangup"]
    assert told[1]["status"] == "call_hangup"


def test_content_is_played_from_a_file(place: Place) -> None:
    """Base64 of a WAV; its webhooks name nothing."""
    line = Line(place)
    line.actions.start_playback(line.id, playback_content=base64.b64encode(sound(0.3)).decode())
    assert line.sounds(2) == [STARTED, (ENDED, "completed")]
    begun, _ = line.told("call.playback.started", "call.playback.ended", count=2)
    assert not {"media_url", "media_name"} & set(begun)


def test_a_large_content_is_taken_and_a_larger_one_refused(place: Place) -> None:
    """The command's own limit counts, not that of the others."""
    line = Line(place)
    line.actions.start_playback(line.id, playback_content=base64.b64encode(sound(40)).decode())
    line.hears()
    with pytest.raises(APIStatusError) as refused:
        line.actions.start_playback(line.id, playback_content="QUJD" * 249_000)
    assert refused.value.status_code == 413


def test_a_sound_that_freeswitch_cannot_fetch(place: Place) -> None:
    """It is told as not found, without having begun."""
    place.allow_networks = ["127.0.0.0/8"]
    line = Line(place)
    url = "http://127.0.0.1:1/nothing.wav"
    line.actions.start_playback(line.id, audio_url=url)
    (over,) = line.told("call.playback.ended")
    assert (over["status"], over["media_url"]) == ("file_not_found", url)
    assert over["status_detail"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.wav",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:8021/x.mp3",
        "http://localhost/x.wav",
        "http://10.1.2.3/x.wav",
        "http://[fd00::1]/x.wav",
    ],
)
def test_private_addresses_are_not_fetched(place: Place, url: str) -> None:
    """FreeSWITCH is in a network that clients are not."""
    line = Line(place)
    fault = refusal(line.actions.start_playback, line.id, audio_url=url)
    assert (fault["code"], fault["source"]) == ("10003", {"pointer": "/audio_url"})


def test_an_overlay_is_heard_over_another_sound(place: Place) -> None:
    """It needs one; both are told, and each is stopped by itself."""
    line = Line(place)
    fault = refusal(line.actions.start_playback, line.id, media_name=NOTE, overlay=True)
    assert fault["source"] == {"pointer": "/overlay"}
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    line.actions.start_playback(line.id, media_name=NOTE, overlay=True, loop="infinity", client_state=STATE)
    eventually(lambda: line.call.session.displaced, what="the overlay")
    line.actions.stop_playback(line.id, overlay=True)
    told = line.told("call.playback.started", "call.playback.ended", count=3)
    assert [(one["is"], one["overlay"], one.get("status")) for one in told] == [
        ("call.playback.started", False, None),
        ("call.playback.started", True, None),
        ("call.playback.ended", True, "cancelled"),
    ]
    assert told[1]["client_state"] == STATE
    assert line.is_hearing(TALE)


def test_an_overlay_that_is_not_there(place: Place) -> None:
    """FreeSWITCH says so at once, and it is told as any other."""
    place.allow_networks = ["127.0.0.0/8"]
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    line.actions.start_playback(line.id, audio_url="http://127.0.0.1:1/x.wav", overlay=True)
    (over,) = line.told("call.playback.ended")
    assert (over["status"], over["overlay"]) == ("file_not_found", True)


def test_what_is_mixed_in_and_what_is_heard_are_stopped_together(place: Place) -> None:
    """Each is told as cancelled, whichever ends first."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    beside = channel_of(place.api.control.facilities.switches, NODE, line.call.uuid)
    mixed = Sound("mixed", Kind.PLAYBACK, media_name="mixed")
    beside.run(mixing(beside, mixed, "tone_stream://%(60000,0,300)", Side.OPPOSITE))
    line.actions.stop_playback(line.id)
    ends = line.told("call.playback.ended", count=2)
    assert sorted((one["media_name"], one["status"]) for one in ends) == [
        ("mixed", "cancelled"),
        (TALE, "cancelled"),
    ]


def test_the_beep_of_a_recording_does_not_wait_for_a_sound(place: Place) -> None:
    """It is mixed in: behind a sound without end it would never be heard."""
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE, loop="infinity")
    line.hears(TALE)
    line.actions.start_recording(line.id, format="wav", channels="dual", play_beep=True)
    eventually(lambda: any("1400" in spec for spec in line.call.session.displaced), what="the beep")
    assert line.is_hearing(TALE)


def test_an_overlay_may_have_the_longest_state_and_address(place: Place) -> None:
    """FreeSWITCH's events of it carry them, and it needs no rounds for that."""
    place.allow_networks = ["127.0.0.0/8"]
    line = Line(place)
    line.actions.start_playback(line.id, media_name=TALE)
    line.hears(TALE)
    state = base64.b64encode(b"x" * (MAX_CLIENT_STATE // 4 * 3)).decode()
    url = "http://127.0.0.1:1/".ljust(MAX_URL, "x")
    line.actions.start_playback(line.id, audio_url=url, overlay=True, client_state=state)
    (over,) = line.told("call.playback.ended")
    assert (over["client_state"], over["media_url"]) == (state, url)
    fault = refusal(line.actions.start_playback, line.id, audio_url=url, overlay=True, loop=9)
    assert fault["source"] == {"pointer": "/loop"}


def test_the_opposite_leg_needs_a_bridge(place: Place) -> None:
    """A call that talks with nobody has none."""
    line = Line(place)
    fault = refusal(line.actions.start_playback, line.id, media_name=NOTE, target_legs="opposite")
    assert fault["source"] == {"pointer": "/target_legs"}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({}, "/audio_url"),
        ({"media_name": NOTE, "audio_url": "https://example.com/x.wav"}, "/media_name"),
        ({"media_name": NOTE, "playback_content": "QUJD"}, "/playback_content"),
        ({"media_name": "no such thing"}, "/media_name"),
        ({"media_name": "0" * 32}, "/media_name"),
        ({"playback_content": "no base64!"}, "/playback_content"),
        ({"playback_content": "QUJDREVG"}, "/playback_content"),
        ({"audio_url": "file:///etc/passwd"}, "/audio_url"),
        ({"audio_url": "http://no-such-host.invalid/x.wav"}, "/audio_url"),
        ({"media_name": NOTE, "loop": 0}, "/loop"),
        ({"media_name": NOTE, "loop": 101}, "/loop"),
        ({"media_name": NOTE, "loop": "3"}, "/loop"),
        ({"media_name": NOTE, "loop": "forever"}, "/loop"),
        ({"media_name": NOTE, "loop": True}, "/loop"),
        ({"media_name": NOTE, "stop": "next"}, "/stop"),
        ({"media_name": NOTE, "target_legs": "all"}, "/target_legs"),
        ({"media_name": NOTE, "target_legs": "both", "overlay": True}, "/target_legs"),
        ({"media_name": NOTE, "audio_type": "ogg"}, "/audio_type"),
        ({"media_name": NOTE, "overlay": "yes"}, "/overlay"),
        ({"media_name": NOTE, "cache_audio": 1}, "/cache_audio"),
    ],
)
def test_every_limit_of_playback_start(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    line = Line(place, is_told=False)
    assert refusal(line.actions.start_playback, line.id, **wrong)["source"] == {"pointer": pointer}


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"payload": ""}, "/payload"),
        ({"payload": "x" * 3_001}, "/payload"),
        ({"payload": " \n "}, "/payload"),
        ({"payload": "<speak/>", "payload_type": "ssml"}, "/payload"),
        ({"voice": ""}, "/voice"),
        ({"payload_type": "html"}, "/payload_type"),
        ({"language": "xx-XX"}, "/language"),
        ({"service_level": "best"}, "/service_level"),
        ({"service_level": "basic", "payload_type": "ssml"}, "/payload_type"),
        ({"service_level": "basic", "language": "de-DE"}, "/language"),
        ({"target_legs": "both"}, "/target_legs"),
        ({"loop": -1}, "/loop"),
    ],
)
def test_every_limit_of_speak(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    line = Line(place, is_told=False)
    given = {"payload": "Hello", "voice": "female"} | wrong
    assert refusal(line.actions.speak, line.id, **given)["source"] == {"pointer": pointer}


def test_text_cannot_become_anything_else(place: Place) -> None:
    """What FreeSWITCH would expand, split or take for a command is spoken as it is."""
    line = Line(place)
    text = "${system rm} a|b 'c' \\n %[x=y] $${z}"
    line.actions.speak(line.id, payload=text, voice="female")
    assert line.sounds(2)[-1] == ("speak.ended", "completed")
    assert any(f"|{text}" in str(one) for one in line.call.log)


def test_digits_are_sent(place: Place) -> None:
    """All of them, in portions that FreeSWITCH takes."""
    line = Line(place)
    digits = "0123456789ABCD*#wW" * 6
    line.actions.send_dtmf(line.id, digits=digits, duration_millis=100)
    eventually(lambda: line.call.session.sent_digits == digits, what="the digits")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"digits": ""}, "/digits"),
        ({"digits": "12x"}, "/digits"),
        ({"digits": "1@2000"}, "/digits"),
        ({"digits": "1\n"}, "/digits"),
        ({"digits": "1" * 513}, "/digits"),
        ({"digits": "1", "duration_millis": 99}, "/duration_millis"),
        ({"digits": "1", "duration_millis": 501}, "/duration_millis"),
    ],
)
def test_every_limit_of_send_dtmf(place: Place, wrong: dict[str, Any], pointer: str) -> None:
    """A parameter outside its limits is refused with a pointer to it."""
    line = Line(place, is_told=False)
    assert refusal(line.actions.send_dtmf, line.id, **wrong)["source"] == {"pointer": pointer}


def test_nothing_is_played_before_the_answer(place: Place) -> None:
    """Each of these commands needs an answered call."""
    client = place.client()
    call_control_id = place.id_of(place.call())
    actions = client.calls.actions
    for do, given in (
        (actions.start_playback, {"media_name": NOTE}),
        (actions.speak, {"payload": "Hello", "voice": "male"}),
        (actions.send_dtmf, {"digits": "1"}),
        (actions.gather, {}),
    ):
        assert refusal(do, call_control_id, **given)["code"] == "90034"
