"""The pauses between attempts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.outbox_backoff import Backoff

BACKOFF = Backoff(base_s=5.0, cap_s=3600.0, least_s=0.5)


@pytest.mark.parametrize(
    ("step", "ceiling_s"), [(0, 5.0), (1, 10.0), (2, 20.0), (9, 2560.0), (10, 3600.0), (10_000, 3600.0)]
)
def test_pauses_double_up_to_the_cap(step: int, ceiling_s: float) -> None:
    """5, 10, 20 s ... and never more than the cap, however often it failed."""
    assert BACKOFF.ceiling_s(step) == ceiling_s


@given(st.integers(0, 5000), st.floats(0, 1), st.floats(0, 1e9))
def test_the_pause_is_jittered_within_bounds(step: int, chance: float, asked_s: float) -> None:
    """Between the least and the ceiling, or what was asked for up to the cap."""
    delay_s = BACKOFF.delay_s(step, chance, asked_s)
    assert 0.5 <= delay_s <= max(BACKOFF.ceiling_s(step), min(asked_s, 3600.0))
    assert delay_s >= min(asked_s, 3600.0)


def test_a_base_below_the_least_pause_wins() -> None:
    """Tests and demos may be in a hurry."""
    assert Backoff(base_s=0.01).delay_s(0, 0.0) == 0.01
