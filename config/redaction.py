"""What must not be seen in a log: secrets by the name of their key, credentials by the shape of a URL.

Masking is the last line: code that logs is expected to leave secrets out. It runs on every line, so it looks
before it works.
"""

from __future__ import annotations

import math
import re
from typing import Any

DROPPED_KEYS = frozenset(
    {
        "api_key",
        "authorization",
        "cookie",
        "digits",
        "passphrase",
        "passwd",
        "password",
        "pin",
        "proxy_authorization",
        "secret",
        "set_cookie",
        "token",
    }
)
"""Keys (lower case, `_` for `-`) that never reach a log, nor do keys that end in one after a `_`."""

HARMLESS_KEYS = frozenset({"force_require_pin", "max_digits", "min_digits", "require_pin"})
"""Keys that end like a secret and are settings of one."""

MASK = "***"
_SUFFIXES = tuple(f"_{each}" for each in sorted(DROPPED_KEYS))
_PLAIN_TYPES = (bool, int, float, type(None))
_MAX_DEPTH = 6
"""Deeper values are no facts of an event; they are cut, which also ends values that hold themselves."""

_USER_INFO = re.compile(r"(?<=://)[^/\s?#\"'<>]*@")
_QUERY_SECRET = re.compile(
    r"(?i)([?&][a-z0-9_.-]*(?:token|password|passwd|secret|signature|sig|api_?key|credential)=)[^&\s\"'<>#]+"
)


def without_credentials(text: str) -> str:
    """Return text with what stands before the @ of URLs, and signatures and tokens in queries, masked."""
    if "://" not in text:
        return text
    if "@" in text:
        text = _USER_INFO.sub(f"{MASK}@", text)
    if "?" in text:
        text = _QUERY_SECRET.sub(rf"\1{MASK}", text)
    return text


def redacted(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a log line without secret keys, and without credentials in any text."""
    return {key: _masked(value, 1) for key, value in fields.items() if not is_secret(key)}


def is_secret(key: object) -> bool:
    """Whether a value under this name is to be dropped."""
    name = str(key).lower().replace("-", "_")
    return name in DROPPED_KEYS or (name.endswith(_SUFFIXES) and name not in HARMLESS_KEYS)


def _masked(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return without_credentials(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    if isinstance(value, _PLAIN_TYPES):
        return value
    if depth >= _MAX_DEPTH:
        return MASK
    if isinstance(value, dict):
        return {str(key): _masked(each, depth + 1) for key, each in value.items() if not is_secret(key)}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each, depth + 1) for each in value]
    return without_credentials(str(value))
