"""Finds the destinations by their files: adding a kind is adding one module to storage.destinations."""

from __future__ import annotations

import importlib
from types import ModuleType

from config.discovery import modules_of
from config.errors import RegistryError
from storage import destinations
from storage.destination import Destination, DestinationContext


class Destinations:
    """Destinations by kind, each built when it is first asked for: for one that hands part of its work on."""

    def __init__(self, context: DestinationContext) -> None:
        self._context = context
        self._built: dict[str, Destination] = {}

    def find(self, kind: str) -> Destination | None:
        """Return the destination of a kind, None when there is none."""
        if kind not in self._built and (module_name := modules_of(destinations).get(kind)):
            self._built[kind] = _built(module_name, self._context)
        return self._built.get(kind)


def discover(context: DestinationContext, package: ModuleType = destinations) -> dict[str, Destination]:
    """Import every module of the package and build its destination.

    Returns: destinations by kind, which is the module's name. Raises: RegistryError: a module has no
    DESTINATION.
    """
    return {kind: _built(module_name, context) for kind, module_name in modules_of(package).items()}


def _built(module_name: str, context: DestinationContext) -> Destination:
    module = importlib.import_module(module_name)
    factory = getattr(module, "DESTINATION", None)
    if factory is None:
        raise RegistryError(f"{module.__name__} has no DESTINATION: name its class there")
    built: Destination = factory(context)
    return built
