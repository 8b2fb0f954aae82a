"""A stage for scripts, and channels for documents; no socket is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from tests.calls import scripted_switch
from tests.swml.scripts import Scripts
from tests.swml.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A switch, an engine and an account, with default configuration."""
    stage = Stage(tmp_path)
    yield stage
    stage.close()


@pytest.fixture
def scripts() -> Scripts:
    """Documents run on a scripted channel."""
    return Scripts()


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
