"""Finds the actions: every file in callflows/actions is one, under its own name.

The file's name is the module's name in documents; a name that Python keeps for itself gets a trailing
underscore (`set_.py` is `set`). Files beginning with an underscore are shared parts, not actions.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from callflows.action import Action
from callflows.errors import RegistryError


class Registry:
    """The actions by their names in documents; made once, never changed."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = MappingProxyType(dict(actions))

    def get(self, name: str) -> Action | None:
        """Return an action, None when there is none of that name."""
        return self._actions.get(name)

    def __iter__(self) -> Iterator[tuple[str, Action]]:
        """Yield (name, action) in the order of names."""
        return iter(sorted(self._actions.items()))

    def __len__(self) -> int:
        return len(self._actions)

    def nearest(self, name: str) -> str | None:
        """Return the known name most like a misspelt one, None when none is like it."""
        found = difflib.get_close_matches(name[:64].lower(), list(self._actions), n=1)
        return found[0] if found else None


def discover(package: ModuleType | str = "callflows.actions") -> Registry:
    """Import every action of a package, once, at start-up.

    Raises: RegistryError: a file without ACTION, or two files of one name.
    """
    if isinstance(package, str):
        package = importlib.import_module(package)
    actions: dict[str, Action] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        name = info.name.rstrip("_")
        action = getattr(importlib.import_module(f"{package.__name__}.{info.name}"), "ACTION", None)
        if not isinstance(action, Action):
            raise RegistryError(f"callflows/actions/{info.name}.py: no ACTION = Action(...) in it")
        if name in actions:
            raise RegistryError(f"callflows/actions/{info.name}.py: there is an action {name} already")
        actions[name] = action
    return Registry(actions)
