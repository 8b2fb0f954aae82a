"""What `play` and `prompt` play, as documents write it.

| written | heard |
|---|---|
| `http://…`, `https://…` | that sound file, or that recording of ours |
| `say:<text>` | the text, spoken |
| `silence:<seconds>` | nothing, for so long |
| `ring:[<seconds>:]<country>` | what callers hear in that country while it rings; one ring without seconds |

A blank may follow each colon.
Source: SignalWire's SWML reference, Playable sounds; its JSON schema, play_url.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from calls.ring_tone import CADENCES
from swml.properties import Text
from swml.value import has_expression, is_web_url

MAX_SECONDS = 24 * 3600
"""Of silence and of ringing."""

MAX_TEXT = 20_000
"""Characters to be spoken at once: half an hour."""

_SILENCE = re.compile(r"silence: ?([0-9.]*)\Z")
_RING = re.compile(r"ring: ?(?:([0-9.]*): ?)?([A-Za-z]{2}(?:-old)?)\Z")


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound file. `url`: http or https."""

    url: str


@dataclass(frozen=True, slots=True)
class Words:
    """A text to be spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Silence."""

    duration_ms: int


@dataclass(frozen=True, slots=True)
class Ringing:
    """A ring tone. `duration_ms`: None for one ring."""

    country: str
    duration_ms: int | None = None


Playable = Sound | Words | Quiet | Ringing


def read(written: str) -> Playable:
    """Return what a text stands for. Raises: ValueError, its message a sentence without a subject."""
    if written.startswith("say:"):
        text = written.removeprefix("say:").strip()
        if len(text) > MAX_TEXT:
            raise ValueError(f"says more than {MAX_TEXT} characters")
        return Words(text)
    if found := _SILENCE.match(written):
        return Quiet(_milliseconds(found[1]))
    if found := _RING.match(written):
        country = found[2].lower()
        if country not in CADENCES:
            raise ValueError(f"the ring tone of {country} is not known; known are {', '.join(CADENCES)}")
        return Ringing(country, None if found[1] is None else _milliseconds(found[1]))
    if is_web_url(written):
        return Sound(written)
    raise ValueError(
        "must be a URL (http, https), say:<text>, silence:<seconds> or ring:[<seconds>:]<country>"
    )


def _milliseconds(text: str) -> int:
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError("its length must be a number of seconds") from None
    if seconds > MAX_SECONDS:
        raise ValueError(f"is longer than {MAX_SECONDS} seconds")
    return round(seconds * 1000)


class PlayUrl(Text):
    """A property that is one playable thing; variables may be anywhere in it.

    An empty text at run time is nothing: what the URL of a recording that failed is, for example.
    """

    kind = "playable"

    def written(self, value: Any) -> Any:
        """A string, and playable if it says so already."""
        if isinstance(value, str) and has_expression(value):
            return value
        return super().written(value)

    def given(self, value: Any) -> Any:
        """What a variable was, as a string; "" for nothing."""
        return value if value == "" else super().given(value)

    def check(self, text: str) -> None:
        """See that it can be played. Raises: ValidationError."""
        try:
            read(text)
        except ValueError as exc:
            raise ValidationError(str(exc)) from exc


def play_url(description: str, *, required: bool = False, default: str | None = None) -> PlayUrl:
    """One playable thing; it comes to the method as the text it was, for `read`."""
    return PlayUrl(description, required=required, default=default)
