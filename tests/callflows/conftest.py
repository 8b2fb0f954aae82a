"""A house for callflows, and no socket left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from tests.callflows.kit import House
from tests.calls import scripted_switch


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Documents in a folder, default configuration."""
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture(autouse=True)
def _closed_switches() -> Iterator[None]:
    """Close every scripted switch at the end; its session then closes too."""
    yield
    while scripted_switch.opened:
        switch = scripted_switch.opened.pop()
        switch.session.close()
        switch.close()
    for _ in range(3):
        gevent.idle()
