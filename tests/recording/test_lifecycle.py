"""The life of a recording follows its table."""

from __future__ import annotations

from itertools import product

import pytest

from recording.errors import BadTransition
from recording.lifecycle import FINAL, OVER, TRANSITIONS, Happening, Lifecycle, State


def _in_state(state: State) -> Lifecycle:
    life = Lifecycle()
    life.state = state
    return life


@pytest.mark.parametrize(("state", "happening"), list(product(State, Happening)))
def test_table_is_all_there_is(state: State, happening: Happening) -> None:
    """Every state takes what its rows say, and refuses everything else without changing."""
    life = _in_state(state)
    after = TRANSITIONS.get((state, happening))
    if after is None:
        with pytest.raises(BadTransition, match=f"{state} cannot be {happening}"):
            life.advance(happening)
        assert life.state is state
    else:
        assert life.advance(happening) is (after is not state)
        assert life.state is after


def test_ordinary_life() -> None:
    """From the request to the outbox, in the order in which it happens."""
    life = Lifecycle()
    seen = [life.state]
    for happening in Happening:
        if happening is not Happening.DROPPED:
            life.advance(happening)
            seen.append(life.state)
    assert seen == [state for state in State if state is not State.DROPPED]


@pytest.mark.parametrize("state", [state for state in State if state not in OVER])
def test_every_live_state_can_end(state: State) -> None:
    """Whatever FreeSWITCH does, a recording that is not over can be."""
    assert TRANSITIONS[(state, Happening.ENDED)] is State.ENDED


@pytest.mark.parametrize("happening", [Happening.ENDED, Happening.STOP_ASKED])
def test_what_is_heard_twice_changes_nothing(happening: Happening) -> None:
    """A second RECORD_STOP, or a late stop, leaves every state after the end as it is."""
    for state in OVER:
        assert TRANSITIONS[(state, happening)] is state


def test_final_states_are_never_left() -> None:
    """What was handed over or dropped stays so."""
    assert all(after is state for (state, _), after in TRANSITIONS.items() if state in FINAL)


def test_every_state_is_reachable() -> None:
    """No row is dead wood."""
    reached = {State.REQUESTED}
    for _ in State:
        reached |= {after for (state, _), after in TRANSITIONS.items() if state in reached}
    assert reached == set(State)
