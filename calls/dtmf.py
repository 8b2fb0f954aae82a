"""The digits a caller presses: who hears them now, and those kept in collections for later.

At any moment at most one listener hears digits: a prompt (which appends them to the collection called
`default`, so that a later collect_dtmf finds them) or a collection in progress. Digits pressed while
nobody listens are dropped, as in Kazoo.
Source: Kazoo kapps_call (dtmf collections), cf_util:wait_for_noop; reference section 0.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

DIGITS = frozenset("0123456789*#ABCD")
"""What DTMF has (RFC 4733, events 0 to 15); anything else in an event is not a digit."""

ALL_TERMINATORS = "123456789*0#"
"""The twelve keys of a telephone, in Kazoo's order: what ends a prompt unless a document says less."""

DEFAULT = "default"
"""The collection that has no name of its own."""

MAX_COLLECTED = 256
"""Digits kept in one collection; a caller leaning on a key must not fill the memory. The newest are kept."""


class DtmfCollections:
    """The digits of one call. No method blocks."""

    __slots__ = ("_collections", "_listener")

    def __init__(self) -> None:
        self._collections: dict[str, str] | None = None
        self._listener: Callable[[str], None] | None = None

    def hear(self, digit: str | None) -> None:
        """Pass one pressed digit to whoever listens."""
        if self._listener is not None and digit in DIGITS:
            self._listener(digit or "")

    @contextmanager
    def listening(self, listener: Callable[[str], None]) -> Iterator[None]:
        """Let `listener` hear every digit while the context lasts; it must not block.

        Contexts nest: the innermost hears.
        """
        previous, self._listener = self._listener, listener
        try:
            yield
        finally:
            self._listener = previous

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens now."""
        return self._listener is not None

    def append(self, digits: str, name: str = DEFAULT) -> None:
        """Add digits at the end of a collection."""
        self.store(self.get(name) + digits, name)

    def store(self, digits: str, name: str = DEFAULT) -> None:
        """Let a collection hold exactly these digits."""
        if self._collections is None:
            self._collections = {}
        self._collections[name] = digits[-MAX_COLLECTED:]

    def get(self, name: str = DEFAULT) -> str:
        """Return what a collection holds, "" for one that does not exist."""
        return self._collections.get(name, "") if self._collections else ""

    def take(self, name: str = DEFAULT) -> str:
        """Return what a collection holds and empty it."""
        digits = self.get(name)
        self.flush(name)
        return digits

    def flush(self, name: str = DEFAULT) -> None:
        """Empty a collection."""
        if self._collections:
            self._collections.pop(name, None)

    def names(self) -> list[str]:
        """Return the names of the collections that exist, sorted."""
        return sorted(self._collections or ())
