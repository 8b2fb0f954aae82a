"""What tests of the service share: the command line in this process, and a house with a simulated switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import cli
from tests.service.house import House


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command line; keyword arguments are settings, such as documents_url."""

    def invoke(*arguments: object, **settings: object) -> Result:
        environment = {f"CALLFLOWS_{key.upper()}": str(value) for key, value in settings.items()}
        return CliRunner().invoke(cli, [str(one) for one in arguments], env=environment)

    return invoke


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens houses: an engine on a stage of its own and a simulated switch; all are closed at the end."""
    opened: list[House] = []

    def make(**options: Any) -> House:
        directory = tmp_path / f"house{len(opened)}"
        directory.mkdir()
        opened.append(House(directory, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
