"""The name of a file at a destination while it is not yet whole.

It is made from the final name alone, so that the next attempt overwrites what a cut one left behind; its
ending is not that of a recording, so that nobody who watches the folder takes it for one.
"""

from __future__ import annotations

SUFFIX = ".part"


def staged_name(name: str) -> str:
    """Return what a file is called until it is whole."""
    return f"{name}{SUFFIX}"
