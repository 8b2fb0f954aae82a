"""`make bench`: the whole engine beside greenswitch and a bare server, or any given server alone."""

from __future__ import annotations

import argparse
import json
import socket
import sys
from pathlib import Path

from bench.measure import Plan, measure
from bench.process import Peer
from bench.report import Figures, as_json, as_table

PEERS = {
    "engine": "bench.peers.engine",
    "greenswitch 0.0.19": "bench.peers.greenswitch",
    "bare gevent": "bench.peers.bare",
}


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
    """Measure, print the table, write the JSON; exit code 1 when a call of the engine was lost."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--peer", default="", help="host:port of a running server to measure instead of ours")
    parser.add_argument(
        "--only", action="append", default=[], help="engine, greenswitch or bare; may be repeated"
    )
    parser.add_argument("--json", default="bench.json", help="where the figures go")
    for name, value in (("calls", 1000), ("live-calls", 2000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    plan = Plan(calls=given.calls, live_calls=given.live_calls)
    figures = run(plan, given.peer, given.only)
    Path(given.json).write_text(json.dumps(as_json(figures), indent=2) + "\n", encoding="utf-8")
    print(as_table(figures))
    return 1 if figures[0].lost else 0


if __name__ == "__main__":
    sys.exit(main())
