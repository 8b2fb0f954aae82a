"""All categories of system_config that this project knows, found by the files in config.categories.

To add a category, add a file there that defines CATEGORY; nothing else has to be told.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from config import categories as own_categories
from config.category import Category, ConfigKey, KeyPath
from config.discovery import modules_of
from config.errors import ConfigError
from config.fields import FlagField, TextField, WholeField


class Categories:
    """The known categories by name.

    Args: known: each with a name of its own. Raises: ConfigError: two of one name.
    """

    def __init__(self, known: Iterable[Category]) -> None:
        self._by_name: dict[str, Category] = {}
        for category in known:
            if category.name in self._by_name:
                raise ConfigError(category.name, "", "is declared by two files")
            self._by_name[category.name] = category

    def names(self) -> list[str]:
        """Return the names of all categories, sorted."""
        return sorted(self._by_name)

    def category(self, name: str) -> Category:
        """Return a category. Raises: ConfigError: unknown; the nearest name is suggested."""
        if name not in self._by_name:
            raise ConfigError(name, "", f"is no category{_nearest(name, self._by_name)}")
        return self._by_name[name]

    def keys(self, category: str) -> tuple[ConfigKey, ...]:
        """Return the keys of a category, as declared. Raises: ConfigError: unknown category."""
        return self.category(category).keys

    def key(self, category: str, path: Sequence[str]) -> ConfigKey:
        """Return one key. Raises: ConfigError: unknown, or a group; the nearest key is suggested."""
        owner = self.category(category)
        found = owner.find(tuple(path))
        if found:
            return found
        dotted = ".".join(path)
        if owner.is_group(tuple(path)):
            inside = [key.dotted for key in owner.keys if key.path[: len(path)] == tuple(path)]
            raise ConfigError(category, dotted, f"is a group of keys: {', '.join(inside)}")
        hint = _nearest(dotted, [key.dotted for key in owner.keys])
        raise ConfigError(category, dotted, f"is no key of this category{hint}")

    def default(self, category: str, path: Sequence[str]) -> Any:
        """Return a key's built-in default. Raises: ConfigError: unknown key."""
        return self.key(category, path).default

    def parse_value(self, category: str, path: Sequence[str], text: str) -> Any:
        """Return the value that `text` (of a command line) stands for, as it is to be stored.

        Numbers, true, false and text are written as they are; lists and objects as JSON.
        Raises: ConfigError: unknown key, or the value does not fit it.
        """
        key = self.key(category, path)
        raw: object = text
        if not isinstance(key.field, WholeField | TextField | FlagField):
            try:
                raw = json.loads(text, parse_constant=_no_number)
            except (ValueError, RecursionError) as exc:
                raise ConfigError(category, ".".join(path), f"is not JSON ({exc})") from exc
        return key.stored(key.read(raw))


def split_path(dotted: str) -> KeyPath:
    """Return the path that dotted text of a command line stands for."""
    return tuple(dotted.split("."))


def discover(package: ModuleType = own_categories) -> Categories:
    """Import every module of a package (names beginning with `_` excepted) and take its CATEGORY.

    Raises: ConfigError: a module without one, or two of one name.
    """
    found = []
    for name, module_name in modules_of(package).items():
        category = getattr(importlib.import_module(module_name), "CATEGORY", None)
        if not isinstance(category, Category):
            raise ConfigError(name, "", f"{module_name} defines no CATEGORY")
        found.append(category)
    return Categories(found)


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(known), n=1)
    return f"; the nearest is {nearest[0]}" if nearest else ""
