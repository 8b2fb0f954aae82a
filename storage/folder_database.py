"""One database of a folder as it stands in memory: its documents, the indexes over them, its faults."""

from __future__ import annotations

from typing import Any

import structlog
from gevent.lock import RLock

from storage.document import Change, Document, ViewRow
from storage.errors import NotFound, StoreUnavailable
from storage.folder_names import document_file
from storage.folder_reading import DocumentFault, Scan, Stamp, StoredDocument
from storage.view_index import IndexRow, ViewIndex
from storage.views import known_view

log = structlog.get_logger(__name__)


class FolderDatabase:
    """Answers reads without touching the disk, once loaded; scans and saves bring it up to date.

    Attributes: lock: held by whoever brings disk and memory together; is_loaded: whether reads may be
    answered from memory; exists: whether there was a directory when it was last looked for; available:
    whether it could be looked for (what is in memory goes on meanwhile); used_at: monotonic, last view.
    """

    def __init__(self, database: str) -> None:
        self.database = database
        self.lock = RLock()
        self.is_loaded = False
        self.used_at = 0.0
        self.exists = False
        self.available = True
        self._was_read = False
        self._documents: dict[str, Document] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self._indexes: dict[str, ViewIndex] = {}
        self._faults: dict[str, DocumentFault] = {}
        self._logged: set[DocumentFault] = set()

    @property
    def stamps(self) -> dict[str, Stamp | None]:
        """A copy of the state of each document by id, for a scan to compare with."""
        return dict(self._stamps)

    @property
    def faults(self) -> list[DocumentFault]:
        """The files that are no documents."""
        return list(self._faults.values())

    def unload(self) -> None:
        """Give the memory back; documents are read from disk again until the next load."""
        self.is_loaded = self._was_read = self.exists = False
        self._documents, self._stamps, self._indexes = {}, {}, {}

    def get(self, doc_id: str) -> Document:
        """Return one document. Raises: NotFound; BadDocument: its file is none, and never was."""
        try:
            return self._documents[doc_id]
        except KeyError as exc:
            self._require_read()
            fault = self._faults.get(document_file(doc_id))
            if fault is not None:
                raise fault.error() from exc
            raise NotFound(self.database, doc_id) from exc

    def documents(self) -> list[Document]:
        """Return all documents by id."""
        self.require()
        return [self._documents[doc_id] for doc_id in sorted(self._documents)]

    def view(self, name: str, key: Any, start: Any, end: Any, *, include_docs: bool) -> list[ViewRow]:
        """Return rows of a view, built when it is first asked for. Raises: NotFound."""
        return self._given(self._index(name).rows(key, start, end), include_docs=include_docs)

    def page(self, name: str, start: Any, end: Any, *, skip: int, limit: int) -> list[ViewRow]:
        """Return rows as DocumentStore.page does. Raises: NotFound."""
        return self._given(self._index(name).page(start, end, skip, limit), include_docs=True)

    def count(self, name: str, start: Any, end: Any) -> int:
        """Return how many rows a range has. Raises: NotFound."""
        return self._index(name).count(start, end)

    def is_indexed(self, name: str) -> bool:
        """Whether a view can be asked at once. Raises: NotFound."""
        self.require()
        return name in self._indexes

    def build(self, name: str) -> None:
        """Make ready to answer a view; of a large database this takes long. Raises: NotFound."""
        index = ViewIndex(known_view(self.database, name))
        index.count(None, None)  # in order from the first row on: one long sort would let nothing else run
        for doc_id, document in self._documents.items():
            index.update(doc_id, document)
        self._indexes[name] = index

    def _index(self, name: str) -> ViewIndex:
        if not self.is_indexed(name):
            self.build(name)
        return self._indexes[name]

    def _given(self, rows: list[IndexRow], *, include_docs: bool) -> list[ViewRow]:
        return [
            ViewRow(row.key, row.value, row.doc_id, self._documents[row.doc_id] if include_docs else None)
            for row in rows
        ]

    def require(self) -> None:
        """Raises: NotFound: there is no such database; StoreUnavailable: nobody knows."""
        self._require_read()
        if not self.exists:
            raise NotFound(self.database, "")

    def _require_read(self) -> None:
        if not self._was_read:
            raise StoreUnavailable(f"{self.database}: the folder could not be read yet")

    def put(self, stored: StoredDocument) -> bool:
        """Take a document as it stands on disk; False when nothing of it is new."""
        document = stored.document
        doc_id = document["_id"]
        self._stamps[doc_id] = stored.stamp
        known = self._documents.get(doc_id)
        if known is not None and known["_rev"] == document["_rev"]:
            return False
        self._documents[doc_id] = document
        for index in self._indexes.values():
            index.update(doc_id, document)
        return True

    def drop(self, doc_id: str) -> bool:
        """Forget a document; False when there was none."""
        self._stamps.pop(doc_id, None)
        if self._documents.pop(doc_id, None) is None:
            return False
        for index in self._indexes.values():
            index.update(doc_id, None)
        return True

    def apply(self, found: Scan | None) -> list[Change]:
        """Take what a scan found (None: no directory), and return the changes it means to followers."""
        was_away = not self.available or self.exists != (found is not None)
        self.available = self._was_read = True
        self.exists = found is not None
        changes = [Change(self.database, "")] if was_away else []
        if found is None:
            found = Scan(gone=list(self._documents))
        changes += [Change(self.database, doc_id) for doc_id, new in found.changed.items() if self.put(new)]
        changes += [Change(self.database, doc_id, deleted=True) for doc_id in found.gone if self.drop(doc_id)]
        self._report(found.faulty)
        return changes

    def _report(self, faulty: dict[str, DocumentFault]) -> None:
        """Log each fault once, and not before it was seen twice: a file may be caught while it is saved."""
        for name, fault in faulty.items():
            if self._faults.get(name) == fault and fault not in self._logged:
                self._logged.add(fault)
                log.error(
                    "document_unreadable",
                    path=fault.path,
                    line=fault.line,
                    reason=fault.reason,
                    in_force="the last good version, if there was one",
                )
        self._logged.intersection_update(faulty.values())
        self._faults = faulty
