"""Waits for what nobody announces: a condition with a deadline, looked at again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")

PATIENCE_S = 10.0
"""Much longer than anything here takes, since the machine may be busy."""


def eventually(condition: Callable[[], T], timeout_s: float = PATIENCE_S, what: str = "") -> T:
    """Return the first true value of `condition`; fail when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what or condition}"
        gevent.sleep(0.01)
