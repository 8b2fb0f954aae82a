"""Finds the actions: every file in callflows/actions is one, under its own name (config.discovery)."""

from __future__ import annotations

from types import ModuleType

from callflows.action import Action
from config import discovery

Registry = discovery.Registry[Action]
"""The actions by their names in documents."""


def discover(package: ModuleType | str = "callflows.actions") -> Registry:
    """Import every action of a package. Raises: RegistryError: a file without ACTION, or of a name taken."""
    return discovery.discover(package, "ACTION", Action)
