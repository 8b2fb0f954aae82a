"""The figures of a run, as JSON and as a table with one column a peer."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LINES: tuple[tuple[str, str, str], ...] = (
    ("accept_p50_ms", "connection made to first command, median", "ms"),
    ("accept_p99_ms", "connection made to first command, 99 of 100", "ms"),
    ("next_p50_ms", "completion to next command, median", "ms"),
    ("next_p99_ms", "completion to next command, 99 of 100", "ms"),
    ("cpu_ms_per_call", "CPU a call (the same figure in s for 1,000 calls)", "ms"),
    ("memory_kb_per_live_call", "memory a live call", "kB"),
    ("calls_per_s", "calls a second held on one core", "1/s"),
    ("lost", "calls lost or stuck", ""),
)


COMMAND_LINES: tuple[tuple[str, str, str], ...] = (
    ("p50_ms", "due to answered, median", "ms"),
    ("p99_ms", "due to answered, 99 of 100", "ms"),
    ("max_ms", "due to answered, the slowest", "ms"),
    ("cpu_ms_per_command", "CPU of the service for a command", "ms"),
    ("cpu_share", "of its one core", ""),
    ("lag_ms", "the event loop was never later than", "ms"),
    ("failed", "commands that failed", ""),
)
"""Of bench.call_control.CommandFigures."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one peer; units are in the names. None: not measurable for this peer."""

    peer: str
    calls: int
    live_calls: int
    lost: int
    accept_p50_ms: float
    accept_p99_ms: float
    next_p50_ms: float
    next_p99_ms: float
    cpu_ms_per_call: float | None
    memory_kb_per_live_call: float | None
    calls_per_s: float


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` (0..1) of all values lie; 0.0 when there are none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def as_json(figures: list[Figures]) -> dict[str, object]:
    """Return the run as JSON-ready data, with the machine it was made on."""
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
    }
    return {"machine": machine, "peers": [asdict(one) for one in figures]}


def commands_table(figures: Mapping[str, Any]) -> str:
    """Return the measurement of call control as a Markdown table."""
    load = f"{figures['rate_per_s']:.0f} commands a second on {figures['calls']} calls"
    rows = [f"| {load} | unit | |", "|---|---|---:|"]
    for name, label, unit in COMMAND_LINES:
        rows.append(f"| {label} | {unit} | {_cell(figures[name])} |")
    for name, times in figures["by_command"].items():
        rows.append(f"| {name}, 99 of 100 | ms | {_cell(times['p99'])} |")
    return "\n".join(rows)


def _cell(value: float | str | None) -> str:
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def as_table(figures: list[Figures]) -> str:
    """Return the run as a Markdown table."""
    head = "| | unit | " + " | ".join(one.peer for one in figures) + " |"
    rows = [head, "|---|---|" + "---:|" * len(figures)]
    for name, label, unit in LINES:
        cells = [_cell(getattr(one, name)) for one in figures]
        rows.append(f"| {label} | {unit} | " + " | ".join(cells) + " |")
    return "\n".join(rows)
