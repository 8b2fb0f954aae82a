"""Writes the generated tables of README.md and docs/ between their markers, or checks that they are true.

A table stands between `<!-- table NAME -->` and `<!-- end NAME -->`; what is between is replaced.
Run as `python -m service.tables` to write, with `--check` to compare (exit code 1 when one is stale).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from callcontrol.table import control_table, unused_table
from callflows.action_table import action_table
from config.reference import categories_table, settings_table
from service.cli import cli
from swml.table import method_table

MARKED = re.compile(r"(<!-- table (?P<name>\w+) -->\n)(?P<body>.*?)(<!-- end (?P=name) -->)", re.DOTALL)
ROOT = Path(__file__).resolve().parent.parent


def command_table() -> str:
    """Return the commands of the command line with the first line of their help."""
    rows = ["| command | does |", "|---|---|"]
    with click.Context(cli) as ctx:
        for name in cli.list_commands(ctx):
            command = cli.get_command(ctx, name)
            if command is None:
                continue
            rows.append(f"| `callflows {name}` | {command.get_short_help_str(limit=120)} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "actions": action_table,
    "categories": categories_table,
    "commands": command_table,
    "control": control_table,
    "methods": method_table,
    "settings": settings_table,
    "unused": unused_table,
}


def filled(text: str) -> str:
    """Return a document with every marked table made anew. Raises: KeyError for an unknown table."""

    def table(match: re.Match[str]) -> str:
        made = TABLES[match["name"]]()
        return f"{match[1]}{made.rstrip()}\n{match[4]}"

    return MARKED.sub(table, text)


def main(arguments: list[str]) -> int:
    """Write or check every Markdown file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a table is stale")
    check = parser.parse_args(arguments).check
    stale = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        made = filled(text)
        if made == text:
            continue
        if check:
            stale.append(path.relative_to(ROOT))
        else:
            path.write_text(made, encoding="utf-8")
    for path in stale:
        print(f"{path}: a generated table is stale; run: make docs", file=sys.stderr)  # noqa: T201 - its output
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
