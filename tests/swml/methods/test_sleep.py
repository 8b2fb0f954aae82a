"""Waiting, in milliseconds or for ever."""

from __future__ import annotations

import time

import gevent
import pytest
from structlog.testing import capture_logs

from swml.runner import How
from tests.calls.scripted_switch import ScriptedSwitch
from tests.swml.scripts import Scripts, main


@pytest.mark.parametrize("sleep", ["sleep: 50", "sleep: {duration: 50}", "sleep: '${25 * 2}'"])
def test_it_waits_so_long(scripts: Scripts, sleep: str) -> None:
    """However it is written."""
    began_s = time.monotonic()
    assert scripts.run(main(sleep)).how is How.FINISHED
    assert 0.05 <= time.monotonic() - began_s < 1


def test_a_sleep_for_ever_ends_with_the_call(scripts: Scripts) -> None:
    """And with nothing else."""
    switch = ScriptedSwitch()
    with capture_logs() as logs:
        running = gevent.spawn(scripts.run, main("sleep: -1"), switch=switch)
        switch.wait_for(lambda: "method_run" in [line["event"] for line in logs])
        switch.event("CHANNEL_HANGUP", Hangup_Cause="NORMAL_CLEARING")
        assert running.get(timeout=5).how is How.GONE
