"""Who is live, as a process knows it."""

from __future__ import annotations

from dataclasses import replace

from callcontrol import roll
from callcontrol.roll import Roll
from tests.callcontrol.test_events import LEG


def test_a_leg_comes_and_goes() -> None:
    """New once; how it stands is kept; once over it stays over."""
    known = Roll()
    assert known.put(LEG)
    assert not known.put(replace(LEG, client_state="eA=="))
    assert [leg.client_state for leg in known] == ["eA=="]
    assert known.live(LEG.leg_id) is not None
    ended = known.end(LEG.leg_id)
    assert ended is not None
    assert ended.client_state == "eA=="
    assert known.has_ended(LEG.leg_id)
    assert known.is_known(LEG.leg_id)
    assert len(known) == 0
    assert known.end(LEG.leg_id) is None


def test_those_that_ended_are_not_kept_for_ever() -> None:
    """The oldest are forgotten first."""
    known = Roll()
    for number in range(roll.MAX_ENDED + 2):
        known.end(str(number))
    assert not known.is_known("0")
    assert known.has_ended(str(roll.MAX_ENDED + 1))
