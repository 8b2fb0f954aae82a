"""The console that tables are printed to: as wide as the terminal, and wide where there is none."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH = 240
"""Of what goes into a file or a pipe: no identifier is broken in two there."""


def console() -> Console:
    """Return the console of standard output."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)
