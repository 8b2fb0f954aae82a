"""One layer of a category: what one section of one document says, the last good value of each key kept.

Layers lie over each other (node, zone, default; account, reseller, system), and the topmost that says
something about a key decides. A value that turns bad does not uncover what lies beneath: what the layer
said last stays in force until it is mended or taken away.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from config.category import BadValue, Category, ConfigKey, KeyPath
from config.redaction import without_credentials

HIDDEN = "(hidden)"
MAX_SHOWN_LENGTH = 200
"""A value in a log line or on the health page; enough to recognise it."""

BUILT_IN = "built-in default"
"""Where a value is from that no document gives."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A value in force, and where it is from ("system_config/media default", "built-in default")."""

    value: Any
    origin: str


@dataclass(slots=True)
class Layer:
    """What one section of one document says.

    Attributes: place: the document and section, for people; values: what is in force here, by path; bad:
    values that cannot be used, by path, () for the section as a whole; unknown: paths no schema knows.
    """

    category: Category
    place: str
    values: dict[KeyPath, Any] = field(default_factory=dict)
    bad: dict[KeyPath, BadValue] = field(default_factory=dict)
    unknown: list[KeyPath] = field(default_factory=list)

    def replace(self, section: object) -> dict[KeyPath, BadValue]:
        """Take what the section says now (None: nothing) and return the bad values that are new."""
        reading = self.category.read_section(section)
        kept = {
            path: value
            for path, value in self.values.items()
            if path not in reading.values and _is_under(path, reading.bad)
        }
        news = {path: bad for path, bad in reading.bad.items() if self.bad.get(path) != bad}
        self.values, self.bad, self.unknown = kept | reading.values, reading.bad, reading.unknown
        return news

    def keep(self, reason: str) -> dict[KeyPath, BadValue]:
        """Take note that the document cannot be read at all, and return that if it is news."""
        bad: dict[KeyPath, BadValue] = {(): BadValue(None, reason)}
        news = {} if self.bad == bad else bad
        self.bad = bad
        return news


def resolve(category: Category, path: KeyPath, layers: Sequence[Layer]) -> Resolved:
    """Return the value in force at a path: of one key, or of a group as an object.

    Args: path: of a key or group that the category has; layers: the topmost first. The value is the
    caller's own.
    """
    if category.is_group(path):
        return Resolved(_group(category, path, layers), "several")
    key = category.find(path)
    for layer in layers:
        if path in layer.values:
            return Resolved(copy.deepcopy(layer.values[path]), layer.place)
    return Resolved(key.default if key else None, BUILT_IN)


def shown(key: ConfigKey | None, value: object) -> str:
    """Return a value as text that may be logged: as JSON, cut, and hidden when its key is a secret."""
    if key and key.is_secret and value not in (None, ""):
        return HIDDEN
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = str(type(value))
    text = without_credentials(text)
    return text if len(text) <= MAX_SHOWN_LENGTH else f"{text[:MAX_SHOWN_LENGTH]}..."


def _is_under(path: KeyPath, bad: dict[KeyPath, BadValue]) -> bool:
    return any(path[:length] in bad for length in range(len(path) + 1))


def _group(category: Category, path: KeyPath, layers: Sequence[Layer]) -> dict[str, Any]:
    names = dict.fromkeys(category.children(path))
    for layer in layers:
        names |= dict.fromkeys(each[len(path)] for each in layer.values if _is_within(each, path))
    return {name: resolve(category, (*path, name), layers).value for name in names}


def _is_within(path: KeyPath, group: KeyPath) -> bool:
    return len(path) > len(group) and path[: len(group)] == group
