"""Asks a store on behalf of many: once for all who ask the same, not at all while it is known to be away.

While it is away, a greenlet of its own asks every second whether it is back; nobody else waits for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar, cast

import gevent
import structlog

from storage.document import DocumentStore
from storage.errors import StoreError, StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")

PROBE_S = 1.0
"""Between two looks whether a store is back."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    answer: object = None
    error: StoreError | None = None


class Fetches:
    """The questions under way to one store, and whether it answers."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._under_way: dict[Hashable, gevent.Greenlet] = {}
        self._probe: gevent.Greenlet | None = None
        self._away_since = 0.0
        self._reason = ""

    @property
    def is_away(self) -> bool:
        """Whether the store did not answer when it was last asked."""
        return self._away_since > 0

    @property
    def away_s(self) -> float:
        """For how long it has been away, 0 when it is not."""
        return time.monotonic() - self._away_since if self.is_away else 0.0

    @property
    def reason(self) -> str:
        """Why, in the store's words; "" when it is not."""
        return self._reason

    def fetch(self, key: Hashable, ask: Callable[[], T], patience_s: float | None) -> T:
        """Ask, or join those who already do.

        Args: patience_s: None to wait for the answer; else TimeoutError is raised after that time, and the
        question goes on for others.
        Raises: what `ask` raises; TimeoutError; StoreUnavailable at once while the store is away.
        """
        if self.is_away:
            raise StoreUnavailable(self._reason)
        asking = self._under_way.get(key)
        if asking is None:
            asking = self._under_way[key] = gevent.spawn(self._ask, key, ask)
        try:
            outcome = asking.get(timeout=patience_s)
        except gevent.Timeout as exc:
            raise TimeoutError from exc
        if outcome.error is not None:
            raise outcome.error
        return cast("T", outcome.answer)

    def direct(self, ask: Callable[[], T]) -> T:
        """Ask for oneself (a save, a scan), and note what it says about the store."""
        try:
            return ask()
        except StoreUnavailable as exc:
            self._went_away(exc)
            raise

    def aside(self, ask: Callable[[], T]) -> T:
        """Ask what may take long: that it does says nothing about the store. Raises: StoreUnavailable at once
        while the store is away, and what `ask` raises.
        """
        if self.is_away:
            raise StoreUnavailable(self._reason)
        return ask()

    def close(self) -> None:
        """End the probe."""
        if self._probe is not None:
            self._probe.kill()

    def _ask(self, key: Hashable, ask: Callable[[], object]) -> _Outcome:
        try:
            return _Outcome(self.direct(ask))
        except StoreError as exc:
            return _Outcome(error=exc)
        finally:
            del self._under_way[key]

    def _went_away(self, exc: StoreUnavailable) -> None:
        self._reason = str(exc)
        if not self.is_away:
            self._away_since = time.monotonic()
            log.error("store_unavailable", reason=self._reason, in_force="what is cached")
            self._probe = gevent.spawn(self._ask_until_back)

    def _ask_until_back(self) -> None:
        while True:
            gevent.sleep(PROBE_S)
            try:
                self._store.ping()
            except StoreError as exc:
                self._reason = str(exc)
                continue
            log.info("store_back", away_s=round(self.away_s, 1))
            self._away_since, self._reason = 0.0, ""
            return
