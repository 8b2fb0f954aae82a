"""One thing that is wrong or doubtful in a document, with its path there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_*#+@-]+\Z")


class Severity(StrEnum):
    """How bad a finding is."""

    FAULT = "fault"  # the document does not say what its author can have meant
    WARNING = "warning"  # it runs, and perhaps not as meant


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding. `path` is dotted from the document's root, such as `flow.children.1.data.time_limit`."""

    path: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"{self.path or '(document)'}: {self.message}"


def fault(path: str, message: str) -> Finding:
    """Return a finding that is a fault."""
    return Finding(path, Severity.FAULT, message)


def warning(path: str, message: str) -> Finding:
    """Return a finding that is a warning."""
    return Finding(path, Severity.WARNING, message)


def join(path: str, key: object) -> str:
    """Return the path of `key` inside what is at `path`; odd keys are quoted as JSON."""
    text = str(key)
    if _PLAIN_KEY.match(text):
        return f"{path}.{text}" if path else text
    return f"{path}[{json.dumps(text)}]"
