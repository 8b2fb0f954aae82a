"""Writes documents and their media into one database's directory. Blocking: for the thread pool only.

Whoever reads, in this process or another, sees a file as it was or as it is, never half of one: content
goes to a file of another name, is forced to disk, and takes its place by renaming. Whoever writes holds
the directory's lock (`.lock`), from the check of the revision to the renaming.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from storage.document import Document
from storage.errors import Conflict, NotFound, StoreError
from storage.folder_names import attachment_file, document_file
from storage.folder_reading import LEFTOVER, DocumentFault, StoredDocument, couch_digest, read_document
from storage.revision import counter_of, next_revision

LOCK_FILE = ".lock"

NEW_FILE_MODE = 0o660
"""Documents hold passwords and PINs, media hold voices: nothing for the rest of the world (umask applies)."""

_BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A database and the directory it is in."""

    database: str
    directory: Path


class LockHeld(StoreError):
    """Another writer has the directory at the moment; never leaves the folder store, which waits."""


def write_document(place: Place, document: Document) -> StoredDocument:
    """Save a checked document over the revision it names, and return it as it stands.

    Raises: LockHeld, Conflict, FileNotFoundError (no such database), OSError.
    """
    doc_id = document["_id"]
    with _locked(place.directory):
        current = _current(place, doc_id, document.get("_rev"))
        there = current.get("_attachments", {}) if current else {}
        kept = document.get("_attachments", {})
        if not kept.keys() <= there.keys():
            raise Conflict(place.database, doc_id)
        saved = _put_in_place(place.directory, document, {name: there[name] for name in kept}, current)
        for name in there.keys() - kept.keys():
            (place.directory / attachment_file(doc_id, name)).unlink(missing_ok=True)
    return saved


def remove_document(place: Place, doc_id: str, rev: str) -> None:
    """Delete one revision of a document, media and all.

    Raises: LockHeld, NotFound, Conflict, FileNotFoundError (no such database), OSError.
    """
    directory = place.directory
    with _locked(directory):
        current = _current(place, doc_id, rev, missing_ok=False)
        (directory / document_file(doc_id)).unlink()
        for name in (current or {}).get("_attachments", {}):
            (directory / attachment_file(doc_id, name)).unlink(missing_ok=True)
        _sync_directory(directory)


def attach(place: Place, doc_id: str, name: str, content_type: str, staged: StagedMedia) -> StoredDocument:
    """Give staged media its name beside its document, and return the document with its stub.

    Raises: LockHeld, NotFound (no such document), Conflict (its file is faulty), OSError.
    """
    directory = place.directory
    with _locked(directory):
        current = read_document(directory, doc_id)
        if current is None:
            raise NotFound(place.database, doc_id)
        if isinstance(current, DocumentFault):
            raise Conflict(place.database, doc_id)
        document = current.document
        staged.path.rename(directory / attachment_file(doc_id, name))
        stub = {
            "content_type": content_type,
            "revpos": counter_of(document["_rev"]) + 1,
            "digest": staged.digest,
            "length": staged.size_bytes,
            "stub": True,
        }
        return _put_in_place(directory, document, document.get("_attachments", {}) | {name: stub}, document)


class StagedMedia:
    """A file on its way into a directory, under a name that nobody reads; discard() when it came to nothing.

    Attributes: path; size_bytes, digest: of what was written so far. Raises of all methods: OSError.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / f"{LEFTOVER}{secrets.token_hex(8)}"
        self.size_bytes = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._file = _create(self.path)

    @property
    def digest(self) -> str:
        """CouchDB's digest of what was written."""
        return couch_digest(self._md5.digest())

    def write(self, block: bytes) -> None:
        """Append a block."""
        self._file.write(block)
        self._md5.update(block)
        self.size_bytes += len(block)

    def copy(self, source: BinaryIO) -> None:
        """Append all of a file on this host."""
        while block := source.read(_BLOCK_BYTES):
            self.write(block)

    def finish(self) -> None:
        """Force it to disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Remove it, unless it has got its name."""
        try:
            self._file.close()
        finally:
            self.path.unlink(missing_ok=True)


def make_directory(directory: Path) -> None:
    """Create a directory and those above it, durably. Raises: OSError."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for path in missing:
        _sync_directory(path.parent)


def _current(place: Place, doc_id: str, rev: Any, *, missing_ok: bool = True) -> Document | None:
    """Return the document a writer may replace, None if there is none and none was expected."""
    current = read_document(place.directory, doc_id)
    if current is None:
        if not missing_ok:
            raise NotFound(place.database, doc_id)
        if rev is not None:
            raise Conflict(place.database, doc_id)
        return None
    # a file that somebody is editing by hand, and that is no JSON at the moment, is not ours to overwrite
    if isinstance(current, DocumentFault) or current.document["_rev"] != rev:
        raise Conflict(place.database, doc_id)
    return current.document


def _put_in_place(
    directory: Path, document: Document, stubs: dict[str, Any], previous: Document | None
) -> StoredDocument:
    """Write a document's file. Its name says the id; the revision is kept so that its counter goes on."""
    path = directory / document_file(document["_id"])
    saved = {name: value for name, value in document.items() if name not in ("_rev", "_attachments")}
    if stubs:
        saved["_attachments"] = stubs
    saved["_rev"] = next_revision(saved, previous["_rev"] if previous else None)
    written = {name: value for name, value in saved.items() if name != "_id"}
    temporary = directory / f"{LEFTOVER}{secrets.token_hex(8)}"
    try:
        with _create(temporary) as file:
            _keep_mode(path, file)
            file.write(f"{json.dumps(written, indent=2, ensure_ascii=False)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(directory)
    return StoredDocument(saved, None)


def _create(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, NEW_FILE_MODE), "wb")


def _keep_mode(path: Path, replacement: BinaryIO) -> None:
    """Give a file the permissions of the one it will replace, if there is one."""
    with suppress(OSError):
        os.fchmod(replacement.fileno(), stat.S_IMODE(path.stat().st_mode))


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network file systems cannot; the file itself is on disk
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the directory against other writers, of this process and others, or say at once that one does."""
    descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, NEW_FILE_MODE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise LockHeld from exc
        yield
    finally:
        os.close(descriptor)
