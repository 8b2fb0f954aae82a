"""Copies documents and their media between a store and a directory of JSON files, and back.

The directory is laid out as a folder store is (storage.folder_names): what was exported can be edited,
kept under version control, imported elsewhere, or served as it is. Repeating a transfer changes nothing
more; what the target has beyond the source stays. Media are streamed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.document import Document, DocumentStore
from storage.errors import BadDocument, BadName, Conflict, NotFound
from storage.folder import FolderStore
from storage.folder_reading import DocumentFault
from storage.media_blocks import blocks_of
from storage.revision import content_of

ATTEMPTS = 3
"""At a document that somebody saves meanwhile."""

MAX_FAULTS = 1_000
"""Faults kept to be shown; beyond that the number says enough."""


@dataclass(slots=True)
class TransferReport:
    """What a transfer did, so far or in all.

    Attributes: created, updated, unchanged: documents; media: attachments copied; fault_count: documents
    and files left out; faults: the first of them, each with its path and, in a file, its line.
    """

    databases: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    media: int = 0
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)

    def add_fault(self, fault: str) -> None:
        """Note what was left out."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)


Progress = Callable[[TransferReport], None]


def export(
    store: DocumentStore,
    directory: Path,
    databases: Sequence[str] | None = None,
    *,
    progress: Progress | None = None,
) -> TransferReport:
    """Copy databases (all if none are named, slash form) from a store into a directory.

    Args: progress: called after each document, with the report as it stands.
    Raises: NotFound (a named database), StoreUnavailable. Whatever is copied by then stays, and is skipped
    when the export is repeated.
    """
    with closing(FolderStore(directory)) as target:
        return _transfer(store, target, databases, progress)


def import_(
    store: DocumentStore,
    directory: Path,
    databases: Sequence[str] | None = None,
    *,
    progress: Progress | None = None,
) -> TransferReport:
    """Copy databases (all if none are named) from a directory into a store. As `export` in all else."""
    with closing(FolderStore(directory)) as source:
        return _transfer(source, store, databases, progress)


def _transfer(
    source: DocumentStore, target: DocumentStore, databases: Sequence[str] | None, progress: Progress | None
) -> TransferReport:
    report = TransferReport()
    for database in databases if databases is not None else source.databases():
        documents = _documents(source, database, report)
        first = next(documents, None)  # asks: a database that is not there must not be made over there
        target.create_database(database)
        report.databases += 1
        if first is not None:
            for document in _chained(first, documents):
                _copy_or_note(_Pair(source, target, database, report), document)
                if progress is not None:
                    progress(report)
    return report


def _chained(first: Document, rest: Iterator[Document]) -> Iterator[Document]:
    yield first
    yield from rest


def _documents(source: DocumentStore, database: str, report: TransferReport) -> Iterator[Document]:
    if not isinstance(source, FolderStore):
        yield from source.all_documents(database)
        return
    for read in source.read_all(database):
        if isinstance(read, DocumentFault):
            report.add_fault(f"{read.path}:{read.line}: {read.reason}")
        else:
            yield read


@dataclass(frozen=True, slots=True)
class _Pair:
    source: DocumentStore
    target: DocumentStore
    database: str
    report: TransferReport


def _copy_or_note(pair: _Pair, document: Document) -> None:
    """Copy one document; what is wrong with it, and only with it, becomes a line of the report."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _copy(pair, document)
            return
        except (BadDocument, BadName, NotFound) as exc:
            pair.report.add_fault(f"{pair.database}/{document['_id']}: {exc}")
            return
        except Conflict as exc:
            if attempt == ATTEMPTS:
                pair.report.add_fault(f"{pair.database}/{document['_id']}: {exc}")


def _copy(pair: _Pair, document: Document) -> None:
    doc_id, stubs = document["_id"], document.get("_attachments", {})
    try:
        there = pair.target.get(pair.database, doc_id)
    except NotFound:
        there = {}
    stubs_there = there.get("_attachments", {})
    kept = {name: stub for name, stub in stubs_there.items() if name in stubs}
    is_saved = not there or content_of(there) != content_of(document) or kept.keys() != stubs_there.keys()
    if is_saved:
        saved = {**content_of(document), "_id": doc_id}
        saved.update({"_attachments": kept} if kept else {})
        saved.update({"_rev": there["_rev"]} if there else {})
        pair.target.save(pair.database, saved)
    copied = [name for name, stub in stubs.items() if _copy_media(pair, doc_id, name, stub, kept.get(name))]
    if not there:
        pair.report.created += 1
    elif is_saved or copied:
        pair.report.updated += 1
    else:
        pair.report.unchanged += 1


def _copy_media(
    pair: _Pair, doc_id: str, name: str, stub: dict[str, Any], there: dict[str, Any] | None
) -> bool:
    """Copy an attachment, unless it is there; say whether it was copied."""
    if there is not None and _is_same(pair, doc_id, name, stub, there):
        return False
    with closing(pair.source.open_attachment(pair.database, doc_id, name)) as media:
        content_type = str(stub["content_type"])
        pair.target.put_attachment(pair.database, doc_id, name, content_type, media, stub["length"])
    pair.report.media += 1
    return True


def _is_same(pair: _Pair, doc_id: str, name: str, stub: dict[str, Any], there: dict[str, Any]) -> bool:
    if (stub["length"], stub["content_type"]) != (there["length"], there["content_type"]):
        return False
    if stub["digest"] == there["digest"]:
        return True
    # a CouchDB keeps texts compressed, and their digest is of that: then only the content itself tells
    return _md5(pair.source, pair.database, doc_id, name) == _md5(pair.target, pair.database, doc_id, name)


def _md5(store: DocumentStore, database: str, doc_id: str, name: str) -> bytes:
    md5 = hashlib.md5(usedforsecurity=False)
    with closing(store.open_attachment(database, doc_id, name)) as media:
        for block in blocks_of(media):
            md5.update(block)
    return md5.digest()
