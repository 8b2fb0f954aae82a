"""What goes wrong with SWML documents and their scripts.

SwmlError
|- BadDocument(findings)      the document cannot be run; nothing of the call was touched
|- WebFailed                  a server gave no usable answer
|  |- DocumentNotFetched      a URL gave no document
|- ScriptError(event, where)  a step failed, by the language's own rules for errors
   |- ExpressionFailed        an expression threw, spun, or allocated too much
   |- LimitReached            loops, depth, steps
   |- MethodUnavailable       a method that needs its maker's cloud
"""

from __future__ import annotations

from collections.abc import Sequence

from config.errors import CallflowsError
from swml.finding import Finding


class SwmlError(CallflowsError):
    """The root of them."""


class BadDocument(SwmlError):
    """Every fault of a document, with section, index, method and property."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in self.findings[:10]))


class WebFailed(SwmlError):
    """A server gave no usable answer; the message says which (its URL without credentials) and why."""


class DocumentNotFetched(WebFailed):
    """A URL gave no document."""


class ScriptError(SwmlError):
    """A step failed. `where`: `section[index].method`, "" while it is not known."""

    def __init__(self, message: str, where: str = "") -> None:
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)


class ExpressionFailed(ScriptError):
    """An expression threw, spun or allocated too much."""


class LimitReached(ScriptError):
    """A script went round, or down, further than it may."""


class MethodUnavailable(ScriptError):
    """A method that needs its maker's cloud."""
