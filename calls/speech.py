"""Which engine says a text in which voice, and saying it.

FreeSWITCH takes engines and voices by their own names; languages speak of `male` and `female`, or of voices
of a cloud's. What is not known here becomes a voice of the engine that is configured.
Source: Kazoo's two voices (reference section 0.1); flite's voices as FreeSWITCH's mod_flite has them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from calls.call import Call
from calls.dtmf import ALL_TERMINATORS
from calls.media import MIN_ROUND_S, SPEECH_WORDS, Played, PlayStatus, speak

FLITE = "flite"

MALE, FEMALE = "male", "female"

FLITE_VOICES = {MALE: "rms", FEMALE: "slt"}
"""Kazoo's two voices by the names flite has for them."""

FLITE_NAMES = frozenset({"awb", "kal", "rms", "slt"})
"""All that mod_flite has; they speak English, awb with a Scottish accent."""

BRITISH_MALE = "awb"

# fmt: off
CLOUD_MEN = frozenset({
    "adriano", "andres", "arthur", "brian", "daniel", "enrique", "gabriel", "giorgio", "gregory", "hans",
    "jacek", "jan", "joey", "justin", "karl", "kevin", "liam", "lucas", "mads", "mathieu", "matthew",
    "maxim", "miguel", "patrick", "pedro", "remi", "ricardo", "ruben", "russell", "sergio", "stephen",
    "takumi", "thiago", "zayd",
})
# fmt: on
"""Voices of Amazon Polly's that are men's, by their names; it is whose voices SWML names first."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """An engine and a voice, as FreeSWITCH names them."""

    engine: str
    voice: str

    def __post_init__(self) -> None:
        """Raises: ValueError: one of them cannot be a name."""
        for name in (self.engine, self.voice):
            if not SPEECH_WORDS.match(name):
                raise ValueError("the speech configuration names no engine and voice")


@dataclass(frozen=True, slots=True)
class Wish:
    """The voice somebody would like.

    Attributes: voice: `<vendor>.<voice>`, a voice of the engine's, or ""; language: such as `en-GB`; gender:
    `male` or `female`, "" for whichever the voice is.
    """

    voice: str = ""
    language: str = ""
    gender: str = ""


def speaker_of(engine: str, voice: str) -> Speaker:
    """Return who speaks where both are named. Raises: ValueError: a name that is none."""
    return Speaker(engine, FLITE_VOICES.get(voice, voice) if engine == FLITE else voice)


def nearest_speaker(wish: Wish, engine: str, voice: str) -> Speaker:
    """Return who comes nearest to a wish.

    A voice that is the engine's own is taken. For any other the gender counts, the one wished for or that of
    the voice, female for none; for an engine whose voices are not known here, its configured one.
    Args: engine, voice: as configured. Raises: ValueError: they are no names.
    """
    vendor, dot, named = wish.voice.partition(".")
    if not dot:
        vendor, named = "", wish.voice
    is_its_own = vendor.lower() == engine.lower() or (not vendor and bool(named))
    if engine == FLITE:
        gender = _gender(wish, named)
        if is_its_own and named.lower() in FLITE_NAMES:
            return Speaker(engine, named.lower())
        if not wish.voice and not wish.gender and voice in FLITE_NAMES:
            return Speaker(engine, voice)
        if gender == MALE and wish.language.lower().replace("_", "-").startswith("en-gb"):
            return Speaker(engine, BRITISH_MALE)
        return Speaker(engine, FLITE_VOICES[gender])
    if is_its_own and named.lower() not in FLITE_VOICES and SPEECH_WORDS.match(named):
        return Speaker(engine, named)
    return Speaker(engine, _gender(wish, named) if voice in FLITE_VOICES else voice)


def say(
    call: Call,
    text: str,
    speaker: Speaker,
    terminators: Iterable[str] = ALL_TERMINATORS,
    *,
    endless: bool = False,
) -> Played:
    """Say a text and wait for its end. An engine that FreeSWITCH has not is said in the log.

    Raises: CallGone, CommandFailed, ReplyTimeout.
    """
    started_s = time.monotonic()
    played = speak(call, text, speaker.engine, speaker.voice, terminators, endless=endless)
    is_mute = time.monotonic() - started_s < MIN_ROUND_S and bool(text.strip()) and not played.ended_by
    if not is_mute:
        return played
    call.log.warning(
        "speech_not_heard",
        engine=speaker.engine,
        voice=speaker.voice,
        reason="FreeSWITCH has no such engine, or the engine no such voice",
        outcome="nothing is said",
    )
    return replace(played, status=PlayStatus.FAILED)


def _gender(wish: Wish, named: str) -> str:
    for word in (wish.gender.lower(), named.lower()):
        if word in FLITE_VOICES:
            return word
    return MALE if named.lower().split("-")[0].split(":")[0] in CLOUD_MEN else FEMALE
