"""Reads documents and their media from one database's directory. Blocking: for the thread pool only.

A file that is no document (not JSON, not an object, badly named) is a fault with its path and line, never
an exception: one bad file must not hide the others. What identifies a state of a document on disk is the
stamp of its file and of its attachments; a stamp younger than SETTLING_S may hide a further write in
the same tick of the file system's clock, and so is not trusted.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from storage.document import Document
from storage.errors import BadDocument, BadName
from storage.folder_names import (
    DOCUMENT_SUFFIX,
    SEPARATOR,
    attachment_file,
    attachment_in,
    document_file,
    document_in,
)
from storage.names import check_attachment
from storage.revision import MAX_DOCUMENT_BYTES, revision_on_disk

SETTLING_S = 0.1
"""File times move in ticks (4 ms on common kernels, more on network shares)."""

SKEW_S = 60.0
"""Files dated further ahead than this are taken as they are, rather than read for ever."""

LEFTOVER = ".tmp-"
"""How files begin that are being written; one older than LEFTOVER_S belongs to a process that died."""

LEFTOVER_S = 24 * 3600.0

_BLOCK_BYTES = 256 * 1024

FileStamp = tuple[int, int, int, int]
Stamp = tuple[FileStamp, tuple[tuple[str, FileStamp], ...]]
"""Of the document's file, and of its attachments by name."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it stands on disk, with `_id`, `_rev` and, where there are any, `_attachments`."""

    document: Document
    stamp: Stamp | None  # None: not settled, read again


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """A file that is no document, and why. `line` is 0 where no line is to blame."""

    path: str
    line: int
    reason: str

    def error(self) -> BadDocument:
        """The same as an error, for whoever asked for that document."""
        where = f"{self.path}:{self.line}" if self.line else self.path
        return BadDocument(f"{where}: {self.reason}")


@dataclass(slots=True)
class Scan:
    """What differs on disk from what was known."""

    changed: dict[str, StoredDocument] = field(default_factory=dict)
    faulty: dict[str, DocumentFault] = field(default_factory=dict)  # by file name
    gone: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Listing:
    documents: dict[str, FileStamp] = field(default_factory=dict)  # by document id
    attachments: dict[str, list[tuple[str, FileStamp]]] = field(default_factory=dict)
    faulty: dict[str, DocumentFault] = field(default_factory=dict)

    def stamp_of(self, doc_id: str) -> Stamp:
        return self.documents[doc_id], tuple(sorted(self.attachments.get(doc_id, ())))


def read_document(directory: Path, doc_id: str) -> StoredDocument | DocumentFault | None:
    """Read one document; None when there is none. The stamp is left to scans. Raises: OSError."""
    path = directory / document_file(doc_id)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
    except FileNotFoundError:
        return None
    try:
        document = _parse(data)
        stubs = _stubs(directory, doc_id, document.pop("_attachments", {}))
    except json.JSONDecodeError as exc:
        return DocumentFault(str(path), exc.lineno, f"{exc.msg} (column {exc.colno})")
    except (BadDocument, BadName, ValueError, RecursionError) as exc:  # not UTF-8, absurd numbers or depth
        return DocumentFault(str(path), 0, str(exc))
    document["_id"] = doc_id
    if stubs:
        document["_attachments"] = stubs
    document["_rev"] = revision_on_disk(document)
    return StoredDocument(document, None)


def scan(directory: Path, known: Mapping[str, Stamp | None]) -> Scan | None:
    """Read what changed in a directory; None when it does not exist.

    Args: known: the documents known by now, with their stamps. A faulty file never has the known stamp,
    and so is read again each time; they are few, and somebody is at work on them.
    Raises: OSError.
    """
    try:
        listing = list_directory(directory)
    except FileNotFoundError:
        return None
    found = Scan(faulty=listing.faulty, gone=[doc_id for doc_id in known if doc_id not in listing.documents])
    now_ns = time.time_ns()
    for doc_id in listing.documents:
        stamp = listing.stamp_of(doc_id)
        if known.get(doc_id) == stamp:
            continue
        read = read_document(directory, doc_id)
        if isinstance(read, DocumentFault):
            found.faulty[document_file(doc_id)] = read
        elif read is not None:
            found.changed[doc_id] = StoredDocument(
                read.document, stamp if _is_settled(stamp, now_ns) else None
            )
    return found


def _is_settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether a further write would show; a time that is far ahead (another host's clock) never settles."""
    age_s = (now_ns - newest_ns(stamp)) / 1e9
    return age_s > SETTLING_S or age_s < -SKEW_S


def newest_ns(stamp: Stamp) -> int:
    """When a state came to be, as the file system tells it: by content or by renaming."""
    files = [stamp[0], *(file for _, file in stamp[1])]
    return max(max(mtime_ns, ctime_ns) for mtime_ns, ctime_ns, _, _ in files)


def document_ids(directory: Path) -> list[str]:
    """Return the ids of all documents, sorted. Raises: OSError."""
    return sorted(list_directory(directory).documents)


def list_directory(directory: Path) -> _Listing:
    """Tell documents, attachments and misnamed files apart, without opening any. Raises: OSError."""
    listing = _Listing()
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                _remove_leftover(entry)
                continue
            try:
                _list_file(listing, entry)
            except BadName as exc:
                listing.faulty[entry.name] = DocumentFault(entry.path, 0, str(exc))
            except FileNotFoundError:  # deleted while we looked
                continue
    return listing


def _list_file(listing: _Listing, entry: os.DirEntry[str]) -> None:
    if SEPARATOR in entry.name:
        doc_id, name = attachment_in(entry.name)
        listing.attachments.setdefault(doc_id, []).append((name, _file_stamp(entry.stat())))
    elif entry.name.endswith(DOCUMENT_SUFFIX):
        doc_id = document_in(entry.name)
        listing.documents[doc_id] = _file_stamp(entry.stat())


def _file_stamp(status: os.stat_result) -> FileStamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _remove_leftover(entry: os.DirEntry[str]) -> None:
    try:
        if entry.name.startswith(LEFTOVER) and time.time() - entry.stat().st_mtime > LEFTOVER_S:
            Path(entry.path).unlink()
    except OSError:  # somebody else's to remove, or a folder we may only read
        return


def _parse(data: bytes) -> Document:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise BadDocument(f"more than {MAX_DOCUMENT_BYTES} bytes")
    document = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    if not isinstance(document, dict):
        raise BadDocument("a document is a JSON object, in braces")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise BadDocument(f"{name} is not JSON")


def _stubs(directory: Path, doc_id: str, written: Any) -> dict[str, Any]:
    """Complete the stubs written in a document (by us or by hand) from the files beside it."""
    if not isinstance(written, dict):
        raise BadDocument("_attachments must be an object")
    stubs = {}
    for name, stub in written.items():
        completed = _stub(directory / attachment_file(doc_id, check_attachment(name)), stub)
        if completed:
            stubs[name] = completed
    return stubs


def _stub(path: Path, written: Any) -> dict[str, Any] | None:
    given = written if isinstance(written, dict) else {}
    content_type = given.get("content_type")
    try:
        length = path.stat().st_size
        digest = given.get("digest")
        if given.get("length") != length or not isinstance(digest, str):
            digest = digest_of_file(path)
    except FileNotFoundError:
        return None
    return {
        "content_type": content_type if isinstance(content_type, str) else _guessed_type(path.name),
        "revpos": given.get("revpos", 1),
        "digest": digest,
        "length": length,
        "stub": True,
    }


def _guessed_type(file_name: str) -> str:
    guessed = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    return guessed.replace("audio/x-wav", "audio/wav")  # Kazoo's and everyone's name for it


def digest_of_file(path: Path) -> str:
    """Return CouchDB's digest of a file's content. Raises: OSError."""
    md5 = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            md5.update(block)
    return couch_digest(md5.digest())


def couch_digest(md5: bytes) -> str:
    """Return a digest as CouchDB writes it, `md5-<base64>`."""
    return f"md5-{base64.b64encode(md5).decode()}"
