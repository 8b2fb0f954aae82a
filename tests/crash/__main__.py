"""`make crash-test`: kills engines under load and counts what arrives. Exit code 1 when anything is wrong.

Environment: FREESWITCH=host:port (and FREESWITCH_PASSWORD) for a second run beside a real FreeSWITCH,
COUCHDB_URL for a CouchDB as its document store, SEED for the chance of an earlier run.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 - gevent comes first
import os  # noqa: E402
import secrets  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402
from rich.console import Console  # noqa: E402

from config.address import parse_address  # noqa: E402
from config.logging import configure  # noqa: E402
from config.sections import LogFormat, LogLevel  # noqa: E402
from tests.crash import report  # noqa: E402
from tests.crash.plan import Plan  # noqa: E402
from tests.crash.run import CrashTest, Peers  # noqa: E402
from tests.crash.switches import PASSWORD  # noqa: E402


def main() -> int:
    """Run beside the simulator, and beside a FreeSWITCH where one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="of each run")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or secrets.randbelow(10**6)))
    parser.add_argument("--calls-per-s", type=float, default=Plan().calls_per_s)
    parser.add_argument("--only", choices=("simulator", "freeswitch"), help="one of the two runs")
    given = parser.parse_args()
    plan = Plan(kills=given.kills, seed=given.seed, calls_per_s=given.calls_per_s)
    found = peers(given.only)
    if not found:
        parser.error("no FreeSWITCH is named: FREESWITCH=host:port")
    gevent.signal_handler(signal.SIGTERM, sys.exit, 143)  # so that no engine is left running
    configure(LogLevel.ERROR, LogFormat.CONSOLE, sys.stderr)  # ours; those of the engines are in a file
    console = Console()
    console.print(f"SEED={plan.seed}")
    return max([run(console, name, plan, one) for name, one in found.items()])


def peers(only: str | None) -> dict[str, Peers]:
    """Return who takes part in which run."""
    found = {"simulator": Peers()}
    where = os.environ.get("FREESWITCH", "")
    if where:
        password = os.environ.get("FREESWITCH_PASSWORD", PASSWORD)
        found["freeswitch"] = Peers(parse_address(where), password, os.environ.get("COUCHDB_URL", ""))
    return {name: one for name, one in found.items() if only in (None, name)}


def run(console: Console, name: str, plan: Plan, with_whom: Peers) -> int:
    """Run once. Returns: 1 when anything is wrong, and then all of it stays on disk to be looked at."""
    directory = Path(tempfile.mkdtemp(prefix="callflows-crash-"))
    test = CrashTest(plan, with_whom, directory, lambda text: console.print(f"{name}: {text}"))
    came_to = test.run()
    report.tell(console, name, came_to, test.engines)
    if came_to.verdict.faults:
        console.print(f"[red]wrong[/red]; everything is in {directory}")
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
