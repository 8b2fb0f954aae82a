"""The garbage collector: nothing of a call is left to it, and it is told to keep its rounds short."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from service.collector import THRESHOLDS, keep_collections_short
from tests.service.house import HANGUP, RECORD, House, sleep
from tests.waiting import eventually

Houses = Callable[..., House]


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector as it was, afterwards."""
    thresholds = gc.get_threshold()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_a_call_that_has_ended_leaves_no_cycle(house: Houses) -> None:
    """Its objects go when the last reference does; otherwise a full collection would have to find them."""
    home = house()
    home.flow("1000", RECORD, ("answer", {}), sleep(0.3), HANGUP)
    assert home.call("1000").wait_ended(15)
    home.delivered()
    eventually(lambda: not home.engine.listener.live and not home.engine.recorder.live)
    gc.collect()
    gc.disable()
    try:
        assert home.call("1000").wait_ended(15)
        eventually(lambda: len(home.engine.outbox.list()) == 2)
        eventually(lambda: not home.engine.listener.live and not home.engine.recorder.live)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
    finally:
        gc.enable()
    left = Counter(type(each).__name__ for each in gc.garbage)
    assert not {"Call", "Connection", "FlowRun", "Recording"} & set(left), left


@pytest.mark.usefixtures("collector")
def test_what_lives_from_the_start_is_set_aside() -> None:
    """Later rounds do not look at it."""
    keep_collections_short()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold() == THRESHOLDS
