"""Finds the commands: every file in callcontrol/commands is one, under its own name (config.discovery)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from callcontrol.command import Command
from config import discovery


def discover(package: ModuleType | str = "callcontrol.commands") -> Mapping[str, Command]:
    """Import every command of a package; return them by their names in URLs, sorted.

    Raises: RegistryError: a file without COMMAND, or of a name taken.
    """
    return MappingProxyType(dict(discovery.discover(package, "COMMAND", Command)))
