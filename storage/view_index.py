"""The rows of one view over one database, kept in memory and brought up to date document by document."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from storage.collation import CollationKey, collation_key
from storage.document import Document
from storage.view import View


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One emitted row and the document it came from."""

    key: Any
    value: Any
    doc_id: str


class ViewIndex:
    """Answers one view from memory. Not safe across threads; greenlets may share it (nothing waits)."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._keys_of: dict[str, set[CollationKey]] = {}
        self._rows_of: dict[CollationKey, dict[str, list[IndexRow]]] = {}
        self._ordered: list[CollationKey] | None = None

    def update(self, doc_id: str, document: Document | None) -> None:
        """Replace what a document contributes; None when it is gone."""
        for key in self._keys_of.pop(doc_id, ()):
            rows = self._rows_of[key]
            del rows[doc_id]
            if not rows:
                del self._rows_of[key]
                if self._ordered is not None:
                    del self._ordered[bisect_left(self._ordered, key)]
        if document is None:
            return
        for collated, key, value in self._emitted(document):
            if collated not in self._rows_of:
                self._rows_of[collated] = {}
                if self._ordered is not None:
                    insort(self._ordered, collated)
            self._rows_of[collated].setdefault(doc_id, []).append(IndexRow(key, value, doc_id))
            self._keys_of.setdefault(doc_id, set()).add(collated)

    def _emitted(self, document: Document) -> list[tuple[CollationKey, Any, Any]]:
        try:
            return [(collation_key(key), key, value) for key, value in self._view.rows(document)]
        except RecursionError:  # an array nested a thousand deep is nobody's number
            return []

    def rows(self, key: Any = None, start: Any = None, end: Any = None) -> list[IndexRow]:
        """Return rows in CouchDB's order; the arguments are those of DocumentStore.view."""
        if key is not None:
            return self._of(collation_key(key))
        ordered = self._order()
        first, last = self._bounds(start, end)
        return [row for collated in ordered[first:last] for row in self._of(collated)]

    def page(self, start: Any, end: Any, skip: int, limit: int) -> list[IndexRow]:
        """Return rows as DocumentStore.page does."""
        return list(islice(self._downwards(start, end), skip, skip + limit))

    def count(self, start: Any, end: Any) -> int:
        """Return how many rows a range has."""
        ordered = self._order()
        first, last = self._bounds(start, end)
        return sum(len(rows) for key in ordered[first:last] for rows in self._rows_of[key].values())

    def _downwards(self, start: Any, end: Any) -> Iterator[IndexRow]:
        ordered = self._order()
        first, last = self._bounds(start, end)
        for at in range(last - 1, first - 1, -1):
            yield from reversed(self._of(ordered[at]))

    def _bounds(self, start: Any, end: Any) -> tuple[int, int]:
        """Return where a range of keys begins and ends."""
        ordered = self._order()
        first = 0 if start is None else bisect_left(ordered, collation_key(start))
        return first, len(ordered) if end is None else bisect_right(ordered, collation_key(end))

    def _of(self, collated: CollationKey) -> list[IndexRow]:
        rows = self._rows_of.get(collated, {})
        return [row for doc_id in sorted(rows) for row in rows[doc_id]]

    def _order(self) -> list[CollationKey]:
        if self._ordered is None:
            self._ordered = sorted(self._rows_of)
        return self._ordered
