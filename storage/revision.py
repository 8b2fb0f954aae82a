"""What a document is when it is saved: checked, copied, given its revision.

A revision is a counter and a digest of the content, so that a file edited by hand has a new revision
although nobody wrote one into it. The digest is not a secret and guards against nobody but accident.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from storage.document import Document
from storage.errors import BadDocument
from storage.names import check_attachment, check_doc_id

MAX_DOCUMENT_BYTES = 8_000_000
"""CouchDB 3 refuses larger ones (`max_document_size`); a callflow of 1,000 nodes has about 200 kB."""

OWN_FIELDS = frozenset({"_id", "_rev", "_attachments"})
"""Fields that are about the document, not of it; no others may begin with `_` (as in CouchDB)."""

_REVISION = re.compile(r"([1-9][0-9]{0,8})-([0-9a-f]{32})\Z")


def checked(document: Document) -> Document:
    """Return a copy of a document that is fit to be saved, which shares nothing with the original.

    Raises: BadName: `_id`; BadDocument: no `_id`, not JSON, too large, unknown `_` fields, or an attachment
    that comes with its content instead of a stub.
    """
    doc_id = document.get("_id")
    if not isinstance(doc_id, str):
        raise BadDocument("a document to be saved needs its _id, a text")
    check_doc_id(doc_id)
    unknown = [name for name in document if name.startswith("_") and name not in OWN_FIELDS]
    if unknown:
        raise BadDocument(f"document {doc_id!a}: no field may begin with _, and {unknown[0]!a} does")
    _check_stubs(doc_id, document.get("_attachments", {}))
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
        copy: Document = json.loads(text)
    except (TypeError, ValueError, RecursionError) as exc:
        raise BadDocument(f"document {doc_id!a} is not JSON: {exc}") from exc
    if len(text) > MAX_DOCUMENT_BYTES:
        raise BadDocument(f"document {doc_id!a} has {len(text)} bytes, {MAX_DOCUMENT_BYTES} are allowed")
    return copy


def _check_stubs(doc_id: str, stubs: Any) -> None:
    if not isinstance(stubs, dict):
        raise BadDocument(f"document {doc_id!a}: _attachments must be an object")
    for name, stub in stubs.items():
        check_attachment(name)
        if not isinstance(stub, dict) or "data" in stub or "follows" in stub:
            raise BadDocument(
                f"document {doc_id!a}: attachment {name!a} must be a stub; send media by itself"
            )


def content_of(document: Document) -> Document:
    """Return a document without what is only about it: two of equal content say the same."""
    return {name: value for name, value in document.items() if name not in OWN_FIELDS}


def digest_of(document: Document) -> str:
    """Return the digest of a document's content and of its attachments', 32 hex digits."""
    stubs = document.get("_attachments", {})
    media = sorted([name, stub.get("digest"), stub.get("content_type")] for name, stub in stubs.items())
    text = json.dumps([content_of(document), media], sort_keys=True, separators=(",", ":"))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def next_revision(document: Document, previous: str | None) -> str:
    """Return the revision for a document about to be saved over one of revision `previous`."""
    return f"{counter_of(previous) + 1}-{digest_of(document)}"


def revision_on_disk(document: Document) -> str:
    """Return the revision of a document just read, edited by hand or not, from the one written in it."""
    written = document.get("_rev")
    digest = digest_of(document)
    found = _REVISION.match(written) if isinstance(written, str) else None
    if found and found[2] == digest:
        return found[0]
    return f"{int(found[1]) + 1 if found else 1}-{digest}"


def counter_of(revision: str | None) -> int:
    """Return how many times a document was saved, 0 for one that is new."""
    return int(revision.split("-")[0]) if revision else 0
