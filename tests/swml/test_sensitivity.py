"""How sensitivities become thresholds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swml.sensitivity import DEFAULT, threshold_of

SENSITIVITIES = st.floats(0, 100)


def test_the_default_is_freeswitchs_own() -> None:
    """44 is 200, exactly."""
    assert threshold_of(DEFAULT) == threshold_of(44) == 200


@pytest.mark.parametrize(
    ("sensitivity", "threshold"),
    [
        (0, 6400),
        (10, 2911),
        (20, 1324),
        (30, 602),
        (50, 132),
        (60, 65),
        (70, 33),
        (80, 16),
        (90, 8),
        (100, 4),
    ],
)
def test_the_documented_table(sensitivity: float, threshold: int) -> None:
    """As the module's docstring has it."""
    assert threshold_of(sensitivity) == threshold


@given(SENSITIVITIES, SENSITIVITIES)
def test_more_sensitive_is_never_deafer(one: float, other: float) -> None:
    """A larger sensitivity never has a larger threshold."""
    low, high = sorted((one, other))
    assert threshold_of(high) <= threshold_of(low)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_thresholds_are_within_what_a_recording_takes(sensitivity: float) -> None:
    """Whatever is asked for."""
    assert 4 <= threshold_of(sensitivity) <= 6400


@given(st.integers(0, 999))
def test_a_tenth_never_jumps(tenths: int) -> None:
    """Neighbours differ by less than a tenth of themselves, or by one."""
    here, there = threshold_of(tenths / 10), threshold_of((tenths + 1) / 10)
    assert here - there <= max(1, here / 10)
