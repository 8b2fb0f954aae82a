"""Finds the commands: every file in callcontrol/commands is one, under its own name.

Files beginning with an underscore are shared parts, not commands.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from callcontrol.command import Command
from callcontrol.errors import RegistryError


def discover(package: ModuleType | str = "callcontrol.commands") -> Mapping[str, Command]:
    """Import every command of a package, once, at start-up; return them by their names in URLs, sorted.

    Raises: RegistryError: a file without COMMAND.
    """
    if isinstance(package, str):
        package = importlib.import_module(package)
    commands: dict[str, Command] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if name.startswith("_"):
            continue
        command = getattr(importlib.import_module(f"{package.__name__}.{name}"), "COMMAND", None)
        if not isinstance(command, Command):
            raise RegistryError(f"callcontrol/commands/{name}.py: no COMMAND = Command(...) in it")
        commands[name] = command
    return MappingProxyType(commands)
