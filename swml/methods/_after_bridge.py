"""Where a call goes when a talk is over: `transfer_after_bridge` of connect and enter_queue.

A document written there as JSON is kept as it is until it is run: the variables in it are its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from swml.method import Data, Fault, Names
from swml.methods._destination import is_inline
from swml.run import ScriptRun
from swml.value import as_text, has_expression, is_web_url

NAME: Final = "transfer_after_bridge"


def destination_of(run: ScriptRun, written: Any) -> str:
    """Return a URL or a document, "" for nowhere. Args: written: as it stands. Raises: ScriptError."""
    if not written or is_inline(written):
        return written or ""
    return as_text(run.expand(written)).strip()


def check(data: Data, names: Names) -> Iterator[Fault]:
    """Yield what is wrong with a place that stands there as it is."""
    written = data[NAME]
    if not written:
        return
    if is_inline(written):
        if fault := names.faults_in(written):
            yield Fault(NAME, f"the document in it: {fault}", code="relay_script_parse_error")
    elif not has_expression(written) and not is_web_url(written):
        yield Fault(NAME, "is no URL that can be fetched", code="relay_script_parse_error")
