"""A crash test in small, as part of the suite: `make crash-test` runs the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.plan import Plan
from tests.crash.run import CrashTest, Peers


@pytest.mark.timeout(120)
def test_killed_a_few_times_it_loses_nothing(tmp_path: Path) -> None:
    """Five kills under load; what the switch finished is once and whole at its destination."""
    plan = Plan(kills=5, seed=11, calls_per_s=6.0, up_s=(0.5, 1.5), early_share=0.0, settle_s=60.0)
    told: list[str] = []
    test = CrashTest(plan, Peers(), tmp_path, told.append)
    report = test.run()
    assert not report.verdict.faults, [str(fault) for fault in report.verdict.faults]
    assert report.kills >= plan.kills
    assert report.verdict.finished == report.verdict.delivered
    assert report.verdict.finished > 10
