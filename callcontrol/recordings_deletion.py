"""Deletes recordings: their copies wherever that can be done, their file here, their document.

1. What is still recorded or finished, or delivered at this moment, is not deleted: the client is told to come
   again. Deliveries that wait are held back.
2. Each verified copy is removed (storage.destination.Deletable). What cannot be removed, such as what a web
   server took, is told.
3. The file on this host goes, with what was made of it for links; the document leaves its tombstone.
4. The register notes that it was deleted, when and by whom.

Whoever is cut off in between asks again, and finds less to do. Another host that recorded it does 3 by itself
when it must, since the tombstone tells it: its links give the recording away no more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from callcontrol.errors import Fault, Kind, Unavailable, Unprocessable
from callcontrol.recordings_listing import Recorded
from config.gregorian import UNIX_EPOCH_S, to_gregorian_s
from storage import tombstone
from storage.destination import Deletable, Destination
from storage.document import Document, DocumentStore
from storage.errors import Conflict, NotFound, StoreError
from storage.media import off_hub
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from storage.outbox_ledger import Copy
from storage.register_row import Entry, Expected
from storage.view import members, text
from storage.views_recordings import leg_of, number

NOT_FINISHED = Kind("10015", "Recording not finished")
UNDER_WAY = Kind("10015", "Recording being delivered")

HELD_BACK = "it is being deleted; that was begun and did not come to its end"

ATTEMPTS = 5

log = structlog.get_logger(__name__)


class RecordingRemoval:
    """Deletes. Args: destinations: by kind; recordings_dir: nothing outside it is touched on this host; drop:
    forgets what was made of a recording for links.
    """

    def __init__(
        self,
        store: DocumentStore,
        outbox: Outbox,
        destinations: Mapping[str, Destination],
        recordings_dir: Path,
        drop: Callable[[str], object],
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._destinations = destinations
        self._recordings_dir = recordings_dir
        self._drop = drop

    def check(self, recording_id: str) -> None:
        """See whether a recording may be deleted now. Raises: Unprocessable, StoreUnavailable."""
        entry = self._outbox.register.get(recording_id)
        if entry is not None and any(one.state is DeliveryState.DELIVERING for one in entry.deliveries):
            raise under_way()

    def delete(self, one: Recorded, account_id: str, by: str) -> list[str]:
        """Delete one of an account's recordings. Args: by: whose wish it is, in words.

        Returns: what is left that cannot be removed, in sentences.
        Raises: Unprocessable: not now; Unavailable: not all of it could be done, so that it must be asked for
        again; StoreUnavailable.
        """
        recording_id = one.recording_id
        entry = self._outbox.register.get(recording_id)
        left: list[str] = []
        if entry is not None:
            if not self._outbox.hold_back(recording_id, HELD_BACK):
                raise under_way()
            for copy in self._outbox.copies(recording_id):
                left += self._removed(recording_id, entry, copy)
        if one.place:
            left += self._buried(one, by)
        if entry is not None and entry.media_path is not None:
            self._unlink(entry.media_path)
        self._drop(recording_id)
        if not self._outbox.bury(_expected(one, entry, account_id), by):
            raise under_way()
        for sentence in left:
            log.warning("recording_copy_not_deleted", recording_id=recording_id, left=sentence)
        log.info("recording_deleted", recording_id=recording_id, account_id=account_id, by=by, left=len(left))
        return left

    def forget_transcript(self, one: Recorded) -> list[str]:
        """Take what was said out of a recording's document, and out of what is still to be delivered.

        Returns, Raises: as `delete`.
        """
        if not self._outbox.forget_transcript(one.recording_id):
            raise under_way()
        if one.place:
            self._without_transcript(one.place)
        return [
            f"its document at {copy.key} has the transcript still"
            for copy in self._outbox.copies(one.recording_id)
            if copy.state is DeliveryState.DELIVERED and copy.target.kind == "couchdb"
        ]

    def _removed(self, recording_id: str, entry: Entry, copy: Copy) -> list[str]:
        """Remove one copy, verified or begun. Returns: what is left."""
        destination: object = self._destinations.get(copy.target.kind)
        is_there = copy.state is DeliveryState.DELIVERED
        if entry.stored is None or not isinstance(destination, Deletable):
            return [f"its copy at {copy.key} cannot be removed from here"] if is_there else []
        stored = entry.stored
        try:
            left = destination.delete_copy(
                stored.media, stored.metadata, copy.target.parameters, copy.receipt
            )
        except NotFound:
            return []
        except StoreError as exc:
            if not is_there:  # a document whose media never came may be left; nobody can say
                return [f"{copy.key} could not be asked, where a delivery had failed"]
            log.warning("recording_copy_not_deleted", recording_id=recording_id, place=copy.key, why=str(exc))
            detail = f"The copy at {copy.key} could not be removed now; ask again to delete what is left."
            raise Unavailable(detail) from exc
        return [left] if left else []

    def _buried(self, one: Recorded, by: str) -> list[str]:
        """Leave the tombstone of a document of this system's store. Returns: what its media's handler has."""
        database, _, doc_id = one.place.rpartition("/")
        tombstone.bury(self._store, database, doc_id, by=by)
        elsewhere = members(one.document.get("pvt_attachments"))
        if not elsewhere or self._outbox.copies(one.recording_id):
            return []
        return [f"its media are at another place ({', '.join(sorted(elsewhere))})"]

    def _without_transcript(self, place: str) -> None:
        database, _, doc_id = place.rpartition("/")
        for _ in range(ATTEMPTS):
            try:
                document = self._store.get(database, doc_id)
                ours = {**members(document.get("callflows")), "transcript": None}
                modified = to_gregorian_s(time.time())
                self._store.save(database, {**document, "callflows": ours, "pvt_modified": modified})
            except NotFound:
                return
            except Conflict:
                continue
            return
        raise Unavailable("The recording's document is being changed by others; ask again.")

    def _unlink(self, path: Path) -> None:
        if path.is_relative_to(self._recordings_dir) and ".." not in path.parts:
            off_hub(partial(path.unlink, missing_ok=True), path.name)


def under_way() -> Unprocessable:
    """Return the error for a recording that travels."""
    return Unprocessable(Fault(UNDER_WAY, "It is being delivered at this moment; ask again when it is."))


def not_finished() -> Unprocessable:
    """Return the error for a recording that is not over."""
    return Unprocessable(
        Fault(NOT_FINISHED, "It is still recorded or finished: stop it, and ask again when it is saved.")
    )


def _expected(one: Recorded, entry: Entry | None, account_id: str) -> Expected:
    """Return who a recording is, for the register of a host that may never have heard of it."""
    if entry is not None:
        return entry.row.expected
    document: Document = one.document
    requested_us = number(members(document.get("callflows")).get("requested_at_us"))
    created = number(document.get("pvt_created")) - UNIX_EPOCH_S
    return Expected(
        one.recording_id,
        requested_us / 1e6 if requested_us else float(max(0, created)),
        document_id=text(document.get("_id")),
        call_id=text(document.get("call_id")),
        uuid=leg_of(document),
        account_id=account_id,
        origin=text(document.get("origin")),
    )


def told(left: list[str]) -> dict[str, Any]:
    """Return what an answer says of what is left, nothing where all is gone."""
    return {"meta": {"remaining_copies": left}} if left else {}
