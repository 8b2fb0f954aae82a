"""The limit of one attempt: a peer may be slow, but an attempt must end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gevent

from storage.destination import DestinationContext
from storage.errors import DeliveryFailed
from storage.guarded_http import LEAST_BYTES_PER_S

ROUND_TRIPS = 4
"""Times the response timeout that an exchange of many commands may take beside the file itself."""


@contextmanager
def attempt_limit(context: DestinationContext, size_bytes: int) -> Iterator[None]:
    """Give the block the time that a file of this size may take.

    Raises: DeliveryFailed: it took longer.
    """
    limit_s = (
        context.connect_timeout_s + ROUND_TRIPS * context.response_timeout_s + size_bytes / LEAST_BYTES_PER_S
    )
    with gevent.Timeout(limit_s, DeliveryFailed(f"not done within {limit_s:.0f} s", retryable=True)):
        yield
