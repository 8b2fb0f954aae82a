"""Gregorian seconds, in which every Kazoo document tells the time.

They count from midnight UTC of the first of January of year 0, without leap seconds, so that they differ
from unix time by a constant. Source: Erlang calendar:datetime_to_gregorian_seconds, Kazoo kz_time.
"""

from __future__ import annotations

UNIX_EPOCH_S = 62167219200
"""1970-01-01T00:00:00Z in gregorian seconds."""


def to_gregorian_s(unix_s: float) -> int:
    """Return the gregorian second that a moment in unix time lies in (fractions are cut, as in Kazoo)."""
    return int(unix_s // 1) + UNIX_EPOCH_S


def to_unix_s(gregorian_s: int) -> int:
    """Return the unix time, in seconds, at which a gregorian second begins."""
    return gregorian_s - UNIX_EPOCH_S
