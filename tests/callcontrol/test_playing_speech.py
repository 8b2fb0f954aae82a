"""Voices that clients name, and the words of SSML."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcontrol.errors import Unprocessable
from callcontrol.playing_speech import SpeechData, speech, words_of
from tests.recording.samples import Values

FLITE = {("speech", "tts_provider"): "flite", ("speech", "tts_voice"): "male"}
POLLY = {("speech", "tts_provider"): "polly", ("speech", "tts_voice"): "Amy"}


def spoken(payload: str, config: dict[tuple[str, ...], Any] = FLITE, **given: str) -> str:
    """What FreeSWITCH's `speak` is given."""
    data = SpeechData().load({"payload": payload, "voice": "female", **given})
    return speech(payload, data, Values(config), "/payload").argument


@pytest.mark.parametrize(
    ("voice", "language", "config", "speaker"),
    [
        ("male", "en-US", FLITE, "flite|rms"),
        ("female", "en-US", FLITE, "flite|slt"),
        ("Female", "de-DE", FLITE, "flite|slt"),
        ("male", "en-GB", FLITE, "flite|awb"),
        ("AWS.Polly.Joanna-Neural", "en-US", FLITE, "flite|slt"),
        ("AWS.Polly.Matthew", "en-US", FLITE, "flite|rms"),
        ("Polly.Brian", "en-GB", FLITE, "flite|awb"),
        ("Azure.en-US-BrianMultilingualNeural", "en-US", FLITE, "flite|rms"),
        ("Azure.en-US-Ava:DragonHDLatestNeural", "en-US", FLITE, "flite|slt"),
        ("Telnyx.KokoroTTS.af", "en-US", FLITE, "flite|slt"),
        ("flite.kal", "en-US", FLITE, "flite|kal"),
        ("kal", "en-US", FLITE, "flite|kal"),
        ("AWS.Polly.Joanna", "en-US", POLLY, "polly|Joanna"),
        ("Azure.en-CA-ClaraNeural", "en-US", POLLY, "polly|Amy"),
    ],
)
def test_voices(voice: str, language: str, config: dict[tuple[str, ...], Any], speaker: str) -> None:
    """The engine's own are taken by name, of others what is known of them."""
    assert spoken("Hello", config, voice=voice, language=language) == f"{speaker}|Hello"


def test_an_engine_that_is_no_name() -> None:
    """A faulty configuration does not keep anybody from speaking."""
    assert (
        spoken("Hello", {("speech", "tts_provider"): "a b", ("speech", "tts_voice"): "|"})
        == "flite|slt|Hello"
    )


@pytest.mark.parametrize(
    ("ssml", "words"),
    [
        ("<speak>Hello <emphasis level='strong'>you</emphasis></speak>", "Hello you"),
        ("<speak>One<break time='500ms'/>two</speak>", "One, two"),
        ("<speak><p>First</p><p>Second!</p></speak>", "First. Second! "),
        ("<speak><s>Is it?</s>Yes</speak>", "Is it? Yes"),
        ("<speak><sub alias='World Wide Web'>WWW</sub> &amp; more</speak>", "World Wide Web & more"),
        ("<speak><sub>WWW</sub></speak>", "WWW"),
        ("<speak><say-as interpret-as='digits'>123</say-as></speak>", "123"),
        ("<!-- nothing --><speak xml:lang='en'>Hi</speak>", "Hi"),
        ("no markup", "no markup"),
        ("2 < 3", "2 < 3"),
        ("<speak>cut <off", "cut <off"),
    ],
)
def test_words_of_ssml(ssml: str, words: str) -> None:
    """What is to be said, with pauses where the markup has some."""
    assert words_of(ssml) == words


@given(st.text(max_size=300))
def test_whatever_it_is_it_stays_on_its_line(payload: str) -> None:
    """Any text is spoken in one line, or has no words."""
    for payload_type in ("text", "ssml"):
        try:
            argument = speech(
                payload,
                {"payload_type": payload_type, "voice": "female", "language": None},
                Values(FLITE),
                "/payload",
            ).argument
        except Unprocessable:
            continue
        assert argument.startswith("flite|slt|")
        assert all(char.isprintable() or ord(char) > 0x7F for char in argument)
        argument.encode()
