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


def discover(context: DestinationContext, package: ModuleType = destinations) -> dict[str, Destination]:
    """Import every module of the package and build its destination.

    Returns: destinations by kind, which is the module's name. Modules beginning with `_` are skipped.
    Raises: RegistryError: a module has no DESTINATION.
    """
    found: dict[str, Destination] = {}
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        factory = getattr(module, "DESTINATION", None)
        if factory is None:
            raise RegistryError(f"{module.__name__} has no DESTINATION: name its class there")
        found[info.name] = factory(context)
    return found
