"""Opens the outbox of the settings for a command; a running engine may have it open at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from config.settings import Settings
from storage.outbox import Outbox


@contextmanager
def outbox_of(settings: Settings) -> Iterator[Outbox]:
    """Open it, and close it afterwards. Raises: StoreUnavailable."""
    outbox = Outbox(settings.outbox.path)
    try:
        yield outbox
    finally:
        outbox.close()
