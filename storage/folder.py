"""Documents as JSON files in a folder, the embedded default: edit one, and it is in force within 2 s.

Where things stand is said in storage.folder_names. A file needs neither `_id` (its name says it) nor `_rev`
(its content does). Everything that touches the disk runs in the thread pool, so that a slow disk stalls a
lookup and not the calls. A database that is followed, or was asked for a view, is held in memory and
looked over twice a second; reads of it never touch the disk. Other databases (a month's recordings,
usually) are read as they are asked for. Several processes may use one folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeVar

import gevent
import structlog

from storage.disk_work import on_disk
from storage.document import Change, Document, ViewRow
from storage.errors import BadDocument, BadName, NotFound, StoreUnavailable
from storage.folder_database import FolderDatabase
from storage.folder_names import GROUPS, attachment_file, database_in, directory_of
from storage.folder_reading import DocumentFault, Scan, StoredDocument, list_directory, read_document, scan
from storage.folder_watch import FolderFollowing, FolderWatch
from storage.folder_writing import (
    LockHeld,
    Place,
    StagedMedia,
    attach,
    make_directory,
    remove_document,
    write_document,
)
from storage.media_blocks import blocks_of, is_file
from storage.names import check_attachment, check_doc_id
from storage.revision import checked

log = structlog.get_logger(__name__)

T = TypeVar("T")

LOCK_PATIENCE_S = 10.0
"""A writer holds a directory for some milliseconds; after this long it is stopped, or its disk dead."""

LOCK_RETRY_S = 0.01

IDLE_S = 60.0
"""How long a database that nobody follows stays in memory after a view of it."""

BATCH = 50
"""Documents read in one hop into the thread pool when all are asked for."""


class FolderStore:
    """A DocumentStore over a folder.

    Args: root: the folder; it need not exist yet, it is made with the first database.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._databases: dict[str, FolderDatabase] = {}
        self._watch = FolderWatch(self._look_over)

    def get(self, database: str, doc_id: str) -> Document:
        """See DocumentStore.get; of a file that broke while it was followed the last good version stays."""
        memory = self._database(database)
        check_doc_id(doc_id)
        if memory.is_loaded:
            return memory.get(doc_id)
        directory = self._directory(database)
        read = self._on_disk(database, lambda: read_document(directory, doc_id))
        if isinstance(read, DocumentFault):
            raise read.error()
        if read is None:
            self._on_disk(database, self._require_root)
            raise NotFound(database, doc_id)
        return read.document

    def save(self, database: str, document: Document) -> Document:
        """See DocumentStore.save."""
        memory, place = self._database(database), self._place(database)
        copy = checked(document)
        with memory.lock:
            stored = self._write(database, lambda: write_document(place, copy))
            if memory.is_loaded and memory.put(stored):
                self._watch.announce([Change(database, copy["_id"])])
        return stored.document

    def delete(self, database: str, doc_id: str, rev: str) -> None:
        """See DocumentStore.delete."""
        memory, place = self._database(database), self._place(database)
        check_doc_id(doc_id)
        with memory.lock:
            self._write(database, lambda: remove_document(place, doc_id, rev))
            if memory.is_loaded and memory.drop(doc_id):
                self._watch.announce([Change(database, doc_id, deleted=True)])

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
        """See DocumentStore.view."""
        return self._indexed(database, view).view(view, key, start, end, include_docs=include_docs)

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
        """See DocumentStore.page. Every view that is known is there."""
        del scan
        return self._indexed(database, view).page(view, start, end, skip=skip, limit=limit)

    def count(
        self, database: str, view: str, *, start: Any = None, end: Any = None, scan: bool = True
    ) -> int:
        """See DocumentStore.count."""
        del scan
        return self._indexed(database, view).count(view, start, end)

    def all_documents(self, database: str) -> Iterator[Document]:
        """See DocumentStore.all_documents."""
        return (read for read in self.read_all(database) if not isinstance(read, DocumentFault))

    def read_all(self, database: str) -> Iterator[Document | DocumentFault]:
        """Yield every document by id, and every file that is none, straight from disk. Raises: NotFound."""
        directory = self._directory(database)
        listing = self._on_disk(database, lambda: list_directory(directory))
        yield from listing.faulty.values()
        doc_ids = sorted(listing.documents)
        for first in range(0, len(doc_ids), BATCH):
            batch = doc_ids[first : first + BATCH]
            for read in self._on_disk(database, partial(_read_batch, directory, batch)):
                if read is not None:
                    yield read if isinstance(read, DocumentFault) else read.document

    def databases(self, prefix: str = "") -> list[str]:
        """See DocumentStore.databases. A directory of any other name is passed over, and logged."""
        names = []
        for directory in self._on_disk("", self._directories):
            try:
                names.append(database_in(directory))
            except BadName as exc:
                log.warning("directory_is_no_database", directory=str(directory), reason=str(exc))
        return sorted(name for name in names if name.startswith(prefix))

    def create_database(self, database: str) -> None:
        """See DocumentStore.create_database. Views need no files here."""
        memory, directory = self._database(database), self._directory(database)
        with memory.lock:
            self._on_disk(database, lambda: make_directory(directory))
            if memory.is_loaded:
                self._watch.announce(self._refresh(memory))

    def put_attachment(
        self, database: str, doc_id: str, name: str, content_type: str, source: BinaryIO, size_bytes: int
    ) -> Document:
        """See DocumentStore.put_attachment. The file gets its name only when it is whole and on disk."""
        check_attachment(name)
        self.get(database, doc_id)
        memory, place = self._database(database), self._place(database)
        staged = self._on_disk(database, lambda: StagedMedia(place.directory))
        try:
            self._stage(database, staged, source)
            if staged.size_bytes != size_bytes:
                raise BadDocument(f"{name!a} was to have {size_bytes} bytes, and has {staged.size_bytes}")
            with memory.lock:
                stored = self._write(database, lambda: attach(place, doc_id, name, content_type, staged))
                if memory.is_loaded and memory.put(stored):
                    self._watch.announce([Change(database, doc_id)])
        finally:
            self._on_disk(database, staged.discard)
        return stored.document

    def open_attachment(self, database: str, doc_id: str, name: str) -> BinaryIO:
        """See DocumentStore.open_attachment. The stream is a file of this host."""
        path = self._directory(database) / attachment_file(doc_id, name)
        if name not in self.get(database, doc_id).get("_attachments", {}):
            raise NotFound(database, f"{doc_id}/{name}")
        return self._on_disk(database, lambda: path.open("rb"))

    def follow(self, database: str, on_change: Callable[[Change], None]) -> FolderFollowing:
        """See DocumentStore.follow. A folder that is away is waited for, too."""
        memory = self._database(database)
        with memory.lock:
            if not memory.is_loaded:
                self._refresh(memory)
                self._hold(memory)
        return self._watch.follow(memory, on_change)

    def ping(self) -> None:
        """See DocumentStore.ping."""
        self._on_disk("", self._directories)

    def close(self) -> None:
        """See DocumentStore.close."""
        self._watch.close()
        for memory in self._databases.values():
            memory.unload()

    def _database(self, database: str) -> FolderDatabase:
        if database not in self._databases:
            directory_of(database)
            self._databases[database] = FolderDatabase(database)
        return self._databases[database]

    def _require_root(self) -> None:
        """Tell a folder that is away from one that lacks a document. Raises: OSError."""
        self._root.stat()

    def _directory(self, database: str) -> Path:
        return self._root / directory_of(database)

    def _place(self, database: str) -> Place:
        return Place(database, self._directory(database))

    def _loaded(self, database: str) -> FolderDatabase:
        """Return a database held in memory from now on. Raises: StoreUnavailable."""
        memory = self._database(database)
        with memory.lock:
            memory.used_at = time.monotonic()
            if not memory.is_loaded:
                memory.apply(self._scan(memory))
                self._hold(memory)
        return memory

    def _indexed(self, database: str, view: str) -> FolderDatabase:
        """Return a database held in memory that can answer a view, which is made ready off the hub."""
        memory = self._loaded(database)
        with memory.lock:
            if not memory.is_indexed(view):
                self._on_disk(database, partial(memory.build, view))
        return memory

    def _hold(self, memory: FolderDatabase) -> None:
        memory.is_loaded = True
        self._watch.start()

    def _look_over(self) -> list[Change]:
        """Bring all that is in memory up to date; give back what nobody uses."""
        changes: list[Change] = []
        for memory in [one for one in self._databases.values() if one.is_loaded]:
            with memory.lock:
                if self._watch.is_followed(memory.database) or time.monotonic() - memory.used_at < IDLE_S:
                    changes += self._refresh(memory)
                else:
                    memory.unload()
        return changes

    def _refresh(self, memory: FolderDatabase) -> list[Change]:
        try:
            return memory.apply(self._scan(memory))
        except StoreUnavailable as exc:
            reason = str(exc)
        if memory.available:
            memory.available = False
            log.error("folder_unavailable", database=memory.database, reason=reason, in_force="last good")
        return []

    def _scan(self, memory: FolderDatabase) -> Scan | None:
        directory, known = self._directory(memory.database), memory.stamps

        def run() -> Scan | None:
            found = scan(directory, known)
            if found is None:
                is_empty = not os.listdir(self._root)  # noqa: PTH208 - FileNotFoundError if the folder is away
                if is_empty and known:
                    raise OSError("the folder is empty: is its file system mounted?")
            return found

        return self._on_disk(memory.database, run)

    def _directories(self) -> list[PurePosixPath]:
        """List the directories that may be databases. Blocking."""
        found = []
        for path in self._root.iterdir():
            inside = sorted(path.iterdir()) if path.name in GROUPS and path.is_dir() else [path]
            found += [PurePosixPath(one.relative_to(self._root)) for one in inside if one.is_dir()]
        return [directory for directory in found if not directory.name.startswith(".")]

    def _stage(self, database: str, staged: StagedMedia, source: BinaryIO) -> None:
        """Copy a source into a staged file: in one go if it is a file, else block by block as it comes."""
        if is_file(source):
            self._on_disk(database, lambda: staged.copy(source))
        else:
            for block in blocks_of(source):
                self._on_disk(database, partial(staged.write, block))
        self._on_disk(database, staged.finish)

    def _write(self, database: str, work: Callable[[], T]) -> T:
        """Do what needs the directory's lock. Raises: StoreUnavailable: somebody else keeps it."""
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                return self._on_disk(database, work)
            except LockHeld as exc:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        f"{database}: locked by another writer for {LOCK_PATIENCE_S} s"
                    ) from exc
            gevent.sleep(LOCK_RETRY_S)

    def _on_disk(self, database: str, work: Callable[[], T]) -> T:
        """Run blocking work in the thread pool, its errors as ours."""
        try:
            return on_disk(work)
        except FileNotFoundError as exc:
            if database and self._root.is_dir():
                raise NotFound(database, "") from exc
            raise StoreUnavailable(f"folder {self._root} is not there") from exc
        except OSError as exc:
            raise StoreUnavailable(f"{database or self._root}: {exc.strerror or exc}") from exc


def _read_batch(directory: Path, doc_ids: list[str]) -> list[StoredDocument | DocumentFault | None]:
    return [read_document(directory, doc_id) for doc_id in doc_ids]
