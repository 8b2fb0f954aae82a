"""`make bench`: the engine beside greenswitch and a bare server, or any given server alone; its commands."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import call_control
from bench.measure import Plan, measure
from bench.process import Peer, free_port
from bench.report import Figures, as_json, as_table, commands_table

PEERS = {
    "engine": "bench.peers.engine",
    "greenswitch 0.0.19": "bench.peers.greenswitch",
    "bare gevent": "bench.peers.bare",
}
COMMANDS = "commands"


def run(plan: Plan, target: str, only: list[str]) -> list[Figures]:
    """Measure the given server, or each of ours in turn."""
    if target:
        return [measure(target, target, None, plan)]
    figures = []
    for name, module in PEERS.items():
        if only and name.split()[0] not in only:
            continue
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        with Peer(module, free_port()) as peer:
            figures.append(measure(name, peer.address, peer, plan))
    return figures


def main() -> int:
    """Measure, print the tables, write the JSON; exit code 1 when a call, or a command, was lost."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--peer", default="", help="host:port of a running server to measure instead of ours")
    parser.add_argument(
        "--only", action="append", default=[], help="engine, greenswitch, bare or commands; may be repeated"
    )
    parser.add_argument("--json", default="bench.json", help="where the figures go")
    for name, value in (("calls", 1000), ("live-calls", 2000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    plan = Plan(calls=given.calls, live_calls=given.live_calls)
    told: dict[str, Any] = {}
    lost = 0
    if given.only != [COMMANDS]:
        figures = run(plan, given.peer, given.only)
        told |= as_json(figures)
        lost += figures[0].lost
        print(as_table(figures))
    if not given.peer and (not given.only or COMMANDS in given.only):
        print("measuring commands ...", file=sys.stderr, flush=True)
        commands = call_control.measure(call_control.Plan())
        told |= {COMMANDS: asdict(commands)}
        lost += commands.failed
        print(commands_table(asdict(commands)))
    Path(given.json).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
