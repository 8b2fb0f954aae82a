"""Finds `${…}` and `%{…}` in texts, and puts conditions that have them into plain JavaScript.

A placeholder ends at the brace that closes it, as JavaScript sees it: braces within it and quoted ones do
not. One that never ends is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_OPENING = re.compile(r"[$%]\{")
_NOTABLE = re.compile(r"""[{}'"`]|\\.""", re.DOTALL)
_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*{quote}", re.DOTALL) for quote in "'\"`"}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder. `code`: what is between its braces."""

    code: str


Part = str | Placeholder


MAX_KEPT = 1000
"""Longer texts are not kept, and are rare."""


def parts_of(text: str) -> tuple[Part, ...]:
    """Return a text's parts: texts, none of them empty, and placeholders."""
    return _kept_parts(text) if len(text) <= MAX_KEPT else tuple(_parts(text))


@lru_cache(maxsize=2048)
def _kept_parts(text: str) -> tuple[Part, ...]:
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[Part]:
    done = 0
    at = 0
    while opening := _OPENING.search(text, at):
        closing = _closing(text, opening.end())
        if closing < 0:
            break  # whatever follows is within it
        if opening.start() > done:
            yield text[done : opening.start()]
        yield Placeholder(text[opening.end() : closing].strip())
        done = at = closing + 1
    if done < len(text):
        yield text[done:]


def _closing(text: str, at: int) -> int:
    """Return where the brace is that closes the one before `at`, -1 for nowhere."""
    depth = 1
    while found := _NOTABLE.search(text, at):
        mark, at = found.group(), found.end()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                return at - 1
        elif mark in _QUOTED:
            quoted = _QUOTED[mark].match(text, at)
            if quoted is not None:  # else it is an apostrophe
                at = quoted.end()
    return -1


def condition(text: str, expand: Callable[[str], str]) -> str:
    """Return a condition as JavaScript alone.

    Conditions see every variable as it is; the language's pages advise against placeholders in them, and have
    them in their own examples (`${prompt_value} == 1`). One that stands for a value becomes the expression in
    it; one within a quoted text becomes the text it expands to, quoted again so that what a caller says is
    never code.

    Args: expand: returns the text that a placeholder's code stands for.
    """
    parts = parts_of(text)
    if all(isinstance(part, str) for part in parts):
        return text
    quote = ""
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
            quote = _open_quote(part, quote)
        elif quote:
            inner = json.dumps(expand(part.code))[1:-1]
            pieces.append(inner.replace("'", "\\'").replace("`", "\\`").replace("$", "\\u0024"))
        else:
            pieces.append(f"({part.code})" if part.code else '""')
    return "".join(pieces)


def _open_quote(text: str, quote: str) -> str:
    """Return the quote that is open at a text's end. Args: quote: open at its beginning, "" for none."""
    at = 0
    while at < len(text):
        mark = text[at]
        if mark == "\\" and quote:
            at += 1
        elif quote:
            quote = "" if mark == quote else quote
        elif mark in _QUOTED:
            quote = mark
        at += 1
    return quote
