"""Rate limits: a burst, then a steady rate, for each by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcontrol import rate_limit
from callcontrol.rate_limit import RateLimit


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def test_a_burst_then_a_rate() -> None:
    """A full bucket lets its burst pass, then one request per 1/rate seconds."""
    clock = Clock()
    limit = RateLimit(2.0, 3, clock)
    assert [limit.take("a") for _ in range(3)] == [0.0] * 3
    assert limit.take("a") == 0.5
    assert limit.left("a") == 0
    clock.now_s += 0.5
    assert limit.take("a") == 0.0
    assert limit.take("a") == 0.5


def test_one_does_not_pay_for_another() -> None:
    """Each token has a bucket of its own."""
    limit = RateLimit(1.0, 1, Clock())
    assert limit.take("a") == 0.0
    assert limit.take("a") > 0
    assert limit.take("b") == 0.0


def test_no_rate_is_no_limit() -> None:
    """A rate of 0 turns it off."""
    limit = RateLimit(0.0, 1, Clock())
    assert not any(limit.take("a") for _ in range(100))


def test_buckets_do_not_pile_up() -> None:
    """So many are remembered and no more."""
    limit = RateLimit(1.0, 1, Clock())
    for number in range(rate_limit.MAX_BUCKETS + 10):
        limit.take(str(number))
    assert len(limit._buckets) == rate_limit.MAX_BUCKETS


@given(st.lists(st.floats(0, 5), max_size=50), st.floats(0.5, 20), st.integers(1, 10))
def test_no_more_than_burst_and_rate_pass(pauses: list[float], rate: float, burst: int) -> None:
    """Over any time, what passes is at most the burst and what the rate brought."""
    clock = Clock()
    limit = RateLimit(rate, burst, clock)
    passed = 0
    for pause_s in pauses:
        clock.now_s += pause_s
        passed += limit.take("a") == 0.0
    assert passed <= burst + (clock.now_s - 100.0) * rate + 1e-6
