"""What an answer's Retry-After means; its status is looked at in the destinations' tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.http_answer import retry_after_s

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 90 ", 90.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Fri, 20 Nov 2026 12:01:00", 60.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("99999999999999", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, seconds: float | None) -> None:
    """Seconds or a date; nonsense is as good as nothing."""
    assert retry_after_s(text, NOW) == seconds


@given(st.text(max_size=60))
def test_any_retry_after_is_survived(text: str) -> None:
    """A destination's header cannot make a delivery crash."""
    seconds = retry_after_s(text, NOW)
    assert seconds is None or seconds >= 0
