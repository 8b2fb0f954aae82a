"""Which bytes of a file a Range header asks for.

One range is served; several in one header are answered with the whole file, as a server may (it saves us
multipart bodies, which no player asks for). What is no range of bytes at all counts as none.
Source: RFC 9110 sections 14.1.2 and 14.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.errors import CallflowsError

_ONE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*\Z", re.IGNORECASE)


class Unsatisfiable(CallflowsError):
    """The range begins behind the end of the file."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some bytes of a file, from `start` on and before `end`."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def span_of(header: str, size: int) -> Span | None:
    """Return what a Range header asks for of a file of `size` bytes, None for all of it.

    Raises: Unsatisfiable.
    """
    found = _ONE.match(header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        if not length:
            raise Unsatisfiable(f"the last 0 of {size} bytes")
        return Span(size - length, size)
    start, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if found[2] and last < start:
        return None  # no valid range, and to be ignored
    if start >= size:
        raise Unsatisfiable(f"from byte {start} of {size}")
    return Span(start, min(last + 1, size))
