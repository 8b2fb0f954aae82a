"""Gains as near as FreeSWITCH comes."""

from __future__ import annotations

import math

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CallGone
from calls.loudness import FACTORS, gain, level_of
from tests.calls.scripted_switch import ScriptedSwitch


@pytest.mark.parametrize("level", FACTORS)
def test_a_steps_own_gain_is_that_step(level: int) -> None:
    """Each of the nine."""
    assert level_of(20 * math.log10(FACTORS[level])) == level


@given(st.floats(-40, 40), st.floats(-40, 40))
def test_louder_is_never_softer(one: float, other: float) -> None:
    """Levels follow gains."""
    low, high = sorted((one, other))
    assert -4 <= level_of(low) <= level_of(high) <= 4


def test_it_is_taken_back_whatever_happens() -> None:
    """Also when what plays fails."""
    switch = ScriptedSwitch()
    with pytest.raises(RuntimeError), gain(switch.call(), 20):
        raise RuntimeError
    switch.wait_run("set_audio_level", 2)
    assert switch.arguments("set_audio_level") == ["write 4", "write 0"]


def test_a_call_that_ends_meanwhile_has_none() -> None:
    """What ended it is what is raised."""
    switch = ScriptedSwitch()
    call = switch.call()
    gevent.spawn(switch.hang_up)
    with pytest.raises(CallGone), gain(call, -20):
        call.sleep(5)
