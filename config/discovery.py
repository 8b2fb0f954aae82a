"""Finds what stands in a package one file each: actions, methods, commands, destinations.

The file's name is the name; one that Python keeps for itself gets a trailing underscore (`return_.py` is
`return`). Files beginning with an underscore are shared parts.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Generic, TypeVar

from config.errors import RegistryError

T = TypeVar("T")

LONGEST_NAME = 64
"""Of one that is compared with those there are; a misspelt one is not longer."""


class Registry(Generic[T]):
    """Things by their names; made once, never changed."""

    def __init__(self, things: Mapping[str, T]) -> None:
        self._things = MappingProxyType(dict(sorted(things.items())))

    def get(self, name: str) -> T | None:
        """Return one, None when there is none of that name."""
        return self._things.get(name)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        """Yield (name, thing) in the order of names."""
        return iter(self._things.items())

    def __len__(self) -> int:
        return len(self._things)

    def nearest(self, name: str) -> str | None:
        """Return the known name most like a misspelt one, None when none is like it."""
        found = difflib.get_close_matches(name[:LONGEST_NAME].lower(), self._things, n=1)
        return found[0] if found else None


def modules_of(package: ModuleType | str) -> Mapping[str, str]:
    """Return the modules of a package that are not shared parts: names, and what to import for each, sorted.

    Raises: RegistryError: two files of one name.
    """
    if isinstance(package, str):
        package = importlib.import_module(package)
    modules: dict[str, str] = {}
    for info in _sorted_modules(package):
        name = info.rstrip("_")
        if name in modules:
            raise RegistryError(f"{package.__name__}.{info}: there is one named {name} already")
        modules[name] = f"{package.__name__}.{info}"
    return modules


def attribute_of(module_name: str, attribute: str, kind: type[T]) -> T:
    """Import a module and return what it is there for. Raises: RegistryError: it has none of that kind."""
    found = getattr(importlib.import_module(module_name), attribute, None)
    if not isinstance(found, kind):
        raise RegistryError(f"{module_name}: no {attribute} = {kind.__name__}(...) in it")
    return found


def discover(package: ModuleType | str, attribute: str, kind: type[T]) -> Registry[T]:
    """Import every module of a package, once, at start-up, and return what each has under `attribute`.

    Raises: RegistryError: a file without it, or two files of one name.
    """
    return Registry(
        {name: attribute_of(module, attribute, kind) for name, module in modules_of(package).items()}
    )


def _sorted_modules(package: ModuleType) -> Iterable[str]:
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name[:1] != "_")
