"""The bell greenlets wait on."""

from __future__ import annotations

import gevent

from calls.bell import Bell


def test_a_ring_wakes_all_who_wait_and_nobody_later() -> None:
    """A ring is for those who wait at that moment."""
    bell = Bell()
    waiting = [gevent.spawn(bell.wait, 5) for _ in range(3)]
    gevent.sleep(0)
    bell.ring()
    gevent.joinall(waiting, timeout=5)
    assert [greenlet.value for greenlet in waiting] == [True] * 3
    assert not bell.wait(0.01)


def test_waiting_ends_by_its_deadline() -> None:
    """A deadline in the past is over at once."""
    bell = Bell()
    assert not bell.wait(0.01)
    assert not bell.wait(0)
    assert not bell.wait(-1)


def test_a_ring_without_anybody_costs_and_keeps_nothing() -> None:
    """Most events of a call wake nobody."""
    bell = Bell()
    bell.ring()
    assert not bell.wait(0.01)
