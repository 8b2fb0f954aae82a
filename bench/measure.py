"""Measures one server: how fast it answers, what a call costs, what it holds, how many a second it takes.

Three kinds of load, each by `simulator.load` in a process of its own on the other core: a moderate rate for
times and CPU a call, many calls that stay for memory, and rising rates until one is not held any more.
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
LATE_S = 4.0
"""A call takes some 0.3 s (greenswitch keeps its connection a second longer); a server that is this late has
begun to pile calls up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard. Attributes: calls, rate_per_s: of the moderate load; live_calls, live_rate_per_s: of those
    that stay; rates_per_s: tried in turn, each for rate_s.
    """

    calls: int = 1000
    rate_per_s: float = 100.0
    live_calls: int = 2000
    live_rate_per_s: float = 200.0
    rates_per_s: tuple[int, ...] = (50, 100, 200, 300, 400, 600, 900, 1200, 1500, 2000)
    rate_s: float = 6.0


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
    reports = (first, steady, live)
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
        calls_per_s=_held_rate(target, plan),
    )


def _held_rate(target: str, plan: Plan) -> float:
    """Return the highest rate held: every call ends well, the last no later than LATE_S after its turn."""
    held = 0.0
    for rate in plan.rates_per_s:
        calls = int(rate * plan.rate_s)
        report = Load(target, calls=calls, rate_per_s=rate, hold_s=20, prompt_s=PROMPT_S).report()
        if report["finished"] < calls or report["took_s"] > plan.rate_s + LATE_S:
            break
        held = calls / max(plan.rate_s, report["took_s"] - PROMPT_S)
    return held


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
