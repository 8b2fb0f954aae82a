"""The table of commands for people."""

from __future__ import annotations

from callcontrol.registry import discover
from callcontrol.table import control_table, unused_table


def test_the_table_has_a_row_for_each_command() -> None:
    """With its scope, and the webhooks to expect."""
    lines = control_table().splitlines()
    assert len(lines) == 2 + len(discover())
    (row,) = (line for line in lines if line.startswith("| `record_start` |"))
    assert "| record |" in row
    assert "`call.recording.saved`" in row


def test_parameters_that_do_nothing_are_named() -> None:
    """Each once, with the commands that take it; none that does something."""
    lines = unused_table().splitlines()[2:]
    names = [line.split("`")[1] for line in lines]
    assert names == sorted(set(names))
    assert "| `diversion` | dial, transfer |" in lines
    assert not {"to", "from", "timeout_secs", "record"} & set(names)
