"""Makes words of what a caller says, by the transcript engines there are (recording.processing.engine).

An engine works in a process of its own, since it may take long, much, or itself down with it; the call waits
for it no longer than it was told to. Somebody waits for the answer: it comes before recordings' transcripts.
"""

from __future__ import annotations

import secrets
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent

from calls.capture import PREFIX, SUFFIX
from calls.growing_audio import Samples
from recording.errors import Unprocessable
from recording.outcome import Transcript
from recording.processing import engine as engines
from recording.processing.transcriber import Transcriber
from recording.request import Transcription

AT_ONCE = 4
"""Callers whose words are made out at the same time; others wait for their turn."""

NICENESS = 5
"""Behind the calls, before everything that can wait."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who listens. `language`: by the engine's own name."""

    engine: str
    language: str


class Recognizer:
    """Listens for all calls of a process. Args: settings: what operators say of an engine, by its name."""

    def __init__(self, settings: Callable[[str], Mapping[str, Any]] = lambda _: engines.NO_SETTINGS) -> None:
        self._settings = settings
        self._transcriber = Transcriber(AT_ONCE, NICENESS)

    def choose(self, wanted: str, configured: str, language: str) -> Choice:
        """Return the engine that will listen.

        Args: wanted: as SWML names it, `Google.V2`, "" for any: then the configured one, or else the first
        that is installed and knows the language; language: such as en-US.
        Raises: Unprocessable: there is none, or it does not know the language.
        """
        named = wanted.lower().partition(".")[0] or configured
        names = (named,) if named else engines.names()
        asked = [(name, self._settings(name)) for name in names]
        choice: Choice | Unprocessable = gevent.get_hub().threadpool.apply(_choose, (asked, language))
        if isinstance(choice, Unprocessable):
            raise choice
        return choice

    def recognize(
        self,
        choice: Choice,
        samples: Samples,
        rate_hz: int,
        directory: Path,
        limit_s: float,
        hints: Sequence[str] = (),
    ) -> Transcript:
        """Return what was said, or why that is not known. Never raises; only the greenlet waits.

        Args: directory: where the sound lies meanwhile; limit_s: for the work, and as long again for its
        turn; hints: what is likely to be said.
        """
        path = directory / f"{PREFIX}{secrets.token_hex(16)}{SUFFIX}"
        pool = gevent.get_hub().threadpool
        try:
            failed: str = pool.apply(_write, (path, samples, rate_hz))
            if failed:
                return Transcript(choice.engine, choice.language, failed=failed)
            wanted = Transcription(choice.language, choice.engine)
            settings = self._settings(choice.engine)
            return self._transcriber.transcribe(path, wanted, limit_s, hints, settings)
        finally:
            pool.spawn(path.unlink, missing_ok=True)

    def close(self) -> None:
        """End what runs; those who wait are told that it failed."""
        self._transcriber.close()


def _choose(asked: Sequence[tuple[str, Mapping[str, Any]]], language: str) -> Choice | Unprocessable:
    failed = Unprocessable("there is no transcript engine")
    for name, settings in asked:
        try:
            engine = engines.find(name, settings)
            return Choice(name, engines.language_of(engine, language))
        except Unprocessable as exc:
            failed = exc
    return failed


def _write(path: Path, samples: Samples, rate_hz: int) -> str:
    """Write a WAV file. Returns: why that failed, "" when it did not."""
    try:
        with wave.open(str(path), "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(rate_hz)
            target.writeframes(samples.astype("<i2").tobytes())
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""
