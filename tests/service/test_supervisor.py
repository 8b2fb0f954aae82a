"""Children are started, restarted when they die, and told to stop: with real processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from service.supervisor import Supervisor, command_line
from tests.waiting import eventually

CHILD = """
import os, signal, sys
index, folder = sys.argv[-1], sys.argv[1]
def stop(signum, frame):
    open(f"{folder}/{os.getpid()}.{signum}", "w").close()
    sys.exit(int(sys.argv[2]))
for signum in (signal.SIGTERM, signal.SIGINT):
    signal.signal(signum, stop)
open(f"{folder}/{index}.{os.getpid()}", "w").close()
while True:
    signal.pause()
"""


class Family:
    """A supervisor of children that leave notes in a folder."""

    def __init__(self, folder: Path, exit_code: int = 0, count: int = 2) -> None:
        self._folder = folder
        self.supervisor = Supervisor([sys.executable, "-c", CHILD, str(folder), str(exit_code)], count)
        self.running = gevent.spawn(self.supervisor.run)

    def born(self, index: int) -> list[int]:
        """Return the process ids of all lives of a child."""
        return [int(path.name.split(".")[1]) for path in self._folder.glob(f"{index}.*")]

    def told(self, pid: int) -> list[int]:
        """Return the signals a process got."""
        return [int(path.name.split(".")[1]) for path in self._folder.glob(f"{pid}.*")]

    def wait_born(self) -> list[int]:
        """Wait until both have begun, and return their process ids."""
        eventually(lambda: self.born(0) and self.born(1), what="both children")
        return [self.born(0)[0], self.born(1)[0]]


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Family]:
    """Two children that end in order when told."""
    made = Family(tmp_path)
    yield made
    made.supervisor.stop(signal.SIGKILL)
    made.running.join(5)


def test_a_stop_signal_reaches_every_child(family: Family) -> None:
    """All end in order: exit code 0."""
    pids = family.wait_born()
    family.supervisor.stop(signal.SIGTERM)
    assert family.running.get(timeout=10) == 0
    assert [family.told(pid) for pid in pids] == [[signal.SIGTERM], [signal.SIGTERM]]


def test_a_killed_child_is_restarted_and_the_other_let_be(family: Family) -> None:
    """A new process takes its place within seconds."""
    first, second = family.wait_born()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len(family.born(0)) == 2, what="the restart")
    assert family.born(1) == [second]
    assert family.told(second) == []


def test_a_stop_while_children_are_being_started_is_not_missed(family: Family) -> None:
    """A child that was not there yet when the signal came is told all the same, or never started."""
    gevent.sleep(0)  # the watchers are at their first lines
    family.supervisor.stop(signal.SIGKILL)
    family.running.get(timeout=10)
    assert family.running.ready()


def test_a_stop_during_the_pause_before_a_restart_ends_it(family: Family) -> None:
    """Nothing is started any more."""
    first, second = family.wait_born()
    for pid in (first, second):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: all(child.process and child.process.poll() for child in family.supervisor._children))
    family.supervisor.stop(signal.SIGTERM)
    family.running.get(timeout=10)
    assert (family.born(0), family.born(1)) == ([first], [second])


def test_a_child_that_did_not_end_in_order_shows(tmp_path: Path) -> None:
    """The exit code of the whole is 1 when calls were cut off somewhere."""
    family = Family(tmp_path, exit_code=1)
    family.wait_born()
    family.supervisor.stop(signal.SIGTERM)
    assert family.running.get(timeout=10) == 1


def test_children_are_out_of_reach_of_the_terminal(family: Family) -> None:
    """Ctrl-C goes to the supervisor only, which passes it on once; twice would mean: at once."""
    for pid in family.wait_born():
        assert os.getpgid(pid) != os.getpgid(0)


def test_children_are_started_as_the_program_was() -> None:
    """The same settings file, and this interpreter."""
    assert command_line("a.toml") == [sys.executable, "-m", "service", "serve", "--settings", "a.toml"]
    assert command_line(None) == [sys.executable, "-m", "service", "serve"]
