"""Tells people what a crash test came to."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.crash.engines import Engines
from tests.crash.run import Report

MOST_FAULTS = 30
MOST_LINES = 12
"""Of the logs, about the first fault of each kind."""


def table(name: str, report: Report) -> Table:
    """Return the figures of a run."""
    verdict = report.verdict
    moods = ", ".join(f"{mood.value} {count}" for mood, count in report.moods.items())
    found = Table(title=f"Killed while it worked: {name}", show_header=False)
    for what, figure in (
        ("kills (of one process of two)", f"{report.kills} ({report.worker_kills})"),
        ("calls", report.calls),
        ("calls that came while no engine ran", report.unrecorded),
        ("recordings begun", report.begun),
        ("of these without a frame of sound", report.discarded),
        ("asked for and never begun, as the audit says", report.failed),
        ("recordings the switch finished", verdict.finished),
        ("once and whole at their destination", verdict.delivered),
        ("lost", verdict.count("lost")),
        ("doubled", verdict.count("doubled")),
        ("altered", verdict.count("altered")),
        ("other faults", sum(fault.kind not in ("lost", "doubled", "altered") for fault in verdict.faults)),
        ("seconds without an engine", f"{report.engineless_s:.1f}"),
        ("seconds in all", f"{report.took_s:.1f}"),
        ("the receiver", moods),
    ):
        found.add_row(what, str(figure))
    return found


def tell(console: Console, name: str, report: Report, engines: Engines) -> None:
    """Print the figures, and what is wrong with what the logs say about it."""
    console.print(table(name, report))
    told: set[str] = set()
    for fault in report.verdict.faults[:MOST_FAULTS]:
        console.print(str(fault), style="red", markup=False, soft_wrap=True)
        if fault.kind not in told and fault.about:
            for line in engines.lines_about(fault.about, MOST_LINES):
                console.print(f"    {line}", markup=False, soft_wrap=True)
        told.add(fault.kind)
    if len(report.verdict.faults) > MOST_FAULTS:
        console.print(f"and {len(report.verdict.faults) - MOST_FAULTS} more")
