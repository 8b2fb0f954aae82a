"""Times on the command line: what is read, and that nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.period import UNITS, age, epoch_s, shown

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "ago_s"),
    [("0s", 0), ("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604_800), ("1w", 604_800)],
)
def test_ages(text: str, ago_s: int) -> None:
    """A number and its unit, back from now."""
    assert epoch_s(text, NOW) == NOW - ago_s


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:30", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
        ("2026-11-01 10:30:05", datetime(2026, 11, 1, 10, 30, 5, tzinfo=UTC)),
        ("2026-11-01T10:30Z", datetime(2026, 11, 1, 10, 30, tzinfo=UTC)),
        ("2026-11-01T10:30+02:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_dates_and_moments(text: str, moment: datetime) -> None:
    """UTC, unless it says otherwise."""
    assert epoch_s(text, NOW) == moment.timestamp()


@pytest.mark.parametrize(
    "text",
    ["", "2", "h", "-2h", "2 h", "2y", "2H", "9999999999d", "yesterday", "2026-13-01", "2026-11-31", "1e9",
     "٢h", "0000-01-01", "2026-11-01T25:00", "x" * 1000, "2026-11-01T10:30" + "0" * 100],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="2h, 7d"):
        epoch_s(text, NOW)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    """A number, or ValueError."""
    try:
        found = epoch_s(text, NOW)
    except ValueError:
        return
    assert isinstance(found, float)
    assert shown(found)


@given(
    st.integers(0, 7_000_000_000),
    st.integers(-14 * 60, 14 * 60),
)
def test_moments_come_back(seconds: int, offset_min: int) -> None:
    """Whatever their zone."""
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset_min)))
    assert epoch_s(moment.isoformat(timespec="seconds"), NOW) == seconds


@given(st.integers(0, 10**9 - 1), st.sampled_from(sorted(UNITS)))
def test_ages_of_any_size(count: int, unit: str) -> None:
    """Exactly as many units."""
    assert epoch_s(f"{count}{unit}", NOW) == NOW - count * UNITS[unit]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (-5, "0s"),
        (59.9, "59s"),
        (61, "1m 1s"),
        (3600, "1h"),
        (90_061, "1d 1h"),
        (86_400 * 30, "30d"),
    ],
)
def test_durations_are_told_in_two_units(seconds: float, text: str) -> None:
    """The largest."""
    assert age(seconds) == text


def test_times_are_told_in_utc() -> None:
    """Nothing for none; a number for what no calendar has."""
    assert shown(NOW) == "2026-11-23 14:05:00+00:00"
    assert shown(None) == ""
    assert shown(1e18) == "1000000000000000000"
