"""The figures of a run, as JSON and as a table with one column a peer."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass

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


def as_table(figures: list[Figures]) -> str:
    """Return the run as a Markdown table."""
    head = "| | unit | " + " | ".join(one.peer for one in figures) + " |"
    rows = [head, "|---|---|" + "---:|" * len(figures)]
    for name, label, unit in LINES:
        cells = []
        for one in figures:
            value = getattr(one, name)
            cells.append("-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value))
        rows.append(f"| {label} | {unit} | " + " | ".join(cells) + " |")
    return "\n".join(rows)
