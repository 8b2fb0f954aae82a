"""The whole is as well as its worst part."""

from __future__ import annotations

import pytest

from service.health import Condition, Health, State, worst


@pytest.mark.parametrize(
    ("states", "whole"),
    [
        ([], State.OK),
        ([State.OK, State.OK], State.OK),
        ([State.OK, State.DEGRADED], State.DEGRADED),
        ([State.DOWN, State.DEGRADED, State.OK], State.DOWN),
    ],
)
def test_the_worst_part_decides(states: list[State], whole: State) -> None:
    """Down is worse than degraded, which is worse than ok."""
    assert worst({str(index): Condition(state) for index, state in enumerate(states)}) is whole


def test_every_part_is_asked_each_time() -> None:
    """What was true at the last question does not count."""
    health, answers = Health(), iter([State.OK, State.DOWN])
    health.add("part", lambda: Condition(next(answers), "why"))
    assert health.report() == {"part": Condition(State.OK, "why")}
    assert worst(health.report()) is State.DOWN
