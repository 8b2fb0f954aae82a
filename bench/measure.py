"""Measures one server: how fast it answers, what a call costs, what it holds, how many a second it takes.

Three loads, each by `simulator.load` in a process of its own on the other core: a moderate rate for times and
CPU a call, many calls that stay for memory, and as many as it can take for the rate.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from bench.process import Peer, Usage, pin
from bench.report import Figures

PROMPT_S = 0.1
LOAD_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard. Attributes: calls, rate_per_s: of the moderate load; live_calls, live_rate_per_s: of those
    that stay; flood_calls: of the rate measurement, offered at flood_rate_per_s.
    """

    calls: int = 1000
    rate_per_s: float = 100.0
    live_calls: int = 2000
    live_rate_per_s: float = 200.0
    flood_calls: int = 4000
    flood_rate_per_s: float = 2000.0


class Load:
    """One load process under way."""

    def __init__(self, target: str, *, calls: int, rate_per_s: float, hold_s: float, prompt_s: float) -> None:
        options = {"target": target, "calls": calls, "rate": rate_per_s, "hold": hold_s, "prompt": prompt_s}
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "simulator.load", *arguments, "--json"], stdout=subprocess.PIPE, text=True
        )
        pin(self._process.pid, (os.cpu_count() or 1) - 1)

    def report(self) -> dict[str, Any]:
        """Wait for the end and return what the load saw."""
        output, _ = self._process.communicate(timeout=LOAD_TIMEOUT_S)
        report: dict[str, Any] = json.loads(output)
        return report


def measure(name: str, target: str, peer: Peer | None, plan: Plan) -> Figures:
    """Run all loads against one server.

    Args: target: host:port; peer: the server when it is a child of ours; without it there are no figures
    of CPU and memory.
    """
    first = Load(target, calls=20, rate_per_s=50, hold_s=30, prompt_s=PROMPT_S).report()  # warm up
    before = _usage(peer)
    steady = Load(target, calls=plan.calls, rate_per_s=plan.rate_per_s, hold_s=60, prompt_s=PROMPT_S).report()
    after = _usage(peer)
    live, held_bytes = _hold(target, peer, plan)
    flood = Load(
        target, calls=plan.flood_calls, rate_per_s=plan.flood_rate_per_s, hold_s=120, prompt_s=0.02
    ).report()
    reports = (first, steady, live, flood)
    return Figures(
        peer=name,
        calls=plan.calls,
        live_calls=live["peak_live"],
        lost=sum(one["calls"] - one["finished"] for one in reports),
        accept_p50_ms=steady["accept_ms"].get("p50", 0.0),
        accept_p99_ms=steady["accept_ms"].get("p99", 0.0),
        next_p50_ms=steady["next_app_ms"].get("p50", 0.0),
        next_p99_ms=steady["next_app_ms"].get("p99", 0.0),
        cpu_ms_per_call=(after.cpu_s - before.cpu_s) * 1000 / plan.calls if before and after else None,
        memory_kb_per_live_call=held_bytes / 1000 / plan.live_calls if held_bytes is not None else None,
        calls_per_s=flood["finished"] / flood["took_s"],
    )


def _hold(target: str, peer: Peer | None, plan: Plan) -> tuple[dict[str, Any], int | None]:
    """Let calls pile up, look at the memory while all are up, and let them end."""
    empty = _usage(peer)
    ramp_s = plan.live_calls / plan.live_rate_per_s
    hold_s = ramp_s + 6
    load = Load(
        target, calls=plan.live_calls, rate_per_s=plan.live_rate_per_s, hold_s=hold_s, prompt_s=hold_s * 2
    )
    time.sleep(ramp_s + 4)  # all are up, none has ended; the load process needs a second to begin
    full = _usage(peer)
    report = load.report()
    return report, full.rss_bytes - empty.rss_bytes if full and empty else None


def _usage(peer: Peer | None) -> Usage | None:
    return peer.usage() if peer else None
