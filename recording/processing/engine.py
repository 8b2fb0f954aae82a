"""Transcript engines: what one is, and how it is found by its name.

An engine is a file in recording/processing/engines with an `ENGINE` in it. It runs in a process of its own
(see transcriber), so it may take the interpreter, all the memory a limit allows, and the process with it.

One that asks another computer needs to be told which, and who asks: `recording.processing.<name>` of
system_config, which only operators write.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from config.discovery import modules_of
from recording.errors import NoEngine, NoLanguage
from recording.processing import engines
from recording.request import Transcription

RATE_HZ = 16_000
"""Of the audio engines are given."""

SAMPLE_BYTES = 2

REMOTE = frozenset({"google", "http"})
"""Engines that let another computer work, and wait for it."""

NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})

_EXTRAS = {"google": "google-speech"}
"""Where an engine's extra has another name than the engine."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_MAX_TOLD = 250
"""Languages in a message; Google has some 150."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said without a break.

    Attributes: from_ms: where in the audio it begins; speaker: who, from 1, 0 where nobody was told apart.
    """

    from_ms: int
    text: str
    speaker: int = 0


class TranscriptEngine(Protocol):
    """Makes text of speech. `languages`: such as en-US, those it knows as it is installed."""

    name: str

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages it can transcribe now."""

    def transcribe(self, audio: Iterable[bytes], language: str) -> list[Utterance]:
        """Return what is said, in order.

        Args: audio: one side, in pieces: 16-bit samples, RATE_HZ; language: one of `languages`.
        Raises: Unprocessable: it cannot, and why.
        """


@runtime_checkable
class ExpectingEngine(TranscriptEngine, Protocol):
    """An engine that can be told what is likely to be said."""

    def transcribe_expecting(
        self, audio: Iterable[bytes], language: str, hints: Sequence[str]
    ) -> list[Utterance]:
        """As `transcribe`. Args: hints: words and phrases; anything else may be said all the same."""


@runtime_checkable
class ObligingEngine(TranscriptEngine, Protocol):
    """An engine that knows further wishes: see Transcription."""

    def transcribe_as(
        self, audio: Iterable[bytes], wanted: Transcription, hints: Sequence[str]
    ) -> list[Utterance]:
        """As `transcribe_expecting`. Args: wanted: its language is one of `languages`."""


@runtime_checkable
class ConfigurableEngine(TranscriptEngine, Protocol):
    """An engine that must be told more before it can work."""

    def configured(self, settings: Mapping[str, Any]) -> TranscriptEngine:
        """Return the engine as it works with `recording.processing.<name>`. Raises: NoEngine: it cannot."""


def names() -> tuple[str, ...]:
    """Return the engines there are, installed or not."""
    return tuple(modules_of(engines))


def find(name: str, settings: Mapping[str, Any] = NO_SETTINGS) -> TranscriptEngine:
    """Return an engine, ready to work. Blocks while its library is read for the first time.

    Args: settings: of this engine, see ConfigurableEngine.
    Raises: NoEngine: there is none of this name, its library is missing, or what it must be told.
    """
    if not _NAME.match(name) or name not in names():
        raise NoEngine(f"there is no transcript engine {name[:32]!r}; there are: {', '.join(names())}")
    try:
        module = importlib.import_module(f"{engines.__name__}.{name}")
    except ImportError as exc:
        raise NoEngine(
            f"the transcript engine {name} is not installed"
            f" (pip install 'callflows[{_EXTRAS.get(name, name)}]')"
        ) from exc
    engine: TranscriptEngine = module.ENGINE
    return engine.configured(settings) if isinstance(engine, ConfigurableEngine) else engine


def language_of(engine: TranscriptEngine, wanted: str) -> str:
    """Return the engine's own name of a language.

    `EN-us` is en-US; so is `en`, of an engine whose first English that is; and to an engine that knows `en`
    as a whole, en-US is that. Raises: NoLanguage: it does not know the language.
    """
    known = engine.languages
    for language in known:
        if language.lower() == wanted.lower():
            return language
    whole = wanted.lower().partition("-")[0]
    for language in known:
        if "-" not in wanted and language.lower().partition("-")[0] == wanted.lower():
            return language
        if "-" in wanted and language.lower() == whole:
            return language
    raise NoLanguage(
        f"the transcript engine {engine.name} does not know {wanted[:32]!r}; "
        f"it knows: {', '.join(known[:_MAX_TOLD])}"
    )
