"""No test of this package leaves a socket behind."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from tests.esl import peer


@pytest.fixture(autouse=True)
def _closed_peers() -> Iterator[None]:
    """Close every peer at the end; connections that were closing then find it gone, and close too."""
    yield
    while peer.opened:
        peer.opened.pop().close()
    for _ in range(3):
        gevent.idle()
