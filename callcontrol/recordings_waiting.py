"""The recordings that no document of this system's store tells of: not delivered yet, delivered elsewhere
only, or kept on this host. The outbox of the host that recorded them knows them (storage.outbox_register).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from callcontrol.recordings_index import Index, fits
from callcontrol.recordings_query import Span, Wanted
from config.gregorian import UNIX_EPOCH_S, to_gregorian_s
from storage.document import Document
from storage.outbox import Outbox
from storage.register_row import Entry, Fate

LIMIT = 10_000
"""The newest so many of an account; more wait only where a destination has been away for long."""

CHUNK = 200
"""Of which documents are read at a time."""

GOOD = frozenset({Fate.HANDED_OVER, Fate.KEPT})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recording to be listed from here. `time`: what it is ordered by, in the units of its index."""

    time: float
    recording_id: str
    document: Document | None = None


class WaitingRecordings:
    """Those of one host. Args: outbox: of it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def listed(self, account_id: str, wanted: Wanted, index: Index) -> list[Waiting]:
        """Return an account's, the newest first; documents only where something was to be held against them.

        Raises: StoreUnavailable.
        """
        since, until = _unix(wanted.created)
        keys = self._outbox.register.listed(account_id, since, until, LIMIT)
        if index.what == "all" and index.is_whole:
            return [Waiting(to_gregorian_s(key.created_at), key.recording_id) for key in keys]
        found = [
            Waiting(index.time_of(document), recording_id, document)
            for recording_id, document in self._documents([key.recording_id for key in keys])
            if fits(document, wanted)
        ]
        return sorted(found, key=lambda one: one.time, reverse=True)

    def documents(self, recording_ids: list[str]) -> dict[str, Document]:
        """Return what documents of some recordings say, or would. Raises: StoreUnavailable."""
        return dict(self._documents(recording_ids))

    def _documents(self, recording_ids: list[str]) -> Iterator[tuple[str, Document]]:
        for at in range(0, len(recording_ids), CHUNK):
            known = self._outbox.register.of(recording_ids[at : at + CHUNK])
            for recording_id in recording_ids[at : at + CHUNK]:
                document = document_of(known[recording_id]) if recording_id in known else None
                if document is not None:
                    yield recording_id, document


def document_of(entry: Entry) -> Document | None:
    """Return what the document of a recording says, or would; None where there is no audio to be had."""
    row = entry.row
    if row.fate not in GOOD or row.settled_at is None:
        return None
    ours: dict[str, Any] = {
        "recording_id": row.recording_id,
        "uuid": row.expected.uuid,
        "started_at_us": int(row.started_at * 1e6) if row.started_at else 0,
    }
    told: Document = entry.stored.metadata if entry.stored else {"duration_ms": row.duration_ms}
    known = told.get("callflows")
    return {
        "origin": row.expected.origin,
        "call_id": row.expected.call_id,
        **told,
        "_id": row.expected.document_id,
        "pvt_type": "call_recording",
        "pvt_created": to_gregorian_s(row.settled_at),
        "callflows": {**ours, **(known if isinstance(known, dict) else {})},
    }


def _unix(created: Span) -> tuple[float, float]:
    """Return the same span in epoch seconds; a second of a document is all of it."""
    low = created.low - UNIX_EPOCH_S if math.isfinite(created.low) else created.low
    high = created.high - UNIX_EPOCH_S + 0.999_999 if math.isfinite(created.high) else created.high
    return low, high
