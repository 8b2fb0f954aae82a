"""Plays what `play` and `prompt` are given, one after the other.

What cannot be played (a file that is not there, a text where FreeSWITCH has no speech engine) is said in the
log and passed over, since what follows may be what matters. A recording of our own is played from disk: it
may just have been stopped, and is then waited for; so its URL need not be reachable from FreeSWITCH. Other
URLs are FreeSWITCH's to fetch, but not from addresses that documents must not reach (storage.url_guard).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from calls.aside import aside
from calls.call import Call
from calls.errors import CallGone, CommandFailed, MediaMissing
from calls.loudness import gain
from calls.media import PlayStatus, play
from calls.ring_tone import CADENCES
from calls.signaling import answer, pre_answer
from calls.speech import Speaker, Wish, nearest_speaker, say
from config.errors import CallflowsError
from storage import http_url
from storage.address import AddressPolicy
from storage.errors import AddressRefused
from storage.url_guard import vet
from swml.playable import Playable, Quiet, Ringing, Sound, Words, read
from swml.run import ScriptRun

RECORDING_WAIT_S = 60.0
"""For a recording that has just been stopped: it is verified, perhaps trimmed or encoded, perhaps fetched."""

STOP_WAIT_S = 3.0
"""For one that is being stopped to be over; one that runs on is not waited for."""

BEYOND_S = 5.0
"""What is waited for longer than it may take itself is given up."""

RESOLVE_S = 3.0
"""For the name of a host that FreeSWITCH is to fetch from; the caller hears nothing meanwhile."""

HTTP_CACHE = "http_cache://"


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
        run.log.warning("media_missing", media=_shown(exc.media), outcome="passed over")
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


def file_of(run: ScriptRun, url: str) -> str:
    """Return what FreeSWITCH is to play for a URL.

    Raises: MediaMissing: our own recording is not there, or the URL leads where it must not; CallGone.
    """
    links = run.facilities.links
    recording_id = links.recording_of(url)
    if not recording_id:
        _vet(run, url)
        return HTTP_CACHE + url if run.config("ecallmgr", "use_http_cache") else url
    running = next((one for one in run.recordings.values() if one.id == recording_id), None)
    if running is not None and not run.call.wait_for(lambda: running.is_over, STOP_WAIT_S):
        run.log.warning("recording_not_had", recording_id=recording_id, reason="it still runs")
        raise MediaMissing(url)
    try:
        limit_s = RECORDING_WAIT_S + BEYOND_S
        path = aside(run.call, lambda: links.path_of(recording_id, RECORDING_WAIT_S), limit_s)
    except CallGone:
        raise
    except (CallflowsError, TimeoutError) as exc:
        run.log.warning("recording_not_had", recording_id=recording_id, reason=str(exc))
        path = None
    if path is None:
        raise MediaMissing(url)
    return str(path)


def _vet(run: ScriptRun, url: str) -> None:
    """See that FreeSWITCH may be sent to a URL. Raises: MediaMissing: it may not; CallGone."""
    addresses = run.facilities.addresses
    try:
        refusal = aside(run.call, lambda: _refusal(addresses, url), RESOLVE_S + BEYOND_S)
    except TimeoutError as exc:
        refusal = str(exc)
    if refusal:
        run.log.warning("media_refused", media=_shown(url), reason=refusal)
        raise MediaMissing(url)


def _refusal(addresses: AddressPolicy, url: str) -> str:
    try:
        vet(addresses, url, RESOLVE_S)
    except (ValueError, AddressRefused, OSError) as exc:  # OSError: an unknown name, a resolver too slow
        return str(exc)
    return ""


def _shown(media: str) -> str:
    """Return what was to be played as it may be logged: a URL without its credentials and query."""
    location = media.removeprefix(HTTP_CACHE)
    return http_url.shown(location) if "://" in location else location
