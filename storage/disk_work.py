"""Runs work that waits for a disk in the thread pool, so that the hub goes on.

gevent prints a traceback for whatever is raised in a thread of its pool, before handing it on; but a missing
file or a revision that has changed is an ordinary answer. So exceptions travel as values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import gevent

from storage.errors import StoreError

T = TypeVar("T")


def on_disk(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises, while other greenlets run."""
    answer: T | _Raised = gevent.get_hub().threadpool.apply(_contained, (work,))
    if isinstance(answer, _Raised):
        raise answer.error
    return answer


class _Raised:
    def __init__(self, error: OSError | StoreError) -> None:
        self.error = error


def _contained(work: Callable[[], T]) -> T | _Raised:
    try:
        return work()
    except (OSError, StoreError) as exc:
        return _Raised(exc)
