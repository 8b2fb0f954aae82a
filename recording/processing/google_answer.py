"""Reads what Google's Speech-to-Text answers. It comes from outside: whatever is not as it should be is left.

Source: Cloud Speech-to-Text API v1, RecognizeResponse (results, alternatives, words, resultEndTime); with
speakers told apart, the last result has all words once more, each with its speaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from recording.processing.engine import Utterance

_SECONDS = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?s\Z")


def utterances(answer: Any, from_ms: int, *, by_speaker: bool = False) -> list[Utterance]:
    """Return what an answer says was said.

    Args: from_ms: where in the whole the audio that was sent begins; by_speaker: speakers were to be told
    apart.
    """
    results = [one for one in _list(answer, "results") if _best(one)]
    if by_speaker and results:
        tagged = [word for word in _words(results[-1]) if word[2]]
        if tagged:
            return list(_turns(tagged, from_ms))
    return list(_said(results, from_ms))


def _said(results: list[Any], from_ms: int) -> Iterator[Utterance]:
    begins_ms = 0
    for result in results:
        words = _words(result)
        text = _text(_best(result), "transcript").strip()
        if text:
            yield Utterance(from_ms + (words[0][0] if words else begins_ms), text)
        begins_ms = max(begins_ms, milliseconds(_get(result, "resultEndTime")))


def _turns(words: list[tuple[int, str, int]], from_ms: int) -> Iterator[Utterance]:
    for speaker, turn in groupby(words, key=lambda word: word[2]):
        said = list(turn)
        yield Utterance(from_ms + said[0][0], " ".join(text for _, text, _ in said), speaker)


def _words(result: Any) -> list[tuple[int, str, int]]:
    """Return when each word begins, the word, and its speaker, 0 for nobody."""
    found = []
    for word in _list(_best(result), "words"):
        text = _text(word, "word").strip()
        if text:
            found.append((milliseconds(_get(word, "startTime")), text, _speaker(_get(word, "speakerTag"))))
    return found


def _best(result: Any) -> dict[str, Any]:
    first = next(iter(_list(result, "alternatives")), None)
    return first if isinstance(first, dict) else {}


def milliseconds(text: Any) -> int:
    """Return a duration of Google's JSON (`1.300s`) in ms, 0 for anything else."""
    found = _SECONDS.match(text) if isinstance(text, str) else None
    return int(found[1]) * 1000 + int((found[2] or "0").ljust(3, "0")[:3]) if found else 0


def _speaker(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1000 else 0


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: Any, name: str) -> str:
    found = _get(value, name)
    return found if isinstance(found, str) else ""


def _list(value: Any, name: str) -> list[Any]:
    found = _get(value, name)
    return found if isinstance(found, list) else []
