"""Where the media of a recording can be read: this disk while it is there, else a destination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from storage.destination import Destination, Readable
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from storage.register_row import Entry


@dataclass(frozen=True, slots=True)
class Source:
    """One place the media can be read from. `sha256`: "" where it is not known."""

    place: str
    open: Callable[[], BinaryIO]
    sha256: str


def sources(entry: Entry, outbox: Outbox, destinations: Mapping[str, Destination]) -> list[Source]:
    """Return where the media of a recording can be read, the nearest first."""
    path, stored = entry.media_path, entry.stored
    found = []
    if path is not None and path.is_file():
        found.append(Source(str(path), partial(_opened, path), stored.media.sha256 if stored else ""))
    return found + copies(entry, outbox, destinations)


def copies(entry: Entry, outbox: Outbox, destinations: Mapping[str, Destination]) -> list[Source]:
    """Return the verified copies that can be read back. Raises: StoreUnavailable: of the outbox."""
    stored = entry.stored
    if stored is None:
        return []
    found = []
    readable = readable_kinds(destinations)
    for copy in outbox.copies(entry.row.recording_id):
        destination: object = destinations.get(copy.target.kind)
        if (
            copy.state is DeliveryState.DELIVERED
            and isinstance(destination, Readable)
            and copy.target.holder() in readable
        ):
            opened = partial(
                destination.open_copy, stored.media, stored.metadata, copy.target.parameters, copy.receipt
            )
            found.append(Source(copy.key, opened, stored.media.sha256))
    return found


def readable_kinds(destinations: Mapping[str, Destination]) -> frozenset[str]:
    """Return the kinds of destinations that give their copies back."""
    kinds: Mapping[str, object] = destinations
    return frozenset(kind for kind, destination in kinds.items() if isinstance(destination, Readable))


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")
