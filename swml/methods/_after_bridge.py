"""Where a call goes when a talk is over: `transfer_after_bridge` of connect and enter_queue.

A document written there as JSON is kept as it is until it is run: the variables in it are its own.
"""

from __future__ import annotations

from typing import Any, Final

from swml.methods._destination import is_inline
from swml.run import ScriptRun
from swml.value import as_text

NAME: Final = "transfer_after_bridge"


def destination_of(run: ScriptRun, written: Any) -> str:
    """Return a URL or a document, "" for nowhere. Args: written: as it stands. Raises: ScriptError."""
    if not written or is_inline(written):
        return written or ""
    return as_text(run.expand(written)).strip()
