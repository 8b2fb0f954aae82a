"""The pages of recordings and their transcriptions: /v2/recordings, /v2/recording_transcriptions.

Listing and looking need the scope `listen`; deleting needs `admin`, so that a key which may only record, or
only listen, can do away with nothing. Each look at one recording, and each deletion, leaves a line in the log
with the key it was done with; so does each download, whose link bears the key's id.

A recording is there once it is saved: before, it is not found. Its links are made anew for each answer.
Source: Telnyx' API, call recordings; its Python package (resources recordings, recording_transcriptions).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Response, request
from flask_smorest import Blueprint

from callcontrol.access import Access, asking
from callcontrol.answer import answer
from callcontrol.api import ApiBlueprint
from callcontrol.call_control_id import CallControlIds
from callcontrol.errors import NOT_FOUND, ApiError, Fault, NotFound, Unprocessable
from callcontrol.recordings_deletion import RecordingRemoval, not_finished, told
from callcontrol.recordings_listing import Listing, Page, Recorded
from callcontrol.recordings_object import RecordingTeller, transcription
from callcontrol.recordings_query import (
    RecordingQuery,
    TranscriptionQuery,
    plain_id,
    wanted_recordings,
    wanted_transcriptions,
)
from callcontrol.recordings_schemas import (
    DeletedSchema,
    DeleteManySchema,
    RecordingAnswerSchema,
    RecordingsSchema,
    TranscriptionAnswerSchema,
    TranscriptionsSchema,
)
from callcontrol.token import Scope
from recording.link_archive import attachment_of
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from storage.register_row import Entry, Fate
from storage.views_recordings import has_transcript

RECORDINGS = "call_recordings"
TRANSCRIPTIONS = "recording_transcriptions"

SCOPES: dict[str, Scope] = {
    f"{RECORDINGS}.list_recordings": Scope.LISTEN,
    f"{RECORDINGS}.retrieve_recording": Scope.LISTEN,
    f"{RECORDINGS}.delete_recording": Scope.ADMIN,
    f"{RECORDINGS}.delete_recordings": Scope.ADMIN,
    f"{TRANSCRIPTIONS}.list_transcriptions": Scope.LISTEN,
    f"{TRANSCRIPTIONS}.retrieve_transcription": Scope.LISTEN,
    f"{TRANSCRIPTIONS}.delete_transcription": Scope.ADMIN,
}
"""What each page needs, by its endpoint."""

log = structlog.get_logger(__name__)


class RecordingPages:
    """What the pages do. Args: readable: kinds of destinations that give a copy back."""

    def __init__(
        self,
        listing: Listing,
        outbox: Outbox,
        removal: RecordingRemoval,
        teller: RecordingTeller,
        ids: CallControlIds,
        readable: frozenset[str],
    ) -> None:
        self._readable = readable
        self._listing = listing
        self._outbox = outbox
        self._removal = removal
        self._teller = teller
        self._ids = ids

    def list_recordings(self, query: dict[str, Any]) -> Response:
        """Answer with a page of recordings."""
        account_id = asking().account_id
        wanted = wanted_recordings(query, self._ids, account_id)
        page = self._listing.page(account_id, wanted, query["page_number"], query["page_size"])
        return answer({"data": self._told(page.items), "meta": _meta(page, query)})

    def retrieve(self, recording_id: str) -> Response:
        """Answer with one recording."""
        one = self._find(recording_id)
        self._accessed(one, "retrieve")
        return answer({"data": self._told([one])[0]})

    def delete(self, recording_id: str) -> Response:
        """Delete one recording, and answer with what it was."""
        one = self._find(recording_id)
        self._accessed(one, "delete")
        left = self._removal.delete(one, asking().account_id, _by())
        was = self._teller.recording(one, asking().account_id, asked_by="", has_media=False)
        return answer({"data": was, **told(left)})

    def delete_many(self, data: dict[str, Any]) -> Response:
        """Delete recordings; if one of them cannot be, none is. One that is gone already is passed over."""
        found: dict[str, Recorded] = {}
        faults: list[Fault] = []
        for number, text in enumerate(data["ids"]):
            try:
                if not self._is_deleted(text):
                    one = self._find(text)
                    self._removal.check(one.recording_id)
                    found[one.recording_id] = one
            except (NotFound, Unprocessable) as exc:
                faults.append(_at(exc, f"/ids/{number}"))
        if faults:
            raise Unprocessable(*faults)
        left = {}
        for recording_id, one in found.items():
            self._accessed(one, "delete")
            left[recording_id] = self._removal.delete(one, asking().account_id, _by())
        remaining = {recording_id: sentences for recording_id, sentences in left.items() if sentences}
        return answer({"status": "ok", **({"meta": {"remaining_copies": remaining}} if remaining else {})})

    def list_transcriptions(self, query: dict[str, Any]) -> Response:
        """Answer with a page of transcriptions."""
        wanted = wanted_transcriptions(query)
        page = self._listing.page(asking().account_id, wanted, query["page_number"], query["page_size"])
        return answer({"data": [transcription(one) for one in page.items], "meta": _meta(page, query)})

    def retrieve_transcription(self, transcription_id: str) -> Response:
        """Answer with one transcription."""
        one = self._transcribed(transcription_id)
        self._accessed(one, "retrieve_transcription")
        return answer({"data": transcription(one)})

    def delete_transcription(self, transcription_id: str) -> Response:
        """Delete one transcription, and answer with what it was."""
        one = self._transcribed(transcription_id)
        self._accessed(one, "delete_transcription")
        left = self._removal.forget_transcript(one)
        return answer({"data": transcription(one), **told(left)})

    def _find(self, text: str) -> Recorded:
        """Return a recording of the asking key's account. Raises: NotFound; Unprocessable: not yet."""
        recording_id = plain_id(text)
        one = self._listing.find(asking().account_id, recording_id) if recording_id else None
        if one is not None:
            return one
        entry = self._outbox.register.get(recording_id) if recording_id else None
        is_ours = entry is not None and entry.row.expected.account_id == asking().account_id
        if entry is not None and is_ours and entry.row.fate is None:
            if request.method == "GET":
                raise NotFound("The recording is not finished.")
            raise not_finished()
        if entry is not None and is_ours and entry.row.fate is Fate.DELETED:
            raise NotFound("The recording was deleted.")
        raise NotFound

    def _transcribed(self, text: str) -> Recorded:
        one = self._find(text)
        if not has_transcript(one.document):
            raise NotFound("The recording has no transcription.")
        return one

    def _is_deleted(self, text: str) -> bool:
        recording_id = plain_id(text)
        entry = self._outbox.register.get(recording_id) if recording_id else None
        return (
            entry is not None
            and entry.row.fate is Fate.DELETED
            and entry.row.expected.account_id == asking().account_id
        )

    def _told(self, items: list[Recorded]) -> list[dict[str, Any]]:
        """Return recordings as they are told; the outbox is asked about those without media of their own."""
        bare = [one.recording_id for one in items if not attachment_of(one.document)[0]]
        entries = self._outbox.register.of(bare) if bare else {}
        token = asking()
        return [
            self._teller.recording(
                one,
                token.account_id,
                asked_by=token.id,
                has_media=one.recording_id not in bare or self._is_here(entries.get(one.recording_id)),
            )
            for one in items
        ]

    def _is_here(self, entry: Entry | None) -> bool:
        """Whether this host has a recording, or can read a copy back."""
        if entry is None:
            return False
        if entry.stored is None or entry.stored.media_deleted_at is None:
            return True
        return any(
            each.state is DeliveryState.DELIVERED and each.kind in self._readable for each in entry.deliveries
        )

    def _accessed(self, one: Recorded, action: str) -> None:
        token = asking()
        log.info(
            "recording_accessed",
            recording_id=one.recording_id,
            account_id=token.account_id,
            key_id=token.id,
            action=action,
            remote=request.remote_addr,
        )


def blueprints(pages: RecordingPages, access: Access) -> tuple[Blueprint, ...]:
    """Return the pages, to be registered with an application and described."""
    recordings = ApiBlueprint(RECORDINGS, access, "Recordings of calls")
    one = "/recordings/<string:recording_id>"
    add = partial(_add, recordings)
    add(
        "list_recordings", "GET", "/recordings", pages.list_recordings, RecordingsSchema, query=RecordingQuery
    )
    add("retrieve_recording", "GET", one, pages.retrieve, RecordingAnswerSchema)
    add("delete_recording", "DELETE", one, pages.delete, RecordingAnswerSchema)
    many = "/recordings/actions/delete"
    add("delete_recordings", "POST", many, pages.delete_many, DeletedSchema, body=DeleteManySchema)
    transcriptions = ApiBlueprint(TRANSCRIPTIONS, access, "Transcriptions of recordings")
    one, every = "/recording_transcriptions/<string:transcription_id>", "/recording_transcriptions"
    add = partial(_add, transcriptions)
    run = pages.list_transcriptions
    add("list_transcriptions", "GET", every, run, TranscriptionsSchema, query=TranscriptionQuery)
    add("retrieve_transcription", "GET", one, pages.retrieve_transcription, TranscriptionAnswerSchema)
    add("delete_transcription", "DELETE", one, pages.delete_transcription, TranscriptionAnswerSchema)
    return recordings, transcriptions


def _add(
    blueprint: Blueprint,
    name: str,
    method: str,
    path: str,
    run: Callable[..., Response],
    schema: type,
    *,
    query: type | None = None,
    body: type | None = None,
) -> None:
    """Add a page. Args: query, body: schemas of what it takes."""

    def view(*arguments: Any, **parts: Any) -> Response:
        return run(*arguments, **parts)

    needed = SCOPES[f"{blueprint.name}.{name}"]
    view.__doc__ = f"{_SUMMARIES[blueprint.name, name]}.\n\nNeeds the scope `{needed}`."
    page = blueprint.response(200, schema, description="Done")(view)
    if query is not None:
        page = blueprint.arguments(query(), location="query")(page)
    if body is not None:
        page = blueprint.arguments(body(), required=True)(page)
    blueprint.route(path, endpoint=name, methods=[method])(page)


_SUMMARIES = {
    (RECORDINGS, "list_recordings"): "List recordings, the newest first",
    (RECORDINGS, "retrieve_recording"): "Say all of a recording, with links to it",
    (RECORDINGS, "delete_recording"): "Delete a recording for good, wherever that can be done",
    (RECORDINGS, "delete_recordings"): "Delete recordings for good",
    (TRANSCRIPTIONS, "list_transcriptions"): "List transcriptions, the newest first",
    (TRANSCRIPTIONS, "retrieve_transcription"): "Say what was said in a recording",
    (TRANSCRIPTIONS, "delete_transcription"): "Delete what was said in a recording, and not the recording",
}


def _meta(page: Page, query: dict[str, Any]) -> dict[str, int]:
    size = query["page_size"]
    return {
        "page_number": query["page_number"],
        "page_size": size,
        "total_pages": -(-page.total // size),
        "total_results": page.total,
    }


def _by() -> str:
    """Return whose wish a deletion is, as the register keeps it."""
    return f"API key {asking().id}"


def _at(exc: ApiError, pointer: str) -> Fault:
    """Return why one of several cannot be deleted, and which."""
    fault = exc.faults[0]
    kind = NOT_FOUND if isinstance(exc, NotFound) else fault.kind
    return Fault(kind, fault.detail, pointer=pointer)
