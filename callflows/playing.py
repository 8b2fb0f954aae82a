"""Plays what a document or a prompt stands for, trying its stand-ins until FreeSWITCH has one of them."""

from __future__ import annotations

from collections.abc import Iterable

from callflows.flow_run import FlowRun
from callflows.media import Playable, Speech
from calls.dtmf import ALL_TERMINATORS
from calls.errors import MediaMissing
from calls.media import Played, PlayStatus, play
from calls.speech import say, speaker_of
from storage import http_url

NOTHING_PLAYED = Played("", PlayStatus.UNKNOWN)


def play_first(
    run: FlowRun,
    candidates: Iterable[Playable],
    terminators: Iterable[str] = ALL_TERMINATORS,
    *,
    loops: int = 1,
    endless: bool = False,
) -> Played:
    """Play the first of the candidates that FreeSWITCH has; none of them is silence, and said in the log.

    Raises: CallGone, CommandFailed, ReplyTimeout.
    """
    keys = list(terminators)
    tried: list[str] = []
    pressed: list[str] = []  # while FreeSWITCH looks for what it does not have, nothing there hears a key
    no_longer = run.call.on("DTMF", lambda event: pressed.append(event.get("DTMF-Digit") or ""))
    try:
        for candidate in candidates:
            if ended_by := next((key for key in pressed if key in keys), ""):
                return Played(ended_by, PlayStatus.UNKNOWN)
            if isinstance(candidate, Speech):
                return speak_text(
                    run, candidate.text, voice=candidate.voice, terminators=keys, endless=endless
                )
            try:
                return play(run.call, candidate, keys, loops=loops, endless=endless)
            except MediaMissing:
                tried.append(candidate)
    finally:
        no_longer()
    if tried:
        run.call.log.warning(
            "media_missing", tried=len(tried), media=shown(tried[0]), outcome="nothing is played"
        )
    return NOTHING_PLAYED


def shown(media: str) -> str:
    """Return what was played as it may be logged: an URL without its credentials and query."""
    prefix = "http_cache://" if media.startswith("http_cache://") else ""
    location = media.removeprefix(prefix)
    return prefix + (http_url.shown(location) if "://" in location else location)


def play_reference(
    run: FlowRun,
    reference: str,
    terminators: Iterable[str] = ALL_TERMINATORS,
    *,
    loops: int = 1,
    endless: bool = False,
) -> Played:
    """Play what a value in a document stands for. Raises: as `play_first`, StoreUnavailable."""
    candidates = run.facilities.media.resolve(reference, run.audience)
    return play_first(run, candidates, terminators, loops=loops, endless=endless)


def play_prompt(run: FlowRun, prompt_id: str, terminators: Iterable[str] = ALL_TERMINATORS) -> Played:
    """Play a system prompt. Raises: as `play_first`, StoreUnavailable."""
    return play_first(run, run.facilities.media.prompt(prompt_id, run.audience), terminators)


def speak_text(
    run: FlowRun,
    text: str,
    *,
    engine: str = "",
    voice: str = "",
    terminators: Iterable[str] = ALL_TERMINATORS,
    endless: bool = False,
) -> Played:
    """Speak a text; engine and voice "" leave it to the account's `speech` configuration.

    Raises: CallGone, CommandFailed, ReplyTimeout; ValueError: a name that is no engine's or voice's.
    """
    speaker = speaker_of(
        engine or str(run.config("speech", "tts_provider")), voice or str(run.config("speech", "tts_voice"))
    )
    return say(run.call, text, speaker, terminators, endless=endless)
