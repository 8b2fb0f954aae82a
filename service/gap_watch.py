"""Looks for gaps among the last day's recordings while the service runs, so that nobody has to think of it.

Only rows that may be gaps are read, some milliseconds' work; the whole audit is a command's
(`callflows recordings audit`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import gevent
import structlog

from recording.audit import Standing, gaps_by_cause
from service.auditing import Auditor
from service.health import Condition, State
from storage.errors import StoreError
from storage.register_row import Wanted

INTERVAL_S = 300.0
WINDOW_S = 86_400.0
"""A gap keeps health degraded for a day; then it is history, and in the audit."""

NOBODYS_WISH = frozenset({Standing.MISSING, Standing.DAMAGED})
"""Gaps that nothing else tells of: dead letters have their own health, failures their log line."""

log = structlog.get_logger(__name__)


class GapWatch:
    """Counts gaps every `interval_s` seconds, from `start` to `stop`."""

    def __init__(
        self,
        auditor: Auditor,
        *,
        interval_s: float = INTERVAL_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._auditor = auditor
        self._interval_s = interval_s
        self._clock = clock
        self._gaps: Mapping[Standing, int] = {}
        self._told: frozenset[str] = frozenset()
        self._rounds: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._rounds is None:
            self._rounds = gevent.spawn(self._go_round)

    def stop(self) -> None:
        """Look no more."""
        if self._rounds is not None:
            self._rounds.kill()
            self._rounds = None

    def gaps(self) -> Mapping[Standing, int]:
        """Return the gaps of the last day as they were last counted; empty before that."""
        return self._gaps

    def check(self) -> None:
        """Count once, and tell of gaps that are new; blocks the calling greenlet."""
        try:
            found = self._auditor.open_gaps(Wanted(since=self._clock() - WINDOW_S))
        except StoreError as exc:
            log.warning("gaps_not_counted", reason=str(exc), next="tried again")
            return
        self._gaps = gaps_by_cause(found)
        urgent = [one for one in found.gaps if one.standing in NOBODYS_WISH]
        for one in urgent:
            if one.entry.row.recording_id not in self._told:
                expected = one.entry.row.expected
                log.error(
                    "recording_missing",
                    recording_id=expected.recording_id,
                    call_id=expected.call_id,
                    account_id=expected.account_id,
                    reason=one.cause,
                    next="see recordings audit",
                )
        self._told = frozenset(one.entry.row.recording_id for one in urgent)

    def condition(self) -> Condition:
        """Say how the last day's recordings are."""
        urgent = {standing: count for standing, count in self._gaps.items() if standing in NOBODYS_WISH}
        if any(urgent.values()):
            told = ", ".join(f"{count} {standing}" for standing, count in urgent.items() if count)
            return Condition(State.DEGRADED, f"{told} in the last day: see recordings audit")
        return Condition(State.OK)

    def _go_round(self) -> None:
        while True:
            self.check()
            gevent.sleep(self._interval_s)
