"""Transcript engines: what one is, and how it is found by its name.

An engine is a file in recording/processing/engines with an `ENGINE` in it. It runs in a process of its own
(see transcriber), so it may take the interpreter, all the memory a limit allows, and the process with it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from recording.errors import Unprocessable
from recording.processing import engines

RATE_HZ = 16_000
"""Of the audio engines are given."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said without a break. `from_ms`: where in the audio it begins."""

    from_ms: int
    text: str


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


def names() -> tuple[str, ...]:
    """Return the engines there are, installed or not."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(engines.__path__)))


def find(name: str) -> TranscriptEngine:
    """Return an engine. Raises: Unprocessable: there is none of this name, or its library is missing."""
    if not _NAME.match(name) or name not in names():
        raise Unprocessable(f"there is no transcript engine {name[:32]!r}; there are: {', '.join(names())}")
    try:
        module = importlib.import_module(f"{engines.__name__}.{name}")
    except ImportError as exc:
        raise Unprocessable(
            f"the transcript engine {name} is not installed (pip install 'callflows[{name}]')"
        ) from exc
    engine: TranscriptEngine = module.ENGINE
    return engine


def language_of(engine: TranscriptEngine, wanted: str) -> str:
    """Return the engine's own name of a language: `EN-us`, and `en` to one that has no other, are en-US.

    Raises: Unprocessable: it does not know the language.
    """
    known = engine.languages
    for language in known:
        if language.lower() == wanted.lower():
            return language
    for language in known:
        if "-" not in wanted and language.lower().partition("-")[0] == wanted.lower():
            return language
    raise Unprocessable(
        f"the transcript engine {engine.name} does not know {wanted[:32]!r}; it knows: {', '.join(known)}"
    )
