"""Finds the destinations by their files: adding a kind is adding one module to storage.destinations."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from config.errors import CallflowsError
from storage import destinations
from storage.destination import Destination, DestinationContext


class RegistryError(CallflowsError):
    """A module among the destinations does not say what it is; ours to mend."""


class Destinations:
    """Destinations by kind, each built when it is first asked for: for one that hands part of its work on."""

    def __init__(self, context: DestinationContext) -> None:
        self._context = context
        self._built: dict[str, Destination] = {}

    def find(self, kind: str) -> Destination | None:
        """Return the destination of a kind, None when there is none."""
        if kind not in self._built and kind in _kinds(destinations):
            self._built[kind] = _built(kind, self._context, destinations)
        return self._built.get(kind)


def discover(context: DestinationContext, package: ModuleType = destinations) -> dict[str, Destination]:
    """Import every module of the package and build its destination.

    Returns: destinations by kind, which is the module's name. Modules beginning with `_` are skipped.
    Raises: RegistryError: a module has no DESTINATION.
    """
    return {kind: _built(kind, context, package) for kind in _kinds(package)}


def _kinds(package: ModuleType) -> list[str]:
    names = (info.name for info in pkgutil.iter_modules(package.__path__))
    return [name for name in names if not name.startswith("_")]


def _built(kind: str, context: DestinationContext, package: ModuleType) -> Destination:
    module = importlib.import_module(f"{package.__name__}.{kind}")
    factory = getattr(module, "DESTINATION", None)
    if factory is None:
        raise RegistryError(f"{module.__name__} has no DESTINATION: name its class there")
    built: Destination = factory(context)
    return built
