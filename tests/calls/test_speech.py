"""Which voice says a text, and texts that nobody says."""

from __future__ import annotations

import gevent
import pytest
from structlog.testing import capture_logs

from calls.media import MIN_ROUND_S, PlayStatus
from calls.speech import Speaker, Wish, nearest_speaker, say, speaker_of
from tests.calls.scripted_switch import ScriptedSwitch


@pytest.mark.parametrize(
    ("engine", "voice", "speaker"),
    [
        ("flite", "male", Speaker("flite", "rms")),
        ("flite", "female", Speaker("flite", "slt")),
        ("flite", "kal", Speaker("flite", "kal")),
        ("google", "male", Speaker("google", "male")),
    ],
)
def test_both_named_are_taken(engine: str, voice: str, speaker: Speaker) -> None:
    """Kazoo's two words mean flite's voices with flite alone."""
    assert speaker_of(engine, voice) == speaker


@pytest.mark.parametrize(
    ("wish", "engine", "voice", "chosen"),
    [
        (Wish(), "flite", "male", "slt"),
        (Wish(), "flite", "awb", "awb"),
        (Wish(gender="male"), "flite", "awb", "rms"),
        (Wish("kal"), "flite", "male", "kal"),
        (Wish("flite.AWB"), "flite", "male", "awb"),
        (Wish("Polly.Brian"), "flite", "male", "rms"),
        (Wish("Polly.Brian", "en-GB"), "flite", "male", "awb"),
        (Wish("amazon.Matthew-Neural"), "flite", "male", "rms"),
        (Wish("amazon.Matthew:neural:en-US"), "flite", "male", "rms"),
        (Wish("Polly.Joanna"), "flite", "male", "slt"),
        (Wish("Polly.Joanna", gender="male"), "flite", "male", "rms"),
        (Wish("male"), "flite", "female", "rms"),
        (Wish("gcloud.en-US-Neural2-A", "en-US"), "flite", "male", "slt"),
        (Wish("Polly.Salli"), "polly", "Amy", "Salli"),
        (Wish("Polly.Salli"), "cepstral", "Allison", "Allison"),
        (Wish("Polly.Matthew"), "cepstral", "female", "male"),
        (Wish("David"), "cepstral", "Allison", "David"),
        (Wish("a b|c"), "cepstral", "Allison", "Allison"),
        (Wish("Polly." + "x" * 500), "flite", "male", "slt"),
    ],
)
def test_the_nearest_voice_is_taken(wish: Wish, engine: str, voice: str, chosen: str) -> None:
    """The engine's own by name, else by gender; an unknown engine's configured one."""
    assert nearest_speaker(wish, engine, voice) == Speaker(engine, chosen)


def test_names_that_are_none_are_refused() -> None:
    """They would become another argument of FreeSWITCH's."""
    with pytest.raises(ValueError, match="no engine and voice"):
        speaker_of("flite|x", "slt")


def test_an_engine_that_is_not_there_is_told() -> None:
    """FreeSWITCH only says that it is done, at once."""
    switch = ScriptedSwitch()
    with capture_logs() as logs:
        played = say(switch.call(), "Hello", Speaker("flite", "slt"))
    assert played.status is PlayStatus.FAILED
    assert [line["event"] for line in logs if "speech" in line["event"]] == ["speech_not_heard"]


def test_one_that_speaks_takes_its_time() -> None:
    """Then it was heard, as far as anybody knows."""

    def speak(*_: object) -> dict[str, str]:
        gevent.sleep(MIN_ROUND_S + 0.05)
        return {}

    switch = ScriptedSwitch()
    switch.applications["speak"] = speak
    assert say(switch.call(), "Hello", Speaker("flite", "slt")).status is PlayStatus.UNKNOWN


def test_a_key_that_ends_it_at_once_is_no_failure() -> None:
    """The caller knows the menu."""
    switch = ScriptedSwitch()
    switch.keys = ["1"]
    assert say(switch.call(), "Hello", Speaker("flite", "slt")).ended_by == "1"
