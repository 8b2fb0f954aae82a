"""Finds the methods: every file in swml/methods is one, under its own name (config.discovery)."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from config import discovery
from swml.method import Method

Registry = discovery.Registry[Method]
"""The methods by their names in documents."""


@cache
def all_methods() -> Registry:
    """Return this project's own methods."""
    return discover()


def discover(package: ModuleType | str = "swml.methods") -> Registry:
    """Import every method of a package. Raises: RegistryError: a file without METHOD, or of a name taken."""
    return discovery.discover(package, "METHOD", Method)
