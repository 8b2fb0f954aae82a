"""Finds everything that is wrong or doubtful in a document, for whoever writes it."""

from __future__ import annotations

from swml.compiling import compile_text
from swml.errors import BadDocument
from swml.finding import Finding


def validate(text: str | bytes) -> list[Finding]:
    """Return every finding of a document, faults first where there are some; [] when it is in order.

    Blocks as long as reading takes; call it where that matters to nobody.
    """
    try:
        return list(compile_text(text).findings)
    except BadDocument as exc:
        return list(exc.findings)
