"""Verbs that are heard: play a sound, speak a text, sound a tone, record what the caller says."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calls.call import Call
from calls.dtmf import ALL_TERMINATORS, DIGITS
from calls.errors import MediaMissing
from esl.event import Event
from esl.quoting import argument, assignment

PLAY_TIMEOUT_S = 24 * 3600.0
"""Nothing is played for longer in one piece; Kazoo waits as long for the end of its prompts."""

MIN_ROUND_S = 0.1
"""A loop of something shorter than this sounds at this pace, so that an empty file cannot spin."""

SPEECH_WORDS = re.compile(r"[A-Za-z0-9_.+-]{1,64}\Z")
"""What an engine or voice may be called."""

TERMINATORS_VARIABLE = "playback_terminators"

_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")


class PlayStatus(StrEnum):
    """What FreeSWITCH says of a playback."""

    PLAYED = "FILE PLAYED"
    FAILED = "PLAYBACK ERROR"
    UNKNOWN = "_none_"  # it does not say, of speech for example


@dataclass(frozen=True, slots=True)
class Played:
    """The end of something heard. `ended_by` is the key that ended it, "" when none did."""

    ended_by: str
    status: PlayStatus


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone: frequencies sounding together, on and off for so long."""

    frequencies_hz: Sequence[int]
    on_ms: int
    off_ms: int = 0


def play(
    call: Call,
    media: str,
    terminators: Iterable[str] = ALL_TERMINATORS,
    *,
    loops: int = 1,
    endless: bool = False,
) -> Played:
    """Play a file, URL or stream to the caller and wait for its end.

    Digits pressed meanwhile go into the default collection unless somebody else listens.
    Args: media: what FreeSWITCH calls it; terminators: keys that end it (none: no key does);
    loops: rounds; endless: rounds until a key ends it or the call does.
    Raises: MediaMissing: there is nothing of that name; CallGone, CommandFailed, ReplyTimeout; BadCommand.
    """
    step = ("playback", media, True)
    played = Played("", PlayStatus.UNKNOWN)
    while loops > 0:
        started_s = time.monotonic()
        event = _sound(call, step, terminators)
        if event.get("Application-Response") == "FILE NOT FOUND":
            raise MediaMissing(media)
        played = _played(event)
        loops -= not endless
        if played.ended_by or played.status is PlayStatus.FAILED:
            break
        rest_s = started_s + MIN_ROUND_S - time.monotonic()
        if loops > 0 and rest_s > 0:
            call.sleep(rest_s)
    return played


def speak(
    call: Call,
    text: str,
    engine: str = "flite",
    voice: str = "slt",
    terminators: Iterable[str] = ALL_TERMINATORS,
    *,
    endless: bool = False,
) -> Played:
    """Speak a text by a speech engine of FreeSWITCH and wait for its end.

    An engine that FreeSWITCH does not have makes no sound, and FreeSWITCH does not say so.
    Args: text: line breaks become blanks; engine, voice: names, such as flite and slt.
    Raises: CallGone, CommandFailed, ReplyTimeout; ValueError: a name that is none.
    Source: FreeSWITCH mod_dptools speak_function (only the first two `|` separate).
    """
    for name in (engine, voice):
        if not SPEECH_WORDS.match(name):
            raise ValueError(f"{name!r} names no speech engine or voice")
    words = _BREAKS.sub(" ", text).strip()
    if not words:
        return Played("", PlayStatus.UNKNOWN)
    step = ("speak", f"{engine}|{voice}|{words}", True)
    while True:
        started_s = time.monotonic()
        played = _played(_sound(call, step, terminators))
        is_mute = time.monotonic() - started_s < MIN_ROUND_S  # no engine of that name
        if not endless or played.ended_by or is_mute:
            return played


def tones(call: Call, sequence: Sequence[Tone], terminators: Iterable[str] = ALL_TERMINATORS) -> Played:
    """Sound tones one after the other. Raises: as `play`.

    Source: FreeSWITCH libteletone (TGML: %(on ms, off ms, frequencies)).
    """
    script = ";".join(
        f"%({tone.on_ms:d},{tone.off_ms:d},{','.join(str(int(hz)) for hz in tone.frequencies_hz)})"
        for tone in sequence
    )
    return play(call, f"tone_stream://{script}", terminators)


def record(
    call: Call,
    path: str,
    limit_s: int,
    terminators: Iterable[str] = ALL_TERMINATORS,
    *,
    silence_threshold: int = 200,
    silence_s: int = 5,
) -> Played:
    """Record what the caller says into a file, and wait for the end: a key, silence, the limit.

    Args: path: made by us, without blanks; silence_threshold: energy below which it is silent; silence_s:
    how long it must be. Raises: CallGone, CommandFailed, ReplyTimeout; BadCommand.
    Source: FreeSWITCH mod_dptools record_function (<path> <limit> <threshold> <hits>); Kazoo's defaults.
    """
    line = f"{argument(path)} {limit_s:d} {silence_threshold:d} {silence_s:d}"
    return _played(_sound(call, ("record", line, True), terminators))


def _sound(call: Call, step: tuple[str, str, bool], terminators: Iterable[str]) -> Event:
    """Run one application that is heard, with these terminators in force."""
    keys = "".join(key for key in dict.fromkeys(terminators) if key in DIGITS) or "none"
    if call.variable(TERMINATORS_VARIABLE) == keys:
        completion = call.submit_many([step])[0]
    else:
        setting, completion = call.submit_many([("set", assignment(TERMINATORS_VARIABLE, keys), False), step])
        call.remember({TERMINATORS_VARIABLE: keys}, [setting])
    if call.dtmf.is_heard:
        return call.completed(completion, PLAY_TIMEOUT_S)
    with call.dtmf.listening(call.dtmf.append):
        return call.completed(completion, PLAY_TIMEOUT_S)


def _played(event: Event) -> Played:
    key = event.variable("playback_terminator_used") or ""
    response = event.get("Application-Response") or ""
    try:
        status = PlayStatus(response)
    except ValueError:
        status = PlayStatus.UNKNOWN
    return Played(key if key in DIGITS else "", status)
