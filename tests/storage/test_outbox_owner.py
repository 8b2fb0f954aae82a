"""Names of processes that hold leases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import outbox_owner


@contextmanager
def another_process() -> Iterator[str]:
    """The name of a process that lives as long as the `with` block."""
    code = "from storage import outbox_owner; print(outbox_owner.this_process(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        yield child.stdout.readline().strip()
        child.kill()
        child.wait()


def test_a_living_process_is_not_gone() -> None:
    """Neither this one nor another."""
    assert not outbox_owner.is_gone(outbox_owner.this_process())
    with another_process() as owner:
        assert owner != outbox_owner.this_process()
        assert not outbox_owner.is_gone(owner)


def test_a_dead_process_is_gone() -> None:
    """Killed, and known to be at once."""
    with another_process() as owner:
        pass
    assert outbox_owner.is_gone(owner)


def test_a_pid_used_again_is_not_the_old_process() -> None:
    """The start of the process tells them apart."""
    place, pid, start = outbox_owner.this_process().rsplit(":", 2)
    assert pid == str(os.getpid())
    assert outbox_owner.is_gone(f"{place}:{pid}:{start}1")


@pytest.mark.parametrize("owner", ["", "host", "elsewhere[1]:1:x", "a:b:c", "elsewhere[1]:999999:x"])
def test_what_cannot_be_told_is_not_called_gone(owner: str) -> None:
    """Other hosts, other containers, other forms: their leases expire by themselves."""
    assert not outbox_owner.is_gone(owner)


@given(st.text(max_size=40))
def test_any_owner_text_is_survived(owner: str) -> None:
    """A name in the file is data."""
    outbox_owner.is_gone(owner)
