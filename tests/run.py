"""Runs the suite in several pytest processes at once, a folder each: most of its time is waiting.

    python -m tests.run [--jobs N] [pytest's own options]

A folder's output is printed when it is over, whole; the last line has the sums of all. Tests stay within one
process as they are written: each folder has its own fixtures, and shares nothing with the others. Many hold a
switch or an engine to fractions of a second, which a machine that is busy with another folder may miss: what
failed is run once more in the end, alone, and is named whatever comes of it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

TESTS = Path(__file__).resolve().parent

LONGEST_FIRST = ("callcontrol", "swml", "service", "recording", "storage", "scenarios", "callflows", "crash")
"""Folders that take long: what begins last must not be what ends last."""

COUNTED = ("passed", "failed", "errors", "skipped", "deselected", "xfailed", "xpassed")

TESTS_FAILED = 1  # pytest's exit codes
NOTHING_TO_RUN = 5  # pytest: every test of the folder was deselected

_SUMMARY = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.MULTILINE)
_COUNT = re.compile(r"(\d+) ([a-z]+)")


@dataclass(frozen=True)
class Run:
    """One pytest process that has ended."""

    folder: str
    exit_code: int
    output: str
    took_s: float

    @property
    def counts(self) -> Counter[str]:
        """How many tests ended how, by pytest's words."""
        summaries = [found[1] for found in _SUMMARY.finditer(self.output)]
        found = _COUNT.findall(summaries[-1]) if summaries else []
        return Counter({"errors" if word == "error" else word: int(count) for count, word in found})

    @property
    def is_good(self) -> bool:
        """Whether nothing failed."""
        return self.exit_code in (0, NOTHING_TO_RUN)


def folders() -> Iterator[str]:
    """Yield what each process runs: the folders with tests, the longest first, and the files beside them."""
    found = {path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    yield from (name for name in LONGEST_FIRST if name in found)
    yield from sorted(found.difference(LONGEST_FIRST))
    yield from sorted(path.name for path in TESTS.glob("test_*.py"))


def run(folder: str, options: list[str]) -> Run:
    """Run one folder's tests to their end."""
    began_s = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        cache = f"cache_dir=.pytest_cache/{folder}"  # what failed last, of each folder
        command = [sys.executable, "-m", "pytest", "-o", cache, *options, str(TESTS / folder)]
        code = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=TESTS.parent, check=False
        ).returncode
        output.seek(0)
        return Run(folder, code, output.read(), time.monotonic() - began_s)


def run_all(jobs: int, options: list[str]) -> list[Run]:
    """Run all folders, `jobs` at a time; each is printed as it ends."""
    waiting, done, lock = list(folders()), [], threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                folder = waiting.pop(0)
            ended = run(folder, options)
            with lock:
                done.append(ended)
                click.echo(f"== tests/{folder} ({ended.took_s:.0f} s)\n{ended.output.rstrip()}\n")

    workers = [threading.Thread(target=work) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return done


def run_again(runs: list[Run], options: list[str]) -> list[Run]:
    """Run the failed tests of some folders once more, one folder at a time; all of them are printed."""
    again = []
    for one in runs:
        if one.exit_code != TESTS_FAILED:
            continue
        failed = [line for line in one.output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        click.echo("\n".join([f"== tests/{one.folder}, once more and alone", *failed]))
        again.append(run(one.folder, [*options, "--last-failed", "--last-failed-no-failures=none"]))
        click.echo(f"{again[-1].output.rstrip()}\n")
    return again


def main(arguments: list[str]) -> int:
    """Run the suite and print the sums; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=3, help="pytest processes at once")
    known, options = parser.parse_known_args(arguments)
    began_s = time.monotonic()
    runs = run_all(max(1, known.jobs), options)
    again = {one.folder: one for one in run_again(runs, options)}
    sums: Counter[str] = sum((one.counts for one in runs), Counter())
    for word in ("failed", "errors"):
        sums[word] = sum(again.get(one.folder, one).counts[word] for one in runs)
    sums["passed"] += sum(one.counts["passed"] for one in again.values())
    runs = [again.get(one.folder, one) for one in runs]
    for one in runs:
        if not one.is_good:
            click.echo(f"tests/{one.folder}: exit code {one.exit_code}")
    told = ", ".join(f"{sums[word]} {word}" for word in COUNTED if sums[word] or word in ("passed", "failed"))
    click.echo(f"{told} in {time.monotonic() - began_s:.0f} s")
    click.echo(
        f"{sums['passed']} passed, {sums['failed'] + sums['errors']} failed, {sums['skipped']} skipped"
    )
    return 0 if all(one.is_good for one in runs) and sums["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
