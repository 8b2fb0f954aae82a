"""A document as it is run: sections of steps, checked, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swml.finding import Finding
from swml.method import Method


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Attributes: name: of the method; properties: as its schema read them when the document was
    compiled: typed, nested steps compiled in their places, expressions as written; section, index: where it
    stands; path: within the step of that section, "" for that step itself (`cond[0].then[1]`); nested: the
    steps within its properties, by their path in the properties (`[0].then`, `case.1`, `else`); is_plain: no
    expression is in its properties, which are therefore as the method wants them.
    """

    name: str
    method: Method
    properties: Any
    section: str
    index: int
    path: str = ""
    nested: Mapping[str, tuple[Step, ...]] | None = None
    is_plain: bool = False

    @property
    def where(self) -> str:
        """Return `section[index].method`, as errors name it."""
        step = f"{self.section}[{self.index}]"
        return f"{step}.{self.path}.{self.name}" if self.path else f"{step}.{self.name}"


@dataclass(frozen=True, slots=True)
class Script:
    """A document. Attributes: sections: by name, `main` among them; findings: doubts, no faults; url: where
    it came from, "" for inline.
    """

    sections: Mapping[str, tuple[Step, ...]]
    findings: tuple[Finding, ...] = ()
    url: str = ""
