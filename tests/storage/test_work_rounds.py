"""What all workers of the outbox do in the same way, whatever they are for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import gevent
import pytest
from gevent.event import Event
from structlog.testing import capture_logs

from storage.errors import StoreUnavailable
from storage.work_rounds import WorkRounds
from tests.waiting import eventually

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Pace:
    """Quick."""

    concurrency: int = 2
    lease_s: float = 0.03
    poll_s: float = 0.01
    housekeeping_s: float = 0.01


class Bench:
    """Duties that hand out what stands in `work`, and count. `away`: the outbox cannot be used."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.rounds: WorkRounds[str] = WorkRounds(self, pace or Pace(), "shelf_unavailable")
        self.work: list[str] = []
        self.recovered = self.handed_out = self.swept = 0
        self.renewed: list[Sequence[str]] = []
        self.away = False
        self.end = Event()

    def recover(self) -> None:
        """Count."""
        self._need()
        self.recovered += 1

    def hand_out(self) -> float:
        """Begin all there is room for."""
        self.handed_out += 1
        self._need()
        while self.work and self.rounds.room:
            job = self.work.pop(0)
            self.rounds.begin(job, job, self._attempt)
        return 60.0

    def renew(self, under_way: Sequence[str]) -> None:
        """Note which."""
        self._need()
        self.renewed.append(under_way)

    def sweep(self) -> None:
        """Count."""
        self._need()
        self.swept += 1

    def _need(self) -> None:
        if self.away:
            raise StoreUnavailable("gone")

    def _attempt(self, job: str) -> None:
        try:
            self.end.wait(PATIENCE_S)
        finally:
            self.rounds.under_way.pop(job)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """One that is stopped at the end."""
    made = Bench()
    yield made
    made.end.set()
    made.rounds.stop(1.0)


def test_as_many_as_there_is_room_for_and_the_rest_when_they_end(bench: Bench) -> None:
    """An attempt that ends wakes whoever hands out, however long it meant to wait."""
    bench.work = ["a", "b", "c"]
    bench.rounds.start()
    eventually(lambda: set(bench.rounds.under_way) == {"a", "b"})
    eventually(lambda: bench.renewed and bench.swept > 1)
    assert (bench.rounds.room, bench.recovered, bench.work) == (0, 1, ["c"])
    bench.end.set()
    eventually(lambda: not bench.work and not bench.rounds.under_way)
    assert bench.rounds.is_running()


def test_an_outbox_that_is_away_is_asked_again_and_not_all_the_time(bench: Bench) -> None:
    """Whoever queues meanwhile, and so wakes it, must not make it spin."""
    bench.away = True
    with capture_logs() as logs:
        bench.rounds.start()
        for _ in range(2000):
            bench.rounds.wake.set()
            gevent.sleep(0)
        assert bench.recovered == 0
        bench.away = False
        bench.work = ["a"]
        eventually(lambda: bench.rounds.under_way)
    told = [line for line in logs if line["event"] == "shelf_unavailable"]
    assert 1 <= len(told) < 500
    assert bench.recovered == 1


def test_what_is_to_be_told_is_told_until_it_is_heard(bench: Bench) -> None:
    """And given up only where the process ends."""
    faults = [StoreUnavailable("gone"), StoreUnavailable("still")]

    def tell() -> str:
        if faults:
            raise faults.pop()
        return "heard"

    assert bench.rounds.told(tell) == "heard"
    bench.away = True
    waiting = gevent.spawn(bench.rounds.told, bench._need)
    bench.rounds.stop(1.0)
    assert waiting.get(timeout=PATIENCE_S) is None


def test_an_attempt_that_does_not_end_is_cut_off(bench: Bench) -> None:
    """After the deadline; then nothing begins any more."""
    bench.work = ["a"]
    bench.rounds.start()
    eventually(lambda: bench.rounds.under_way)
    assert not bench.rounds.stop(0.01)
    assert (bench.rounds.under_way, bench.rounds.room, bench.rounds.is_running()) == ({}, 0, False)


def test_the_first_of_some_moments_is_waited_for(bench: Bench) -> None:
    """Those that are past are now; nothing is waited for longer than others' work may take to be seen."""
    assert bench.rounds.idle_s(100.0, None, 100.004) == pytest.approx(0.004)
    assert bench.rounds.idle_s(100.0, 90.0) == 0.0
    assert bench.rounds.idle_s(100.0, None, 500.0) == 0.01
