"""Delivers a recording into a document store, this system's or another's: the document first, then the media.

| parameter | |
|---|---|
| database | the account's database of the recording's month, slash form; made, with its views, when absent |
| doc_id | id of the document; default: the metadata's `_id` |
| otherwise | database and doc_id to use instead when the document of that id is not this recording's |
| attachment | name of the attachment; default: the media's name, made safe |
| media | kind and parameters of the destination that has the media instead (a storage plan's handler) |
| handler | Kazoo's name of that handler, for the document |
| keeps_copy | true: the media are attached as well |

A document is never overwritten. One that is there already, from an earlier attempt or edited since, is kept
as it is; media that is there already, whole, is not sent again. What was deleted (storage.tombstone) stays
deleted, whoever still has it. Where the media go elsewhere they go there before the document says so
(`pvt_attachments`): it claims nothing that is not there.
Source: reference sections 3.4, 3.5 and 3.7; Kazoo media_recording (store_recording_meta before the file),
kzs_attachments (external_attachment).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from storage import kazoo_handler, names, stored_copy, tombstone
from storage.destination import Deletable, Media, Readable, Receipt, Verifiable
from storage.destination_registry import Destinations
from storage.document import Document, DocumentStore
from storage.errors import BadDocument, BadName, Conflict, DeliveryFailed, NotFound, StoreUnavailable
from storage.file_name import safe_file_name
from storage.media import MediaStream

PARAMETERS = frozenset(("database", "doc_id", "otherwise", "attachment", "media", "handler", "keeps_copy"))
TEXTS = frozenset(("database", "doc_id", "attachment", "handler"))

ATTEMPTS = 3
"""At a document that others save at the same moment; beyond that the outbox tries again."""


@dataclass(frozen=True, slots=True)
class _Place:
    database: str
    doc_id: str


def faults_of(parameters: dict[str, Any], destinations: Destinations) -> list[str]:
    """Return every fault of a target's parameters but for those the caller knows itself."""
    faults = [] if parameters.get("database") else ["database: must be named"]
    named = sorted(TEXTS & parameters.keys())
    faults += [f"{name}: must be text" for name in named if not isinstance(parameters[name], str)]
    otherwise = parameters.get("otherwise")
    if otherwise is not None and not _is_place(otherwise):
        faults.append("otherwise: must name a database and a doc_id")
    media = parameters.get("media")
    if media is None:
        return faults
    if not isinstance(media, dict) or not isinstance(media.get("parameters"), dict):
        return [*faults, "media: must have a kind and parameters"]
    destination = destinations.find(str(media.get("kind")))
    if destination is None:
        return [*faults, f"media: no destination of kind {media.get('kind')!r} is installed"]
    return [*faults, *destination.validate(media["parameters"])]


def _is_place(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) for name in ("database", "doc_id")
    )


class DocumentDelivery:
    """One delivery into one store. Args: destinations: where media can go instead."""

    def __init__(self, documents: DocumentStore, destinations: Destinations) -> None:
        self._documents = documents
        self._destinations = destinations

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Save, send, verify by the length and digest that the store reports.

        Raises: DeliveryFailed, AddressRefused, MediaDamaged, StoreUnavailable.
        """
        name = safe_file_name(parameters.get("attachment") or media.name)
        try:
            place, document = self._document(metadata, parameters)
            if tombstone.is_tombstone(document):
                return Receipt(f"{place.database}/{place.doc_id}", "it was deleted meanwhile")
            if parameters.get("media") is None:
                location, detail = f"{place.database}/{place.doc_id}/{name}", ""
            else:
                receipt, document = self._elsewhere(place, document, media, metadata, parameters)
                location = receipt.location
                detail = f"{receipt.detail}; document {place.database}/{place.doc_id}"
            if parameters.get("media") is None or parameters.get("keeps_copy") is True:
                attached = self._attach(place, document, name, media)
                detail = f"{detail}, {attached}" if detail else attached
        except (BadName, BadDocument) as exc:
            raise DeliveryFailed(str(exc), retryable=False) from exc
        except (StoreUnavailable, Conflict, NotFound) as exc:
            raise DeliveryFailed(str(exc), retryable=True) from exc
        if place.doc_id != (parameters.get("doc_id") or metadata.get("_id")):
            detail = f"{detail}; {parameters['doc_id']} is the id of another document"
        return Receipt(location, detail)

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """See storage.destination.Verifiable. Of a handler that cannot say, the document's word is taken."""
        name = safe_file_name(parameters.get("attachment") or media.name)
        place, document = self._delivered(metadata, parameters)
        if document is None:
            return False
        if tombstone.is_tombstone(document):
            return True  # nothing is missing of what was deleted
        if parameters.get("media") is None:
            return stored_copy.holds(self._documents, (place.database, place.doc_id, name), media, receipt)
        if _noted(document, name).get("length") != media.size_bytes:
            return False
        inner: object = self._destinations.find(parameters["media"]["kind"])
        if not isinstance(inner, Verifiable):
            return True
        return inner.holds(media, _named(metadata, place), parameters["media"]["parameters"], receipt)

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """See storage.destination.Readable. Raises: NotFound, also of a handler that gives nothing back."""
        name = safe_file_name(parameters.get("attachment") or media.name)
        place, document = self._delivered(metadata, parameters)
        if document is None:
            raise NotFound(place.database, place.doc_id)
        if parameters.get("media") is None or parameters.get("keeps_copy") is True:
            return self._documents.open_attachment(place.database, place.doc_id, name)
        inner: object = self._destinations.find(parameters["media"]["kind"])
        if not isinstance(inner, Readable):
            raise NotFound(place.database, f"{place.doc_id}/{name}")
        return inner.open_copy(media, _named(metadata, place), parameters["media"]["parameters"], receipt)

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """See storage.destination.Deletable: media of a handler first, then the document (storage.tombstone).

        Raises: StoreError: it cannot be asked now; the document is still there then.
        """
        place, document = self._delivered(metadata, parameters)
        left = ""
        elsewhere = parameters.get("media")
        if elsewhere is not None:
            inner: object = self._destinations.find(elsewhere["kind"])
            if isinstance(inner, Deletable):
                left = inner.delete_copy(media, _named(metadata, place), elsewhere["parameters"], receipt)
            else:
                left = f"its copy at {receipt.location} cannot be removed from here"
        if document is not None:
            tombstone.bury(self._documents, place.database, place.doc_id)
        return left

    def _delivered(self, metadata: Document, parameters: dict[str, Any]) -> tuple[_Place, Document | None]:
        """Return where a recording was delivered to, and its document, None if that is gone."""
        wanted, own = _places(metadata, parameters)
        if own is not None:
            found = self._found(own)
            if found is not None:
                return own, found
        found = self._found(wanted)
        if own is not None and found is not None and not _is_same(found, metadata):
            return own, None
        return wanted, found

    def _document(self, metadata: Document, parameters: dict[str, Any]) -> tuple[_Place, Document]:
        """Return the metadata document as it is in the store, saved if it was not there, and where it is."""
        wanted, own = _places(metadata, parameters)
        if own is None:
            return wanted, self._ensured(wanted, metadata)[0]
        earlier = self._found(own)  # of an attempt that found the id taken; it must not be stored twice
        if earlier is not None:
            return own, earlier
        document, is_new = self._ensured(wanted, metadata)
        if is_new or _is_same(document, metadata):
            return wanted, document
        ours = {**metadata.get("callflows", {}), "media_id_taken": wanted.doc_id}
        return own, self._ensured(own, {**metadata, "callflows": ours})[0]

    def _ensured(self, place: _Place, metadata: Document) -> tuple[Document, bool]:
        """Return the document of a place, and whether it was not there before."""
        document = _named(metadata, place)
        try:
            return self._saved(place.database, document)
        except NotFound:
            self._documents.create_database(place.database)
        return self._saved(place.database, document)

    def _saved(self, database: str, document: Document) -> tuple[Document, bool]:
        try:
            return self._documents.save(database, document), True
        except Conflict:
            return self._documents.get(database, document["_id"]), False

    def _found(self, place: _Place) -> Document | None:
        try:
            return self._documents.get(place.database, place.doc_id)
        except NotFound:
            return None

    def _elsewhere(
        self, place: _Place, document: Document, media: Media, metadata: Document, parameters: dict[str, Any]
    ) -> tuple[Receipt, Document]:
        """Have the media delivered by a handler, then note it. Returns: its receipt, the document."""
        name = safe_file_name(parameters.get("attachment") or media.name)
        noted = _noted(document, name)
        if noted.get("length") == media.size_bytes:
            return Receipt(_url_of(noted), "was there already"), document
        destination = self._destinations.find(parameters["media"]["kind"])
        if destination is None:
            raise DeliveryFailed("media: their destination is not installed", retryable=False)
        receipt = destination.deliver(media, _named(metadata, place), parameters["media"]["parameters"])
        handler = str(parameters.get("handler") or parameters["media"]["kind"])
        entry = {
            "content_type": media.content_type,
            "length": media.size_bytes,
            "stub": False,
            "handler": kazoo_handler.entry(handler, receipt.location),
        }
        return receipt, self._note(place, name, entry)

    def _note(self, place: _Place, name: str, entry: dict[str, Any]) -> Document:
        """Say in the document where the media are; whatever others save meanwhile stays."""
        for _ in range(ATTEMPTS):
            current = self._documents.get(place.database, place.doc_id)
            noted = {**_attachments(current), name: entry}
            try:
                return self._documents.save(place.database, {**current, "pvt_attachments": noted})
            except Conflict:
                continue
        raise Conflict(place.database, place.doc_id)

    def _attach(self, place: _Place, document: Document, name: str, media: Media) -> str:
        if _is_whole(_stub(document, name), media):
            return "was there already"
        for _ in range(ATTEMPTS):
            try:
                return f"rev {self._sent(place, name, media).get('_rev', '')}"
            except Conflict:  # saved by somebody else while the media travelled
                continue
        raise Conflict(place.database, place.doc_id)

    def _sent(self, place: _Place, name: str, media: Media) -> Document:
        with MediaStream(media, with_md5=True) as stream:
            source = cast("BinaryIO", stream)
            saved = self._documents.put_attachment(
                place.database, place.doc_id, name, media.content_type, source, media.size_bytes
            )
            stub = _stub(saved, name)
            if stub.get("length") != media.size_bytes:
                fault = f"with {stub.get('length', 'no')} bytes instead of {media.size_bytes}"
                raise DeliveryFailed(f"the store has {name} {fault}", retryable=True)
            if _tells_md5(stub) and stub["digest"] != f"md5-{stream.md5_base64}":
                raise DeliveryFailed(f"the store has {name} with another digest", retryable=True)
        return saved


def _places(metadata: Document, parameters: dict[str, Any]) -> tuple[_Place, _Place | None]:
    """Return where a recording is to go, and where instead if that is taken, None when it cannot be."""
    wanted = _Place(parameters["database"], parameters.get("doc_id") or str(metadata["_id"]))
    otherwise = parameters.get("otherwise")
    return wanted, _Place(otherwise["database"], otherwise["doc_id"]) if otherwise else None


def _named(metadata: Document, place: _Place) -> Document:
    """Return the metadata as they are at a place; what is handed on is named by these."""
    document = {**metadata, "_id": place.doc_id}
    if "pvt_account_db" in document:
        document["pvt_account_db"] = names.encode(place.database)
    return document


def _is_same(document: Document, metadata: Document) -> bool:
    return _recording_id(document) == _recording_id(metadata) != ""


def _recording_id(document: Document) -> str:
    """Return which recording of ours a document is of, "" for none."""
    ours = document.get("callflows")
    return str(ours.get("recording_id", "")) if isinstance(ours, dict) else ""


def _attachments(document: Document) -> dict[str, Any]:
    """Return what a document says of media that are elsewhere."""
    noted = document.get("pvt_attachments")
    return noted if isinstance(noted, dict) else {}


def _noted(document: Document, name: str) -> dict[str, Any]:
    entry = _attachments(document).get(name)
    return entry if isinstance(entry, dict) else {}


def _url_of(noted: dict[str, Any]) -> str:
    """Return where an entry says that media are."""
    handler = noted.get("handler")
    told = list(handler.values()) if isinstance(handler, dict) else []
    return str(told[0].get("url", "")) if told and isinstance(told[0], dict) else ""


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
