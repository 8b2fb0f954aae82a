"""Generated tables are written between their markers, and stale ones found."""

from __future__ import annotations

from pathlib import Path

import pytest

from service import tables
from service.tables import TABLES, command_table, filled, main


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one marked table in its README and one in docs/."""
    (tmp_path / "docs").mkdir()
    for path, name in ((tmp_path / "README.md", "commands"), (tmp_path / "docs" / "a.md", "settings")):
        path.write_text(f"before\n<!-- table {name} -->\nstale\n<!-- end {name} -->\nafter\n")
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_can_be_made(name: str) -> None:
    """It stands between the markers, the text around it stays; making it again changes nothing."""
    text = f"before\n<!-- table {name} -->\n<!-- end {name} -->\nafter\n"
    made = filled(text)
    assert made.startswith(f"before\n<!-- table {name} -->\n")
    assert made.endswith(f"\n<!-- end {name} -->\nafter\n")
    assert "|---|" in made or "| --- |" in made
    assert filled(made) == made


def test_an_unknown_table_is_an_error() -> None:
    """A misspelt marker is not passed over."""
    with pytest.raises(KeyError):
        filled("<!-- table nosuch -->\n<!-- end nosuch -->\n")


def test_text_without_markers_stays() -> None:
    """Also when only one of the two is there."""
    for text in ("", "plain\n", "<!-- table commands -->\nno end\n"):
        assert filled(text) == text


def test_every_command_is_in_its_table() -> None:
    """With the first line of its help."""
    table = command_table()
    for name in ("serve", "demo", "simulate", "validate", "check", "dialplan", "deliveries"):
        assert f"| `callflows {name}` | " in table


def test_stale_tables_are_found_and_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check changes nothing and names them; without it they are written; then nothing is stale."""
    before = (root / "README.md").read_text()
    assert main(["--check"]) == 1
    assert capsys.readouterr().err.count("stale") == 2
    assert (root / "README.md").read_text() == before
    assert main([]) == 0
    assert "stale" not in (root / "README.md").read_text()
    assert main(["--check"]) == 0
