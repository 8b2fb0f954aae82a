"""The DocumentStore seam: what this project asks of any store of JSON documents and their media.

Only what CouchDB 1.x also has (BigCouch): documents with revisions, views, `_all_docs`, `_changes`,
attachments. Databases are named in slash form (`account/ab/cd/<28 hex>`, `system_config`); what each
implementation makes of that is its own affair. See storage.names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

Document = dict[str, Any]
"""A JSON object with `_id` and, once saved, `_rev`.

Documents handed out by a store may be shared with every other reader (that is what makes a lookup take
microseconds): treat them as immutable. To change one, save a new object: `{**document, "name": "x"}`.
`_attachments` says what media hang on it (CouchDB's stubs: content_type, length, digest `md5-...`, revpos).
"""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """One row of a view: the emitted key, the emitted value, the document when it was asked for."""

    key: Any
    value: Any
    doc_id: str
    document: Document | None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a changes feed.

    `database` in slash form; `doc_id` "" means anything in that database may have changed.
    """

    database: str
    doc_id: str
    deleted: bool = False


class Following(Protocol):
    """A running changes feed."""

    @property
    def is_live(self) -> bool:
        """Whether changes are seen at the moment; False while the store or the database is away."""

    def stop(self) -> None:
        """End the feed; no callback comes after this returns (or after the one that calls it)."""


class DocumentStore(Protocol):
    """Documents by database and id, the views Kazoo has, attachments, and a changes feed.

    Every method raises StoreUnavailable when the store cannot be asked, BadName for a name that could
    leave its place. Methods block the calling greenlet only.
    """

    def get(self, database: str, doc_id: str) -> Document:
        """Return one document, with `_id` and `_rev`.

        Raises: NotFound (also when deleted); BadDocument: it is there and cannot be read.
        """

    def save(self, database: str, document: Document) -> Document:
        """Create or replace one document and return it with its new `_rev`.

        Attachments whose stubs the document carries stay, others go (as in CouchDB): a document that was
        read, changed and saved keeps its media. New ones come by `put_attachment` only.
        Raises: NotFound (no such database); Conflict (`_rev` missing or not the current one, or an
        attachment that is not there); BadDocument.
        """

    def delete(self, database: str, doc_id: str, rev: str) -> None:
        """Delete one document. Raises: NotFound, Conflict."""

    def view(
        self,
        database: str,
        view: str,
        *,
        key: Any = None,
        start: Any = None,
        end: Any = None,
        include_docs: bool = False,
    ) -> list[ViewRow]:
        """Return the rows of a view named `design/view`: all, those of exactly `key`, or a range of keys.

        Args: key: None for all. start, end: both ends belong to the range, None is open; all keys that
        begin with x are start=[x], end=[x, {}] (objects come last in CouchDB's order).
        Views known are those of storage.views; one missing on the server is answered by a scan.
        Rows are ordered by key (storage.collation), then document id.
        Raises: NotFound (no such database, or a view neither known nor on the server).
        """

    def page(
        self,
        database: str,
        view: str,
        *,
        start: Any = None,
        end: Any = None,
        skip: int = 0,
        limit: int,
        scan: bool = True,
    ) -> list[ViewRow]:
        """Return some rows of a range of a view with their documents, the highest keys first.

        Args: start, end: as for `view`: the lowest and the highest key; skip: how many rows go before; scan:
        False: a view that is missing on the server is told as NotFound.
        A row whose document is deleted meanwhile is left out. Raises: as `view`.
        """

    def count(
        self, database: str, view: str, *, start: Any = None, end: Any = None, scan: bool = True
    ) -> int:
        """Return how many rows there are, without reading them. Args: as for `page`. Raises: as `view`."""

    def all_documents(self, database: str) -> Iterator[Document]:
        """Yield every document but design documents, by id (in the store's own order). Raises: NotFound."""

    def databases(self, prefix: str = "") -> list[str]:
        """Return the names of all databases that begin so, in slash form, sorted."""

    def create_database(self, database: str) -> None:
        """Make sure a database exists, with the views that belong to its kind (storage.views)."""

    def put_attachment(
        self, database: str, doc_id: str, name: str, content_type: str, source: BinaryIO, size_bytes: int
    ) -> Document:
        """Attach `source` to an existing document, replacing one of that name, and return the document.

        The media is streamed, never held whole. Raises: NotFound; Conflict (after retries of its own).
        """

    def open_attachment(self, database: str, doc_id: str, name: str) -> BinaryIO:
        """Return a readable stream of one attachment; the caller closes it. Raises: NotFound."""

    def follow(self, database: str, on_change: Callable[[Change], None]) -> Following:
        """Call `on_change` for each change from now on, within 2 s of it, until stopped.

        After a gap (the store was away) one Change with doc_id "" says that anything may have changed.
        A store that is away is waited for: this does not raise StoreUnavailable.
        `on_change` runs in a greenlet of the feed; it must neither block nor raise. A database that does
        not exist yet is waited for, and announced like a gap.
        """

    def ping(self) -> None:
        """Make a real round trip. Raises: StoreUnavailable."""

    def close(self) -> None:
        """Release connections and end all feeds."""
