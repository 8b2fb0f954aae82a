"""Playing, speaking, sounding tones, recording."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
import pytest

from calls.call import Call
from calls.errors import CallGone, CommandFailed, MediaMissing
from calls.media import Played, PlayStatus, Tone, play, record, speak, tones
from esl.errors import BadCommand
from tests.calls.scripted_switch import ScriptedSwitch, missing, never


def test_a_prompt_is_two_commands_in_one_batch() -> None:
    """The terminators of the prompt, then the prompt, which waits its turn."""
    switch = ScriptedSwitch()
    assert play(switch.call(), "welcome.wav") == Played("", PlayStatus.PLAYED)
    assert switch.commands == [
        ("set", "playback_terminators=123456789*0#", False),
        ("playback", "welcome.wav", True),
    ]


def test_terminators_already_in_force_are_not_set_again() -> None:
    """A second prompt costs one command."""
    switch = ScriptedSwitch()
    call = switch.call()
    play(call, "a.wav")
    play(call, "b.wav")
    play(call, "c.wav", "#")
    assert [app for app, _, _ in switch.commands] == ["set", "playback", "playback", "set", "playback"]


@pytest.mark.parametrize(
    ("terminators", "told"),
    [("", "none"), ("#", "#"), (["1", "1", "#"], "1#"), (["x", "12"], "none"), ("ABCD", "ABCD")],
)
def test_terminators_are_told_as_freeswitch_knows_them(terminators: str | list[str], told: str) -> None:
    """No key at all is `none`; without it FreeSWITCH would take `*`."""
    switch = ScriptedSwitch()
    play(switch.call(), "a.wav", terminators)
    assert switch.arguments("set") == [f"playback_terminators={told}"]


def test_the_key_that_ended_it_is_told_and_kept() -> None:
    """Digits heard during a prompt are found by a later collect_dtmf."""
    switch = ScriptedSwitch()
    switch.keys = ["42"]
    call = switch.call()
    assert play(call, "a.wav").ended_by == "4"
    assert call.dtmf.get() == "42"


def test_a_missing_file_is_an_error_that_names_it() -> None:
    """So that whoever asked can try something else."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = missing
    with pytest.raises(MediaMissing) as caught:
        play(switch.call(), "nowhere.wav")
    assert caught.value.media == "nowhere.wav"


def test_loops_are_rounds() -> None:
    """So many, unless a key ends one."""
    switch = ScriptedSwitch()
    call = switch.call()
    play(call, "a.wav", loops=2)
    assert len(switch.arguments("playback")) == 2
    switch.keys = ["1"]
    play(call, "a.wav", loops=5)
    assert len(switch.arguments("playback")) == 3


def test_an_endless_prompt_ends_by_a_key() -> None:
    """Or with the call; not by itself."""
    switch = ScriptedSwitch()
    switch.keys = ["", "", "7"]
    assert play(switch.call(), "a.wav", endless=True).ended_by == "7"
    assert len(switch.arguments("playback")) == 3


def test_an_endless_prompt_of_an_empty_file_does_not_spin() -> None:
    """Ten rounds a second at most, however short the file."""
    switch = ScriptedSwitch()
    call = switch.call()
    gevent.spawn_later(0.25, switch.hang_up)
    with pytest.raises(CallGone):
        play(call, "empty.wav", endless=True)
    assert len(switch.arguments("playback")) <= 4


def test_a_failed_prompt_is_not_repeated() -> None:
    """What FreeSWITCH could not play once it cannot play again."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = lambda _switch, _arg: {"Application_Response": "PLAYBACK ERROR"}
    assert play(switch.call(), "a.wav", loops=3).status is PlayStatus.FAILED
    assert len(switch.arguments("playback")) == 1


def test_speech_is_one_argument_whatever_the_text() -> None:
    """Line breaks become blanks, expansions stay text, only the first two bars separate."""
    switch = ScriptedSwitch()
    speak(switch.call(), " Press 1 |\nor ${uuid} ")
    assert switch.arguments("speak") == [r"flite|slt|Press 1 | or \${uuid}"]


@pytest.mark.parametrize(("engine", "voice"), [("fl|ite", "slt"), ("flite", "s lt"), ("", "slt"), ("a", "")])
def test_a_name_that_is_no_engine_or_voice_is_refused(engine: str, voice: str) -> None:
    """FreeSWITCH hangs a call up that asks it to speak with nobody."""
    with pytest.raises(ValueError, match="names no"):
        speak(ScriptedSwitch().call(), "hello", engine, voice)


def test_nothing_to_say_is_not_said() -> None:
    """An empty text is no command."""
    switch = ScriptedSwitch()
    assert speak(switch.call(), " \n ") == Played("", PlayStatus.UNKNOWN)
    assert switch.commands == []


def test_endless_speech_without_an_engine_ends() -> None:
    """An engine that makes no sound is not asked for ever."""
    switch = ScriptedSwitch()
    speak(switch.call(), "hello", endless=True)
    assert len(switch.arguments("speak")) == 1


def test_tones_are_a_stream() -> None:
    """In the notation of libteletone."""
    switch = ScriptedSwitch()
    tones(switch.call(), [Tone((350, 440), 1000, 0), Tone((440,), 500, 100)])
    assert switch.arguments("playback") == ["tone_stream://%(1000,0,350,440);%(500,100,440)"]


def test_a_recording_of_the_caller_has_its_limits() -> None:
    """Path, limit, silence; a path with a blank is refused, since it would be cut there."""
    switch = ScriptedSwitch()
    call = switch.call()
    record(call, "/rec/a.mp3", 300)
    assert switch.arguments("record") == ["/rec/a.mp3 300 200 5"]
    with pytest.raises(BadCommand):
        record(call, "/rec/a b.mp3", 300)


@pytest.mark.parametrize("verb", [lambda call: play(call, "a"), lambda call: speak(call, "a")])
def test_a_hangup_ends_what_is_heard(verb: Callable[[Call], object]) -> None:
    """At once, whatever FreeSWITCH still says of the prompt."""
    switch = ScriptedSwitch()
    switch.applications |= {"playback": never, "speak": never}
    call = switch.call()
    gevent.spawn_later(0.01, switch.hang_up)
    started_s = time.monotonic()
    with pytest.raises(CallGone):
        verb(call)
    assert time.monotonic() - started_s < 2
    assert not call.dtmf.is_heard


def test_a_refused_prompt_is_an_error() -> None:
    """Not silence."""
    switch = ScriptedSwitch()
    switch.refused.add("playback")
    with pytest.raises(CommandFailed):
        play(switch.call(), "a.wav")


def test_a_sound_is_heard_by_whoever_listened_before() -> None:
    """A collection in progress gets the digits of its own prompt; the default collection does not."""
    switch = ScriptedSwitch()
    switch.keys = ["5"]
    call = switch.call()
    heard: list[str] = []
    with call.dtmf.listening(heard.append):
        play(call, "a.wav")
    assert (heard, call.dtmf.get()) == (["5"], "")
