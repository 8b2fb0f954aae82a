"""One thing to be said of a document: where, what, and whether the document can be run all the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, or a doubt where `is_fault` is false.

    Attributes: section, index: of the step, index -1 for none; method; path: the property within the method,
    dotted, with indexes of nested steps (`then[0].play.url`); message: a sentence; code: the language's own
    word for the kind of fault, "" where it has none.
    """

    message: str
    section: str = ""
    index: int = -1
    method: str = ""
    path: str = ""
    is_fault: bool = True
    code: str = ""

    @property
    def where(self) -> str:
        """Return `section[index].method.path`, as far as known."""
        step = f"{self.section}[{self.index}]" if self.index >= 0 else self.section
        return ".".join(part for part in (step, self.method, self.path) if part).replace(".[", "[")

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message
