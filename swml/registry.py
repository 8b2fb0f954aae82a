"""Finds the methods: every file in swml/methods is one, under its own name.

A name that Python keeps for itself gets a trailing underscore (`return_.py` is `return`). Files beginning
with an underscore are shared parts, not methods.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType

from swml.errors import RegistryError
from swml.method import Method


class Registry:
    """The methods by their names in documents; made once, never changed."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = MappingProxyType(dict(methods))

    def get(self, name: str) -> Method | None:
        """Return a method, None when there is none of that name."""
        return self._methods.get(name)

    def __iter__(self) -> Iterator[tuple[str, Method]]:
        """Yield (name, method) in the order of names."""
        return iter(sorted(self._methods.items()))

    def __len__(self) -> int:
        return len(self._methods)

    def nearest(self, name: str) -> str | None:
        """Return the known name most like a misspelt one, None when none is like it."""
        found = difflib.get_close_matches(name[:64].lower(), list(self._methods), n=1)
        return found[0] if found else None


@cache
def all_methods() -> Registry:
    """Return this project's own methods."""
    return discover()


def discover(package: ModuleType | str = "swml.methods") -> Registry:
    """Import every method of a package, once, at start-up.

    Raises: RegistryError: a file without METHOD, or two files of one name.
    """
    if isinstance(package, str):
        package = importlib.import_module(package)
    methods: dict[str, Method] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        name = info.name.rstrip("_")
        method = getattr(importlib.import_module(f"{package.__name__}.{info.name}"), "METHOD", None)
        if not isinstance(method, Method):
            raise RegistryError(f"swml/methods/{info.name}.py: no METHOD = Method(...) in it")
        if name in methods:
            raise RegistryError(f"swml/methods/{info.name}.py: there is a method {name} already")
        methods[name] = method
    return Registry(methods)
