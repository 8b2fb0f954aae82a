"""Recordings behind links that this host knows nothing of: by their documents in the store.

What the outbox has forgotten, and what other hosts have recorded, is found where its document says: attached
to it. What was deleted has left a tombstone there (storage.tombstone).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from storage import names, tombstone
from storage.document import Document, DocumentStore
from storage.errors import BadDocument, BadName, NotFound
from storage.media_source import Source
from storage.view import members, text
from storage.views_recordings import recording_id_of

AUDIO = ("audio/", "video/mp4")
"""Content types of attachments that are the recording."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording as its document has it.

    Attributes: name: of its file; tag: changes with the content; source: reads it, None when it is kept
    elsewhere, or not yet there.
    """

    account_id: str
    is_deleted: bool = False
    name: str = ""
    tag: str = ""
    source: Source | None = None


class Archive:
    """The recordings in a document store."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    def look(self, recording_id: str, place: str) -> Kept | None:
        """Return what a document says of a recording, None when there is none, or one of another recording.

        Args: place: `<database>/<document id>`. Raises: StoreUnavailable.
        """
        database, _, doc_id = place.rpartition("/")
        try:
            document = self._store.get(database, doc_id)
        except (NotFound, BadName, BadDocument):
            return None
        if recording_id_of(document) != recording_id:
            return None
        account_id = names.account_of(database) or ""
        if tombstone.is_tombstone(document):
            return Kept(account_id, is_deleted=True)
        name, stub = attachment_of(document)
        if not name:
            return Kept(account_id)
        ours = members(document.get("callflows"))
        sha256 = text(ours.get("sha256")) if ours.get("size_bytes") == stub.get("length") else ""
        opened = partial(self._store.open_attachment, database, doc_id, name)
        tag = sha256 or text(stub.get("digest")).replace('"', "") or text(document.get("_rev"))
        return Kept(account_id, name=name, tag=tag, source=Source(place, opened, sha256))


def attachment_of(document: Document) -> tuple[str, dict[str, Any]]:
    """Return the attachment that is the recording, and its stub; "" and {} when none is."""
    attachments = members(document.get("_attachments"))
    for name in sorted(attachments):
        stub = members(attachments[name])
        if text(stub.get("content_type")).startswith(AUDIO):
            return name, stub
    return "", {}
