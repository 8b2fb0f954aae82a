"""No test of a call leaves a socket behind."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from tests.calls import scripted_switch


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
