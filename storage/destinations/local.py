"""Keeps a recording in the document store: its metadata document first, then the media attached to it.

| parameter | |
|---|---|
| database | the account's database of the month the recording began in, slash form; made when absent |
| doc_id | `YYYYMM-<recording id>`; default: the metadata's `_id` |
| attachment | name of the attachment; default: the media's name, made safe |

A document that is there already, from an earlier attempt or from somebody else, is kept as it is; media
that is there already, whole, is not sent again.
Source: reference sections 3.4 and 3.5; Kazoo media_recording (store_recording_meta before the file).
"""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from storage.destination import DestinationContext, Media, Receipt
from storage.document import Document
from storage.errors import BadDocument, BadName, Conflict, DeliveryFailed, NotFound, StoreUnavailable
from storage.file_name import safe_file_name
from storage.media import MediaStream

PARAMETERS = frozenset(("database", "doc_id", "attachment"))


class LocalDestination:
    """The document store of this system, folder or CouchDB."""

    def __init__(self, context: DestinationContext) -> None:
        self._documents = context.documents

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; whether the names are good is the store's to say."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        if not parameters.get("database"):
            faults.append("database: must be named")
        faults += [
            f"{name}: must be text"
            for name in sorted(PARAMETERS & parameters.keys())
            if not isinstance(parameters[name], str)
        ]
        return faults

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Save and attach; verified by the length and digest that the store reports.

        Raises: DeliveryFailed, MediaDamaged, StoreUnavailable.
        """
        database = parameters["database"]
        doc_id = parameters.get("doc_id") or str(metadata["_id"])
        name = safe_file_name(parameters.get("attachment") or media.name)
        try:
            document = self._ensure_document(database, {**metadata, "_id": doc_id})
            attached = self._attach(database, document, name, media)
        except (BadName, BadDocument) as exc:
            raise DeliveryFailed(str(exc), retryable=False) from exc
        except (StoreUnavailable, Conflict, NotFound) as exc:
            raise DeliveryFailed(str(exc), retryable=True) from exc
        return Receipt(f"{database}/{doc_id}/{name}", attached)

    def _ensure_document(self, database: str, document: Document) -> Document:
        """Return the metadata document as it is in the store, saved if it was not there."""
        try:
            return self._saved(database, document)
        except NotFound:
            self._documents.create_database(database)
        return self._saved(database, document)

    def _saved(self, database: str, document: Document) -> Document:
        try:
            return self._documents.save(database, document)
        except Conflict:
            return self._documents.get(database, document["_id"])

    def _attach(self, database: str, document: Document, name: str, media: Media) -> str:
        if _is_whole(_stub(document, name), media):
            return "was there already"
        with MediaStream(media, with_md5=True) as stream:
            saved = self._documents.put_attachment(
                database,
                document["_id"],
                name,
                media.content_type,
                cast("BinaryIO", stream),
                media.size_bytes,
            )
            stub = _stub(saved, name)
            if stub.get("length") != media.size_bytes:
                fault = f"with {stub.get('length', 'no')} bytes instead of {media.size_bytes}"
                raise DeliveryFailed(f"the store has {name} {fault}", retryable=True)
            if _tells_md5(stub) and stub["digest"] != f"md5-{stream.md5_base64}":
                raise DeliveryFailed(f"the store has {name} with another digest", retryable=True)
        return f"rev {saved.get('_rev', '')}"


def _is_whole(stub: dict[str, Any], media: Media) -> bool:
    """Whether an attachment that is there is this media; the file is read only when it may be."""
    if stub.get("length") != media.size_bytes or not _tells_md5(stub):
        return False
    with MediaStream(media, with_md5=True) as stream:
        for _ in stream:
            pass
        return bool(stub["digest"] == f"md5-{stream.md5_base64}")


def _tells_md5(stub: dict[str, Any]) -> bool:
    """Whether a stub's digest is of the attachment itself; a compressed one's is of what is compressed."""
    return str(stub.get("digest", "")).startswith("md5-") and "encoding" not in stub


def _stub(document: Document, name: str) -> dict[str, Any]:
    attachments = document.get("_attachments")
    stub = attachments.get(name) if isinstance(attachments, dict) else None
    return stub if isinstance(stub, dict) else {}


DESTINATION = LocalDestination
