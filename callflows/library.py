"""The documents of callflows as calls ask for them: what is not there is an answer, not an error.

What a document names may be anything: an id no store could have is a document that is not there.
Documents are shared by all calls (storage.cache hands out its own copy), so they are only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.document import Document, DocumentStore, ViewRow
from storage.errors import BadDocument, BadName, NotFound


class Library:
    """Reads a DocumentStore; to be given one that keeps answers in memory (storage.cache.CachedStore)."""

    def __init__(self, documents: DocumentStore) -> None:
        self.documents = documents

    def find(self, database: str, doc_id: str) -> Document | None:
        """Return a document, None when it is not there, unreadable or deleted the soft way.

        Raises: StoreUnavailable.
        """
        try:
            document = self.documents.get(database, doc_id)
        except (NotFound, BadName, BadDocument):
            return None
        return None if is_deleted(document) else document

    def rows(self, database: str, view: str, *, key: Any = None, include_docs: bool = False) -> list[ViewRow]:
        """Return a view's rows as DocumentStore.view does; none when the database is not there.

        Raises: StoreUnavailable.
        """
        try:
            return self.documents.view(database, view, key=key, include_docs=include_docs)
        except (NotFound, BadName):
            return []


def is_deleted(document: Mapping[str, Any]) -> bool:
    """Whether Kazoo regards a document as deleted though it is there."""
    return document.get("pvt_deleted") in (True, "true")
