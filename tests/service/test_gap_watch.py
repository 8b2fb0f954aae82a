"""Gaps are noticed while the service runs: in the log once, in health and metrics for a day."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recording.audit import Standing
from service.auditing import Auditor
from service.gap_watch import GapWatch
from service.health import State
from storage.outbox import Outbox
from storage.register_row import Expected, Fate, Settled
from tests.waiting import eventually

GONE = "elsewhere[1]:1:x"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    made = Outbox(tmp_path / "outbox.sqlite")
    yield made
    made.close()


@pytest.fixture
def watch(outbox: Outbox, tmp_path: Path) -> GapWatch:
    """A watch over it that looks when it is told to."""
    return GapWatch(Auditor(outbox, tmp_path / "recordings"), interval_s=3600)


def asked(number: int, age_s: float = 7200.0) -> Expected:
    """A recording of which nobody heard again."""
    return Expected(f"{number:032x}", time.time() - age_s, call_id=f"call-{number}", owner=GONE, limit_s=60)


def test_a_missing_recording_is_told_once(outbox: Outbox, watch: GapWatch) -> None:
    """With its call; health says so for as long as it is missing."""
    assert watch.condition().state is State.OK
    outbox.register.write([asked(1), asked(2, age_s=1.0), asked(3, age_s=3 * 86400.0)])
    with capture_logs() as logs:
        watch.check()
        watch.check()
    assert [(log["event"], log["log_level"], log["call_id"]) for log in logs] == [
        ("recording_missing", "error", "call-1")
    ]
    assert watch.gaps()[Standing.MISSING] == 1
    condition = watch.condition()
    assert condition.state is State.DEGRADED
    assert "1 missing" in condition.detail
    outbox.register.write([Settled(asked(1), Fate.KEPT)])
    watch.check()
    assert watch.condition().state is State.OK


def test_a_failure_is_counted_and_does_not_degrade(outbox: Outbox, watch: GapWatch) -> None:
    """A caller who hung up first is no fault of this host's."""
    outbox.register.write([Settled(asked(1), Fate.FAILED)])
    watch.check()
    assert watch.gaps()[Standing.FAILED] == 1
    assert watch.condition().state is State.OK


def test_a_register_that_is_away_is_said(outbox: Outbox, watch: GapWatch) -> None:
    """What was counted last stays."""
    outbox.register.write([asked(1)])
    with capture_logs() as logs:
        watch.check()
        outbox.close()
        watch.check()
    assert [log["event"] for log in logs] == ["recording_missing", "gaps_not_counted"]
    assert watch.gaps()[Standing.MISSING] == 1


def test_it_looks_by_itself(outbox: Outbox, watch: GapWatch) -> None:
    """From start to stop; stopping twice does no harm."""
    outbox.register.write([Settled(asked(1), Fate.FAILED)])
    watch.start()
    eventually(watch.gaps)
    watch.stop()
    watch.stop()
