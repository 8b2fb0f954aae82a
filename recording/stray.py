"""Finishes recordings whose end reached only the inbound link, and which no engine here looks after.

That is a call that was transferred away from an engine that died, or the recording of a sibling process. A
sibling finishes its own within moments and takes the manifest away; only what is left after that is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import gevent
import structlog

from recording import variables
from recording.errors import BadTicket
from recording.journal import Journal
from recording.manifest import Manifest
from recording.reconcile import Ownership, ownership
from recording.segment import Segment, number_of
from recording.stop_event import EventData
from recording.ticket import Ticket
from storage.errors import NotFound, StoreError
from storage.outbox_delivery import StoredRecording

log = structlog.get_logger(__name__)


class KnownRecordings(Protocol):
    """What tells whether the outbox has a recording (storage.outbox.Outbox)."""

    def recording(self, recording_id: str, /) -> StoredRecording:
        """Return what is known. Raises: NotFound, StoreUnavailable."""


def is_in_outbox(outbox: KnownRecordings, recording_id: str) -> bool:
    """Whether the outbox has taken a recording over; False also when it cannot say."""
    return stored_in_outbox(outbox, recording_id) is not None


def stored_in_outbox(outbox: KnownRecordings, recording_id: str) -> StoredRecording | None:
    """Return what the outbox has of a recording, None as `is_in_outbox`."""
    try:
        return outbox.recording(recording_id)
    except NotFound:
        return None
    except StoreError as exc:
        log.warning("outbox_not_asked", recording_id=recording_id, reason=str(exc))
        return None


def ticket_of_stray(event: EventData, recordings_dir: Path) -> Ticket | None:
    """Return the ticket of a RECORD_STOP nobody here knows, None when it is not for this project to finish.

    The path in the event must be the one that the ticket names: paths are made by us alone.
    """
    try:
        ticket = variables.ticket_of(event)
    except BadTicket as exc:
        log.warning("recording_of_nobody", reason=str(exc))
        return None
    if ticket is None:
        return None
    try:
        written = Segment(event.get("Unique-ID") or "", number_of(event))
    except BadTicket:
        return None
    path = written.path(ticket.name, recordings_dir, ticket.request.capture_format)
    if event.get("Record-File-Path") != str(path):
        log.warning("recording_of_another_directory", recording_id=ticket.name.recording_id)
        return None
    return ticket


def manifest_to_finish(
    ticket: Ticket, journal: Journal, outbox: KnownRecordings, path: Path, *, deleted: bool
) -> Manifest | None:
    """Return what is to be finished of a stray recording, None when somebody else has done it or will.

    Args: deleted: FreeSWITCH says that it has removed the file, as too short or empty.
    """
    recording_id = ticket.name.recording_id
    manifest = journal.read(recording_id)
    if manifest is not None:
        if ownership(manifest.owner) is Ownership.ALIVE:
            return None
        return manifest
    if is_in_outbox(outbox, recording_id):
        return None
    exists: Callable[[], bool] = path.exists
    if deleted or not gevent.get_hub().threadpool.apply(exists):
        return None
    return Manifest(ticket)


def at_its_end(manifest: Manifest, event: EventData) -> Manifest | None:
    """Return a manifest that knows the file whose end an event tells; None when that is not its last.

    An engine that died as its recording went on to another leg may not have noted that leg.
    """
    number, known = number_of(event), manifest.segments or (manifest.current,)
    if number < len(known):
        return None
    uuid = event.get("Unique-ID") or manifest.current.uuid
    missing = tuple(Segment(uuid, one) for one in range(len(known) + 1, number + 1))
    return replace(manifest, segments=(*known, *missing))
