"""The rows of one view over one database, kept in memory and brought up to date document by document."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
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
                self._ordered = None
        if document is None:
            return
        for collated, key, value in self._emitted(document):
            if collated not in self._rows_of:
                self._rows_of[collated] = {}
                self._ordered = None
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
        first = 0 if start is None else bisect_left(ordered, collation_key(start))
        last = len(ordered) if end is None else bisect_right(ordered, collation_key(end))
        return [row for collated in ordered[first:last] for row in self._of(collated)]

    def _of(self, collated: CollationKey) -> list[IndexRow]:
        rows = self._rows_of.get(collated, {})
        return [row for doc_id in sorted(rows) for row in rows[doc_id]]

    def _order(self) -> list[CollationKey]:
        if self._ordered is None:
            self._ordered = sorted(self._rows_of)
        return self._ordered
