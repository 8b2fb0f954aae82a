"""What a value is (a SWML variable, a text with expressions, a URL), and how it is written as text."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"^[$%]\{.*\}$")
_EXPRESSION = re.compile(r"[$%]\{")


def is_variable(value: Any) -> bool:
    """Whether the whole value is a SWML variable. Source: SWMLVar of the language's JSON schema."""
    return isinstance(value, str) and _VARIABLE.search(value) is not None


def has_expression(text: str) -> bool:
    """Whether a text has anything in it that is to be expanded."""
    return _EXPRESSION.search(text) is not None


def as_text(value: Any) -> str:
    """Return a value as it is written into a text: as JavaScript does, but "" for what is not set."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def is_web_url(text: str) -> bool:
    """Whether a text is an http or https URL with a host, and no blanks or control characters in it."""
    if not text or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
