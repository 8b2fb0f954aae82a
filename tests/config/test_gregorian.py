"""Gregorian seconds against the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.gregorian import UNIX_EPOCH_S, to_gregorian_s, to_unix_s

SECONDS_FROM_YEAR_0_TO_YEAR_1 = 366 * 86400
"""Year 0 is a leap year in the proleptic Gregorian calendar."""


def test_epoch_is_what_the_calendar_says() -> None:
    """The constant is the distance from year 0 to 1970, computed independently."""
    from_year_1 = datetime(1970, 1, 1, tzinfo=UTC) - datetime(1, 1, 1, tzinfo=UTC)
    assert from_year_1.total_seconds() + SECONDS_FROM_YEAR_0_TO_YEAR_1 == UNIX_EPOCH_S


@pytest.mark.parametrize(
    ("unix_s", "gregorian_s"), [(0, 62167219200), (1.9, 62167219201), (-0.5, 62167219199)]
)
def test_fractions_belong_to_the_second_they_lie_in(unix_s: float, gregorian_s: int) -> None:
    """Fractions are cut downwards, before 1970 too."""
    assert to_gregorian_s(unix_s) == gregorian_s


@given(st.integers(-(10**11), 10**11))
def test_conversion_back_gives_the_same_second(unix_s: int) -> None:
    """The two functions are each other's inverse."""
    assert to_unix_s(to_gregorian_s(unix_s)) == unix_s
