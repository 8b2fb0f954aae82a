"""The recordings part of call control: its pages, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask_smorest import Blueprint

from callcontrol.access import Access
from callcontrol.call_control_id import CallControlIds
from callcontrol.facilities import RecordingLinks
from callcontrol.recordings import RecordingPages, blueprints
from callcontrol.recordings_deletion import RecordingRemoval
from callcontrol.recordings_listing import Listing
from callcontrol.recordings_object import RecordingTeller
from storage.destination import Destination
from storage.document import DocumentStore
from storage.media_source import readable_kinds
from storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Recordings:
    """Where recordings are. Attributes: destinations: by kind; drop_made: forgets what was made of a
    recording for links.
    """

    outbox: Outbox
    destinations: Mapping[str, Destination]
    recordings_dir: Path
    drop_made: Callable[[str], object]


def recording_pages(
    where: Recordings, store: DocumentStore, ids: CallControlIds, links: RecordingLinks, access: Access
) -> tuple[Blueprint, ...]:
    """Return the pages."""
    removal = RecordingRemoval(store, where.outbox, where.destinations, where.recordings_dir, where.drop_made)
    pages = RecordingPages(
        Listing(store, where.outbox),
        where.outbox,
        removal,
        RecordingTeller(ids, links),
        ids,
        readable_kinds(where.destinations),
    )
    return blueprints(pages, access)
