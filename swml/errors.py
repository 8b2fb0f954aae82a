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
    """A URL gave no document. `media_type`: of what it gave instead, "" where that is not known."""

    def __init__(self, message: str, media_type: str = "") -> None:
        self.media_type = media_type
        super().__init__(message)


class ScriptError(SwmlError):
    """A step failed. `where`: `section[index].method`, "" while it is not known; `message`: without it."""

    code = "relay_script_method_execute_failed"

    def __init__(self, message: str, where: str = "", code: str = "") -> None:
        self.where = where
        self.message = message
        if code:
            self.code = code
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class ExpressionFailed(ScriptError):
    """An expression threw, spun or allocated too much."""

    code = "relay_script_js_eval_error"


class LimitReached(ScriptError):
    """A script went round, or down, further than it may."""

    code = "relay_script_nested_too_deep"


class MethodUnavailable(ScriptError):
    """A method that needs its maker's cloud."""
