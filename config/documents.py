"""A document of system_config as layers: one per section that counts here, or one for an account's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from config.category import BadValue, Category, KeyPath
from config.layer import Layer, resolve, shown
from config.source import Document

log = structlog.get_logger()

BROKEN_IN_FORCE = "what it said before, else what lies beneath"


class BadKey(NamedTuple):
    """A value that cannot be used, and the layer it stands in."""

    layer: Layer
    path: KeyPath
    bad: BadValue


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """Something wrong with the configuration, for health pages.

    Attributes: place: document and section; path: dotted, "" for all of it; value: as text, cut and without
    secrets; reason: completes "the value ..."; in_force: what counts instead, and where that is from.
    """

    place: str
    path: str
    value: str
    reason: str
    in_force: str

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.place, self.path)))
        what = " ".join(filter(None, (self.value, self.reason)))
        return f"{where}: {what}; in force is {self.in_force}"


class ConfigDocument:
    """What one document says of its category.

    Args: place: its name for people; sections: those that count, the topmost first; none of them for an
    account's document, which has no sections. account_id: whose it is, "" for the system's.
    """

    def __init__(self, category: Category, place: str, sections: Sequence[str], account_id: str = "") -> None:
        self.category = category
        self.place = place
        self.account_id = account_id
        self._sections = tuple(sections)
        self.layers = tuple(
            Layer(category, f"{place} {section}".rstrip()) for section in self._sections or ("",)
        )
        self._is_loaded = False

    def replace(self, document: Document | None) -> list[BadKey]:
        """Take what the document says now (None: it is absent), and return what is newly bad in it."""
        before = [dict(layer.values) for layer in self.layers]
        news = []
        for position, layer in enumerate(self.layers):
            content: object = document
            if self._sections and document is not None:
                content = document.get(self._sections[position])
            news += [BadKey(layer, path, bad) for path, bad in layer.replace(content).items()]
        self._log_difference(before)
        self._is_loaded = True
        return news

    def keep(self, reason: str) -> list[BadKey]:
        """Take note that the document cannot be read; what it said stays. Return that if it is news."""
        layer = self.layers[-1]
        return [BadKey(layer, path, bad) for path, bad in layer.keep(reason).items()]

    def bad_keys(self) -> list[BadKey]:
        """Return everything in the document that cannot be used."""
        return [BadKey(layer, path, bad) for layer in self.layers for path, bad in layer.bad.items()]

    def _log_difference(self, before: Sequence[dict[KeyPath, object]]) -> None:
        changed = set()
        for old, layer in zip(before, self.layers, strict=True):
            new = layer.values
            changed |= {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
        if changed and self._is_loaded:
            keys = sorted(".".join(path) for path in changed)
            log.info("system_config_changed", document=self.place, changed_keys=keys)
        unknown = sorted({".".join(path) for layer in self.layers for path in layer.unknown})
        if unknown:
            log.debug("system_config_keys_ignored", document=self.place, ignored_keys=unknown)


def describe(found: BadKey, layers: Sequence[Layer]) -> ConfigProblem:
    """Say what is wrong with a value and what is in force instead, under the layers that count."""
    category = found.layer.category
    key = category.find(found.path)
    value = shown(key, found.bad.raw) if found.path or found.bad.raw is not None else ""
    if key:
        in_force = resolve(category, found.path, layers)
        instead = f"{shown(key, in_force.value)} ({in_force.origin})"
    else:
        instead = BROKEN_IN_FORCE
    return ConfigProblem(found.layer.place, ".".join(found.path), value, found.bad.reason, instead)


def report(category: str, problem: ConfigProblem) -> None:
    """Log one error for a value that turned bad."""
    log.error(
        "system_config_value_refused",
        category=category,
        document=problem.place,
        path=problem.path,
        value=problem.value,
        reason=problem.reason,
        in_force=problem.in_force,
    )
