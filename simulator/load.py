"""Load mode: many calls at once against an engine, from a process of its own.

`python -m simulator.load --target 127.0.0.1:8084 --calls 2000 --rate 300 --hold 10 --json`
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 - gevent comes first
import json  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import dataclass  # noqa: E402

from simulator import loop, voice  # noqa: E402
from simulator.address import read_address  # noqa: E402
from simulator.load_call import LoadCall  # noqa: E402
from simulator.load_plan import Agenda, LoadPlan, Measures  # noqa: E402
from simulator.load_template import LoadTemplate  # noqa: E402

# Speech of that length is rendered once and shared by all recordings of a load.
_SOUND_S = 60


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """A load. rate: new calls per second."""

    target: tuple[str, int]
    calls: int
    rate: float
    hold_s: float
    prompt_s: float = 1.0
    linger_s: float = 5.0
    to: str = "1000"
    digits: str = "1"
    account: str = ""
    files: bool = False


def run_load(options: LoadOptions) -> dict[str, object]:
    """Run a load to its end.

    Returns: counts, distributions in milliseconds, and this process's own cost; see `_report`.
    """
    template = LoadTemplate(options.to, "15551234567", options.target, options.account)
    sound = voice.speech(1, 0, _SOUND_S * 1000).tobytes() if options.files else b""
    plan = LoadPlan(
        template, options.hold_s, options.prompt_s, options.digits, options.linger_s, recording=sound
    )
    agenda = Agenda()
    timer = loop.spawn(agenda.run)
    live, peak = 0, 0
    measured: list[Measures] = []

    def run_call() -> None:
        nonlocal live, peak
        live += 1
        peak = max(peak, live)
        try:
            measured.append(LoadCall(plan, agenda).run(options.target))
        finally:
            live -= 1

    began = time.monotonic()
    tasks = []
    for number in range(options.calls):
        loop.sleep(began + number / options.rate - time.monotonic())
        tasks.append(loop.spawn(run_call))
    for task in tasks:
        task.join()
    agenda.stop()
    timer.join()
    return _report(options, measured, peak, time.monotonic() - began)


def _report(options: LoadOptions, measured: list[Measures], peak: int, took_s: float) -> dict[str, object]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    failures = Counter(one.failure for one in measured if one.failure)
    return {
        "calls": options.calls,
        "finished": sum(one.finished for one in measured),
        "failures": dict(failures),
        "peak_live": peak,
        "rate_per_s": options.rate,
        "took_s": round(took_s, 3),
        "commands": sum(one.commands for one in measured),
        "accept_ms": distribution([one.accept_s for one in measured if one.accept_s is not None]),
        "first_app_ms": distribution([one.first_app_s for one in measured if one.first_app_s is not None]),
        "next_app_ms": distribution([value for one in measured for value in one.next_app_s]),
        "load_cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "load_cpu_ms_per_call": round(1000 * (usage.ru_utime + usage.ru_stime) / max(1, options.calls), 3),
    }


def distribution(seconds: Sequence[float]) -> dict[str, float]:
    """Count, mean and percentiles of times, in milliseconds."""
    if not seconds:
        return {"count": 0}
    ordered = sorted(seconds)

    def percentile(part: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 3)

    return {
        "count": len(ordered),
        "mean": round(1000 * sum(ordered) / len(ordered), 3),
        "p50": percentile(0.50),
        "p95": percentile(0.95),
        "p99": percentile(0.99),
        "max": round(1000 * ordered[-1], 3),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; exit code 0 when every call ended well."""
    parser = argparse.ArgumentParser(prog="python -m simulator.load", description=__doc__)
    parser.add_argument("--target", type=read_address, default=("127.0.0.1", 8084), help="the engine")
    parser.add_argument("--calls", type=int, default=100, help="how many calls altogether")
    parser.add_argument("--rate", type=float, default=50.0, help="new calls per second")
    parser.add_argument("--hold", type=float, default=10.0, help="seconds until a caller hangs up")
    parser.add_argument("--prompt", type=float, default=1.0, help="seconds a prompt lasts")
    parser.add_argument("--linger", type=float, default=5.0, help="most seconds a socket lingers")
    parser.add_argument("--to", default="1000", help="number dialled")
    parser.add_argument("--digits", default="1", help="digits that collecting gets")
    parser.add_argument("--account", default="", help="value of callflows_account_id")
    parser.add_argument("--files", action="store_true", help="write WAV files for recordings")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(arguments)
    options = LoadOptions(
        given.target, max(1, given.calls), max(0.1, given.rate), given.hold, given.prompt, given.linger,
        given.to, given.digits, given.account, given.files,
    )  # fmt: skip
    report = run_load(options)
    text = (
        json.dumps(report)
        if given.json
        else "\n".join(f"{key:>22}  {value}" for key, value in report.items())
    )
    sys.stdout.write(text + "\n")
    return 0 if report["finished"] == options.calls else 1


if __name__ == "__main__":
    sys.exit(main())
