"""What the tests against real peers share: who the peers are, and an engine beside a running FreeSWITCH."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.address import Address, parse_address
from tests.live.beside import Beside
from tests.service.house import House


@pytest.fixture(scope="session")
def freeswitch() -> tuple[Address, str]:
    """The event socket of a running FreeSWITCH and its password."""
    where = os.environ.get("FREESWITCH", "")
    if not where:
        pytest.skip("no FreeSWITCH: set FREESWITCH=host:port of its event socket, on this host")
    return parse_address(where), os.environ.get("FREESWITCH_PASSWORD", "ClueCon")


@pytest.fixture
def beside(tmp_path: Path, freeswitch: tuple[Address, str]) -> Iterator[Callable[..., Beside]]:
    """Starts engines beside that FreeSWITCH; all are stopped at the end."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.owner() == tmp_path.owner() and directory.stat().st_mode & 0o777 == 0o700:
            directory.chmod(0o755)  # FreeSWITCH may run as another user
    opened: list[Beside] = []

    def make(**options: Any) -> Beside:
        directory = tmp_path / f"beside{len(opened)}"
        directory.mkdir()
        opened.append(Beside(directory, freeswitch[0], freeswitch[1], **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


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
