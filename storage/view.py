"""One view: a function from a document to rows, in Python and in JavaScript, and how JavaScript reads JSON.

The helpers here say what JavaScript's `if (x)` and `x.y` say of a JSON value, so that both languages
emit the same rows for the oddest document, and so that neither fails on one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from storage.document import Document
from storage.names import DatabaseKind

Rows = list[tuple[Any, Any]]
"""Emitted (key, value) pairs, in the order of emission."""


@dataclass(frozen=True, slots=True)
class View:
    """A view by Kazoo's name.

    Attributes: name: `design/view`; kinds: the databases it belongs to; rows: what one document emits, never
    failing whatever the document; javascript: the same as a CouchDB map function (ECMAScript 5, which is
    what CouchDB 1.x runs); is_counted: the server keeps count of its rows (`_count`). A view that Kazoo has
    under the same name must not be: it would answer Kazoo with numbers.
    """

    name: str
    kinds: frozenset[DatabaseKind]
    rows: Callable[[Document], Rows]
    javascript: str
    is_counted: bool = False


def is_live(document: Document, pvt_type: str | None = None) -> bool:
    """Whether a document is not softly deleted, and of a type if one is asked for."""
    if truthy(document.get("pvt_deleted")):
        return False
    return pvt_type is None or document.get("pvt_type") == pvt_type


def truthy(value: Any) -> bool:
    """What JavaScript's `if` makes of a JSON value: an empty array or object counts as true."""
    return isinstance(value, list | dict) or bool(value)


def items(value: Any) -> list[Any]:
    """Return a JSON array's items, nothing for any other value."""
    return value if isinstance(value, list) else []


def members(value: Any) -> dict[str, Any]:
    """Return a JSON object, an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """Return a JSON string, an empty one for any other value."""
    return value if isinstance(value, str) else ""


def picked(source: dict[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Return those fields that are there: JSON leaves out what JavaScript calls undefined."""
    return {field: source[field] for field in fields if field in source}
