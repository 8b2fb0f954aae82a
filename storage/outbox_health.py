"""Keeps one failing destination from taking the time of the others: a circuit for each health key.

| state | attempts at once | a retryable failure | an answer (stored, or refused for good) |
|---|---|---|---|
| closed | up to per_key | counted; the third in a row opens it | count starts anew |
| open | none | (of an attempt begun before) no change | closes it |
| half open: its pause is over | one, the probe | opens it for longer | closes it |

A destination that asks to be left alone (Retry-After) is, whatever its state. Memory only: another
process finds out for itself, at the price of three attempts.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from storage.outbox_backoff import Backoff

OPENS_AFTER = 3
PAUSE = Backoff(base_s=5.0, cap_s=300.0, least_s=1.0)
"""A probe costs one attempt; five minutes bound how long a recovered destination stays unnoticed."""
LONGEST_ASKED_S = 3600.0


class Finding(Enum):
    """What an attempt says about its destination."""

    ANSWERED = auto()  # it works: stored, or refused what it will never take
    FAILED = auto()
    NOTHING = auto()  # the fault was ours: media damaged, this host in trouble


@dataclass(slots=True)
class _Circuit:
    in_flight: int = 0
    failures: int = 0  # in a row
    openings: int = 0  # in a row
    open_until: float = 0.0

    @property
    def is_closed(self) -> bool:
        return self.openings == 0 and self.open_until == 0.0


class Health:
    """The circuits of all keys that have failed lately or have attempts under way. Times as of one clock."""

    def __init__(
        self, per_key: int, *, pause: Backoff = PAUSE, chance: Callable[[], float] = random.random
    ) -> None:
        self._per_key = per_key
        self._pause = pause
        self._chance = chance
        self._circuits: dict[str, _Circuit] = {}

    def started(self, key: str) -> None:
        """Note that an attempt has begun."""
        self._circuits.setdefault(key, _Circuit()).in_flight += 1

    def finished(self, key: str, finding: Finding, now: float, asked_s: float = 0.0) -> bool:
        """Note how an attempt ended. Returns: whether its destination has just come back."""
        circuit = self._circuits[key]
        circuit.in_flight -= 1
        came_back = False
        if finding is Finding.FAILED:
            self._failed(circuit, now)
        elif finding is Finding.ANSWERED:
            came_back = not circuit.is_closed
            circuit.failures = circuit.openings = 0
            circuit.open_until = 0.0
        if asked_s > 0 and finding is Finding.FAILED:
            circuit.open_until = max(circuit.open_until, now + min(asked_s, LONGEST_ASKED_S))
        if circuit == _Circuit():
            del self._circuits[key]
        return came_back

    def avoid(self, now: float) -> frozenset[str]:
        """Return the keys that must have no further attempt now."""
        return frozenset(key for key, circuit in self._circuits.items() if not self._may_start(circuit, now))

    def rooms(self, now: float) -> dict[str, int]:
        """Return how many further attempts keys may have now; keys left out may have `per_key`."""
        return {
            key: max(0, self._per_key - circuit.in_flight)
            if circuit.is_closed
            else int(self._may_start(circuit, now))
            for key, circuit in self._circuits.items()
        }

    def reopens_at(self, now: float) -> float | None:
        """Return when the next circuit may be probed, None when none waits."""
        waits = [circuit.open_until for circuit in self._circuits.values() if circuit.open_until > now]
        return min(waits, default=None)

    def open_keys(self) -> list[str]:
        """Return the keys whose destinations are taken to be down."""
        return sorted(key for key, circuit in self._circuits.items() if not circuit.is_closed)

    def _may_start(self, circuit: _Circuit, now: float) -> bool:
        if circuit.is_closed:
            return circuit.in_flight < self._per_key
        return now >= circuit.open_until and circuit.in_flight == 0

    def _failed(self, circuit: _Circuit, now: float) -> None:
        circuit.failures += 1
        if circuit.failures >= OPENS_AFTER and now >= circuit.open_until:
            pause_s = self._pause.delay_s(circuit.openings, self._chance())
            circuit.openings += 1
            circuit.open_until = now + pause_s
