"""The whole is as well as its worst part."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.health import Condition, Health, State, disk_condition, worst
from storage.disk_guard import Level, Place, PlaceState, Room


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


@pytest.mark.parametrize(
    ("level", "failed", "state", "said"),
    [
        (Level.ROOM, "", State.OK, "recordings: 50.0 % free"),
        (Level.LOW, "", State.DEGRADED, "recordings: 50.0 % free"),
        (Level.CRITICAL, "", State.DEGRADED, "recordings: CRITICAL, 50.0 % free"),
        (Level.ROOM, "stale handle", State.DEGRADED, "recordings: stale handle"),
    ],
)
def test_a_disk_without_room_degrades(level: Level, failed: str, state: State, said: str) -> None:
    """It never takes the host out of service: calls go on."""
    places = [PlaceState(Place("recordings", Path("/r")), level, Room(1, 2), failed)]
    assert disk_condition(places) == Condition(state, said)


def test_a_disk_that_was_not_looked_at_yet_is_well() -> None:
    """Nothing is known against it."""
    places = [PlaceState(Place("recordings", Path("/r")), Level.ROOM, None)]
    assert disk_condition(places) == Condition(State.OK, "")
