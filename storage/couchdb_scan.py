"""Answers a view that a server does not have from a scan, kept up to date by the changes feed.

Kazoo's versions differ in their views, and none of its databases is ours to write to. The rows are kept in
memory (not the documents), of every view at once, since one scan serves them all.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gevent.lock import RLock

from storage.document import Change, Document, Following, ViewRow
from storage.errors import NotFound, StoreError
from storage.view_index import IndexRow, ViewIndex
from storage.views import VIEWS, known_view

MAX_SCANNED = 100
"""Databases kept; each holds a feed open. The one longest unused goes first."""

MAX_AGE_S = 60.0
"""How old a scan may be while the feed is away (Kazoo's own caches may be an hour old)."""

MAX_DIRTY = 200
"""Changed documents fetched one by one; when there are more, a scan is cheaper."""


class Scans:
    """The scanned databases of one store.

    Args: scan: yields all documents of a database; get, follow: as in DocumentStore.
    """

    def __init__(
        self,
        scan: Callable[[str], Iterator[Document]],
        get: Callable[[str, str], Document],
        follow: Callable[[str, Callable[[Change], None]], Following],
    ) -> None:
        self._scan = scan
        self._get = get
        self._follow = follow
        self._scanned: OrderedDict[str, _Scanned] = OrderedDict()

    def rows(
        self, database: str, view: str, key: Any, start: Any, end: Any, *, include_docs: bool
    ) -> list[ViewRow]:
        """Return rows as DocumentStore.view does. Raises: NotFound, StoreUnavailable."""
        with self._current(database, view) as index:
            rows = index.rows(key, start, end)
        if not include_docs:
            return [ViewRow(row.key, row.value, row.doc_id, None) for row in rows]
        return self._with_documents(database, rows)

    def page(self, database: str, view: str, start: Any, end: Any, *, skip: int, limit: int) -> list[ViewRow]:
        """Return rows as DocumentStore.page does. Raises: NotFound, StoreUnavailable."""
        with self._current(database, view) as index:
            rows = index.page(start, end, skip, limit)
        return self._with_documents(database, rows)

    def count(self, database: str, view: str, start: Any, end: Any) -> int:
        """Return how many rows a range has. Raises: NotFound, StoreUnavailable."""
        with self._current(database, view) as index:
            return index.count(start, end)

    @contextmanager
    def _current(self, database: str, view: str) -> Iterator[ViewIndex]:
        """Have a view's index, up to date for as long as it is held."""
        known_view(database, view)
        scanned = self._scanned.get(database)
        if scanned is None:
            scanned = self._scanned[database] = _Scanned()
            self._evict()
        self._scanned.move_to_end(database)
        with scanned.lock:
            self._bring_up_to_date(database, scanned)
            yield scanned.indexes[view]

    def changed(self, database: str, doc_id: str) -> None:
        """Note that this process has changed a document: its own rows must not wait for the feed."""
        if database in self._scanned:
            self._scanned[database].note(Change(database, doc_id))

    def close(self) -> None:
        """Forget everything, and end the feeds."""
        while self._scanned:
            self._drop(next(iter(self._scanned)))

    def _bring_up_to_date(self, database: str, scanned: _Scanned) -> None:
        if scanned.following is None:
            scanned.following = self._follow(database, scanned.note)
        is_old = not scanned.following.is_live and time.monotonic() - scanned.scanned_at > MAX_AGE_S
        if not scanned.is_whole or is_old or len(scanned.dirty) > MAX_DIRTY:
            scanned.rebuild(self._scan(database))
        while scanned.dirty:
            doc_id = next(iter(scanned.dirty))
            scanned.dirty.discard(doc_id)  # before the read: it may change again meanwhile
            try:
                scanned.update(doc_id, self._get(database, doc_id))
            except NotFound:
                scanned.update(doc_id, None)
            except StoreError:
                scanned.dirty.add(doc_id)
                raise

    def _with_documents(self, database: str, rows: list[IndexRow]) -> list[ViewRow]:
        documents: dict[str, Document] = {}
        for doc_id in {row.doc_id for row in rows}:
            try:
                documents[doc_id] = self._get(database, doc_id)
            except NotFound:  # deleted since
                continue
        return [
            ViewRow(row.key, row.value, row.doc_id, documents[row.doc_id])
            for row in rows
            if row.doc_id in documents
        ]

    def _evict(self) -> None:
        while len(self._scanned) > MAX_SCANNED:
            self._drop(next(iter(self._scanned)))

    def _drop(self, database: str) -> None:
        scanned = self._scanned.pop(database)
        if scanned.following is not None:
            scanned.following.stop()


class _Scanned:
    """One database's rows, and what is known to be out of date about them."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.following: Following | None = None
        self.indexes: dict[str, ViewIndex] = {}
        self.dirty: set[str] = set()
        self.is_whole = False
        self.scanned_at = 0.0

    def note(self, change: Change) -> None:
        if change.doc_id:
            self.dirty.add(change.doc_id)
        else:
            self.is_whole = False

    def rebuild(self, documents: Iterator[Document]) -> None:
        started = time.monotonic()
        indexes = {name: ViewIndex(view) for name, view in VIEWS.items()}
        self.is_whole = True  # from here on: a gap in the feed, or a change, while the scan runs counts
        self.dirty.clear()
        try:
            for document in documents:
                for index in indexes.values():
                    index.update(document["_id"], document)
        except StoreError:
            self.is_whole = False
            raise
        self.indexes, self.scanned_at = indexes, started

    def update(self, doc_id: str, document: Document | None) -> None:
        for index in self.indexes.values():
            index.update(doc_id, document)
