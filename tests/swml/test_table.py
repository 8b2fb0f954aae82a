"""The table of methods and properties for people."""

from __future__ import annotations

import re

from swml.registry import all_methods
from swml.table import COLUMNS, MethodRow, method_rows, method_table

ROWS = {(row.method, row.property): row for row in method_rows()}


def test_every_method_has_a_row_and_its_properties_after_it() -> None:
    """In the order of names."""
    assert [row.method for row in method_rows() if not row.property] == [name for name, _ in all_methods()]
    assert ROWS["goto", "max"] == MethodRow(
        "goto", "max", "integer", "100", "1..100", "", "How many times it jumps; then it goes on."
    )
    assert ROWS["hangup", "reason"].limits == "hangup | busy | decline"
    assert ROWS["label", "(its value)"].default == "(required)"


def test_a_row_of_a_method_says_how_much_of_it_there_is() -> None:
    """All, some, or none."""
    assert [ROWS[name, ""].support for name in ("set", "answer", "ai")] == ["yes", "in part", "no"]
    assert "cloud" in ROWS["ai", ""].limits


def test_every_row_has_a_sentence() -> None:
    """Nothing is left unsaid."""
    assert [key for key, row in ROWS.items() if not row.description] == []


def test_the_table_is_one() -> None:
    """As many cells in each line, whatever stands in them; a method's own line says how much there is."""
    lines = method_table().splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(COLUMNS) + 1}
    assert len(lines) == len(method_rows()) + 2
    assert [line for line in lines if line.startswith("| **hangup** ") and "**yes**" in line]
