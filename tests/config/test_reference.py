"""The reference and the sample file say what the program does."""

from __future__ import annotations

from pathlib import Path

from config.catalogue import discover
from config.reference import categories_table, category_table, sample_toml, settings_table
from config.settings import SETTING_KEYS, Settings, load


def test_the_sample_file_is_the_defaults(tmp_path: Path) -> None:
    """Whoever starts from the sample starts from the defaults, with every key at hand."""
    path = tmp_path / "sample.toml"
    path.write_text(sample_toml())
    assert load(path, {}) == Settings()
    for key in SETTING_KEYS:
        assert f"\n{key.name} = " in sample_toml()


def test_the_sample_file_explains_itself_within_its_width() -> None:
    """Each key has a comment above it, and no line is wider than a page."""
    lines = sample_toml().splitlines()
    assert max(len(line) for line in lines) <= 100
    for number, line in enumerate(lines):
        if " = " in line and not line.startswith("#"):
            assert lines[number - 1].startswith("# ")


def test_the_table_has_a_row_for_every_setting() -> None:
    """A setting cannot be missing from the reference, nor a cell from its row."""
    rows = settings_table().splitlines()
    assert len(rows) == len(SETTING_KEYS) + 2
    for key, row in zip(SETTING_KEYS, rows[2:], strict=True):
        assert row.startswith(f"| `{key.dotted}` |")
        assert f"`{key.variable}`" in row
        assert row.replace(r"\|", "").count("|") == 6


def test_every_category_has_a_table() -> None:
    """Each key of each category has a row of four cells."""
    categories = discover()
    for name in categories.names():
        rows = category_table(categories.category(name)).splitlines()
        assert len(rows) == len(categories.keys(name)) + 2
        assert all(row.replace(r"\|", "").count("|") == 5 for row in rows)
        assert "\n".join(rows) in categories_table()


def test_keys_without_effect_say_so() -> None:
    """An operator sees which of Kazoo's keys do nothing here."""
    table = category_table(discover().category("callflow"))
    (row,) = [row for row in table.splitlines() if row.startswith("| `pool_size`")]
    assert "no effect here" in row
