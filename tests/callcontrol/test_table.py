"""The table of commands for people."""

from __future__ import annotations

from callcontrol.registry import discover
from callcontrol.table import control_table


def test_the_table_has_a_row_for_each_command() -> None:
    """With its scope, and the webhooks to expect."""
    lines = control_table().splitlines()
    assert len(lines) == 2 + len(discover())
    (row,) = (line for line in lines if line.startswith("| `record_start` |"))
    assert "| record |" in row
    assert "`call.recording.saved`" in row
