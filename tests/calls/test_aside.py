"""Work beside a call: its result, its failures, and a call that ends before it."""

from __future__ import annotations

import time

import gevent
import pytest
from gevent.event import Event

from calls.aside import aside
from calls.errors import CallGone, MediaMissing
from tests.calls.scripted_switch import ScriptedSwitch


def test_the_result_comes_back_at_once() -> None:
    """Without waiting for the call's next event."""
    call = ScriptedSwitch().call()
    started_s = time.monotonic()

    def work() -> str:
        gevent.sleep(0.05)
        return "done"

    assert aside(call, work, 5) == "done"
    assert time.monotonic() - started_s < 1


def test_failures_are_raised_where_they_are_waited_for() -> None:
    """As they are."""

    def work() -> None:
        raise MediaMissing("x")

    with pytest.raises(MediaMissing):
        aside(ScriptedSwitch().call(), work, 5)


def test_the_wait_ends_with_the_call_and_the_work_goes_on() -> None:
    """Whoever was asked for something is not cut off."""
    switch, going, done = ScriptedSwitch(), Event(), Event()
    call = switch.call()

    def work() -> None:
        going.wait(5)
        done.set()

    gevent.spawn(switch.hang_up)
    with pytest.raises(CallGone):
        aside(call, work, 5)
    going.set()
    assert done.wait(5)


def test_a_failure_nobody_waits_for_is_nobodys() -> None:
    """It breaks nothing."""
    switch, going, over = ScriptedSwitch(), Event(), Event()

    def work() -> None:
        going.wait(5)
        over.set()
        raise MediaMissing("x")

    gevent.spawn(switch.hang_up)
    with pytest.raises(CallGone):
        aside(switch.call(), work, 5)
    going.set()
    assert over.wait(5)
    gevent.sleep(0)


def test_no_work_takes_for_ever() -> None:
    """The limit is the end of the wait."""
    with pytest.raises(TimeoutError):
        aside(ScriptedSwitch().call(), lambda: gevent.sleep(1), 0.05)
