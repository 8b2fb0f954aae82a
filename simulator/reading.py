"""Reads untrusted tables field by field and gathers every fault with its path, instead of stopping."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from simulator.causes import is_cause
from simulator.errors import ScriptError

_DIGITS = re.compile(r"[0-9*#A-Da-dwW]+")


class Reader:
    """Gathers faults while values are read; a faulty value is replaced by its default."""

    def __init__(self) -> None:
        self._faults: list[str] = []

    def fault(self, path: str, message: str) -> None:
        """Note what is wrong at `path`."""
        self._faults.append(f"{path or 'script'}: {message}")

    def finish(self) -> None:
        """Raises: ScriptError: when anything was noted."""
        if self._faults:
            raise ScriptError(self._faults)

    def table(self, value: Any, path: str, known: Collection[str] | None = None) -> dict[str, Any]:
        """`value` as a table; keys that are not `known` are faults."""
        if not isinstance(value, dict):
            self.fault(path, "must be an object")
            return {}
        for key in value:
            if known is not None and key not in known:
                self.fault(_join(path, str(key)), f"unknown; known are {', '.join(sorted(known))}")
        return value

    def items(self, value: Any, path: str) -> list[Any]:
        """`value` as a list."""
        if isinstance(value, list):
            return value
        self.fault(path, "must be a list")
        return []

    def texts(self, value: Any, path: str) -> dict[str, str]:
        """A table of names and texts."""
        table = self.table(value, path)
        for key, text in table.items():
            if not isinstance(text, str):
                self.fault(_join(path, key), "must be a text")
        return {key: text for key, text in table.items() if isinstance(text, str)}

    def text(self, table: dict[str, Any], key: str, default: str, *, under: str = "") -> str:
        """A text."""
        value = table.get(key, default)
        if isinstance(value, str):
            return value
        self.fault(_join(under, key), "must be a text")
        return default

    def number(
        self,
        table: dict[str, Any],
        key: str,
        default: float,
        *,
        under: str = "",
        low: float = 0.0,
        high: float = 86_400.0,
    ) -> float:
        """A number within limits."""
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.fault(_join(under, key), f"must be a number from {low:g} to {high:g}")
            return default
        return float(value)

    def flag(self, table: dict[str, Any], key: str, *, under: str = "") -> bool:
        """True or false; false unless given."""
        value = table.get(key, False)
        if isinstance(value, bool):
            return value
        self.fault(_join(under, key), "must be true or false")
        return False

    def choice(
        self, table: dict[str, Any], key: str, default: str, allowed: list[str], *, under: str = ""
    ) -> str:
        """One of a few words."""
        value = table.get(key, default)
        if value in allowed:
            return str(value)
        self.fault(_join(under, key), f"must be one of {', '.join(allowed)}")
        return default

    def cause(self, table: dict[str, Any], key: str, default: str, *, under: str = "") -> str:
        """A hangup cause by FreeSWITCH's name; `true` means the default."""
        value = table.get(key, default)
        if value is True or value == default:
            return default
        if isinstance(value, str) and is_cause(value):
            return value.upper()
        self.fault(_join(under, key), "must be a hangup cause, like NORMAL_CLEARING")
        return default

    def digits(self, table: dict[str, Any], key: str, *, under: str = "") -> str:
        """Digits of a phone; w waits half a second."""
        value = table.get(key)
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            return value
        self.fault(_join(under, key), "must be digits out of 0-9, *, #, A-D, w")
        return "0"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
