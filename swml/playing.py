"""Plays what `play` and `prompt` are given, one after the other.

What cannot be played (a file that is not there, a text where FreeSWITCH has no speech engine) is said in the
log and passed over, since what follows may be what matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from calls.call import Call
from calls.errors import CommandFailed, MediaMissing
from calls.loudness import gain
from calls.media import PlayStatus, play
from calls.ring_tone import CADENCES
from calls.signaling import answer, pre_answer
from calls.speech import Speaker, Wish, nearest_speaker, say
from swml.playable import Playable, Quiet, Ringing, Sound, Words, read
from swml.run import ScriptRun
from swml.sound_file import file_of, shown


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is to be heard.

    Attributes: answers: the call is answered first, if it is not; otherwise it is early media; volume_db;
    wish: the voice of texts; terminators: keys that end all of it.
    """

    answers: bool = True
    volume_db: float = 0.0
    wish: Wish = field(default_factory=Wish)
    terminators: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it. Attributes: ended_by: the key that ended it, "" for none; missing: how many things
    could not be played.
    """

    ended_by: str = ""
    missing: int = 0


def wish_of(run: ScriptRun, voice: str | None, language: str | None, gender: str | None) -> Wish:
    """Return the voice wished for: by the method's properties, else by the script's variables."""

    def chosen(value: str | None, variable: str) -> str:
        return str(run.variables.get(variable) or "") if value is None else value

    return Wish(chosen(voice, "say_voice"), chosen(language, "say_language"), chosen(gender, "say_gender"))


def play_all(
    run: ScriptRun,
    written: Sequence[str],
    manner: Manner,
    *,
    goes_on: Callable[[], bool] = lambda: True,
) -> Played:
    """Play things in order, and wait for the end.

    Args: written: as documents write them, checked, "" for what turned out to be nothing; goes_on: asked
    before each, False ends it.
    Raises: CallGone; ReplyTimeout: FreeSWITCH does not come to an end.
    """
    call, missing = run.call, 0
    if manner.answers:
        answer(call, wait=False)
    else:
        pre_answer(call)
    with gain(call, manner.volume_db):
        for each in written:
            if not goes_on():
                break
            if not each:
                run.log.warning("media_missing", media="", outcome="passed over")
                missing += 1
                continue
            ended_by, was_heard = _heard(run, read(each), manner)
            missing += not was_heard
            if ended_by:
                return Played(ended_by, missing)
    return Played("", missing)


def _heard(run: ScriptRun, playable: Playable, manner: Manner) -> tuple[str, bool]:
    """Play one thing; return the key that ended it, and whether it could be played."""
    try:
        match playable:
            case Words(text):
                return _say(run, text, manner)
            case Quiet(duration_ms):
                return _play(run.call, (f"silence_stream://{duration_ms}",) if duration_ms else (), manner)
            case Ringing(country, duration_ms):
                return _play(run.call, CADENCES[country].media(duration_ms), manner)
            case Sound(url):
                return _play(run.call, (file_of(run, url),), manner)
    except MediaMissing as exc:
        reason = exc.reason or "not found by FreeSWITCH"
        run.log.warning("media_missing", media=shown(exc.media), reason=reason, outcome="passed over")
    except CommandFailed as exc:
        run.log.warning("media_not_played", reason=str(exc), outcome="passed over")
    return "", False


def _play(call: Call, media: Iterable[str], manner: Manner) -> tuple[str, bool]:
    was_heard = True
    for each in media:
        played = play(call, each, manner.terminators)
        was_heard = was_heard and played.status is not PlayStatus.FAILED
        if played.ended_by:
            return played.ended_by, was_heard
    return "", was_heard


def _say(run: ScriptRun, text: str, manner: Manner) -> tuple[str, bool]:
    if not text:
        return "", True
    played = say(run.call, text, _speaker(run, manner.wish), manner.terminators)
    return played.ended_by, played.status is not PlayStatus.FAILED


def _speaker(run: ScriptRun, wish: Wish) -> Speaker:
    engine, voice = str(run.config("speech", "tts_provider")), str(run.config("speech", "tts_voice"))
    try:
        return nearest_speaker(wish, engine, voice)
    except ValueError:
        run.log.warning("speech_misconfigured", engine=engine, voice=voice, taken="flite")
        return nearest_speaker(wish, "flite", "")
