"""The gauge sees what blocks the event loop."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest
from gevent.monkey import get_original
from prometheus_client import CollectorRegistry, generate_latest

from service.hub_lag import HubLag
from tests.waiting import eventually


@pytest.fixture
def lag() -> Iterator[tuple[HubLag, CollectorRegistry]]:
    """A running measurement."""
    registry = CollectorRegistry()
    made = HubLag(registry)
    made.start()
    yield made, registry
    made.stop()


def observed(registry: CollectorRegistry) -> float:
    """Return how often it was measured."""
    return registry.get_sample_value("callflows_hub_lag_seconds_count") or 0.0


def test_it_measures_all_the_time(lag: tuple[HubLag, CollectorRegistry]) -> None:
    """Some twenty times a second."""
    eventually(lambda: observed(lag[1]) >= 3)


def test_a_blocked_loop_is_seen(lag: tuple[HubLag, CollectorRegistry]) -> None:
    """What stalls all calls for 0.3 s is told as such."""
    hub, registry = lag
    gevent.idle()
    get_original("time", "sleep")(0.3)  # blocks the whole process, as a bad piece of code would
    eventually(lambda: hub.worst_s > 0.2)
    assert b"callflows_hub_lag_worst_seconds 0." in generate_latest(registry)


def test_it_can_be_stopped_before_it_began() -> None:
    """An engine that did not get as far as starting is stopped all the same."""
    HubLag(CollectorRegistry()).stop()
