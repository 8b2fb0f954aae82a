"""Fetches the media of one recording into a file: from this disk while it is here, else from a destination.

Nothing is loaded whole, what arrives is compared with the checksum of the recording, and the file bears its
name only when it is complete. A file that is there is not replaced unless that is asked for.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from config.errors import CallflowsError
from storage.destination import Destination
from storage.errors import StoreError
from storage.media_blocks import blocks_of
from storage.media_source import Source, sources
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from storage.register_row import Entry

STANDARD_OUTPUT = "-"


class MediaNotFetched(CallflowsError):
    """The media of a recording cannot be had from here; the message says where it is, as far as known."""


def fetch(
    entry: Entry, outbox: Outbox, destinations: Mapping[str, Destination], output: str, *, force: bool
) -> tuple[Source, int]:
    """Copy the media to `output`, "-" for standard output. Returns: where from, and how many bytes.

    Raises: MediaNotFetched: it can be read nowhere, or `output` is there already.
    """
    target = None if output == STANDARD_OUTPUT else Path(output)
    if target is not None and target.exists() and not force:
        raise MediaNotFetched(f"{target} is there already; --force replaces it")
    faults = []
    for source in sources(entry, outbox, destinations):
        try:
            return source, _copied(source, target, force=force)
        except (StoreError, OSError) as exc:
            faults.append(f"{source.place}: {exc}")
            if target is None:
                break  # some of it may be written already
    raise MediaNotFetched(_whereabouts(entry, faults))


def _copied(source: Source, target: Path | None, *, force: bool) -> int:
    if target is None:
        return _stream(source, sys.stdout.buffer)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        staged = Path(part.name)
        try:
            size_bytes = _stream(source, part.file)
            part.flush()
            os.fsync(part.fileno())
            _name(staged, target, force=force)
        finally:
            with suppress(FileNotFoundError):
                staged.unlink()
    return size_bytes


def _stream(source: Source, target: IO[bytes]) -> int:
    digest, size_bytes = hashlib.sha256(), 0
    with closing(source.open()) as media:
        for block in blocks_of(media):
            digest.update(block)
            size_bytes += len(block)
            target.write(block)
    if source.sha256 and digest.hexdigest() != source.sha256:
        raise StoreError("what is there is not the recording: its checksum differs")
    return size_bytes


def _name(staged: Path, target: Path, *, force: bool) -> None:
    """Give the complete file its name, with the rights of any new file."""
    mask = os.umask(0)
    os.umask(mask)
    staged.chmod(0o666 & ~mask)
    if force:
        staged.replace(target)
        return
    try:
        os.link(staged, target)  # fails when somebody was quicker, where a rename would replace
    except FileExistsError as exc:
        raise MediaNotFetched(f"{target} is there already; --force replaces it") from exc


def _whereabouts(entry: Entry, faults: list[str]) -> str:
    """Say why there is nothing to copy, and where the media is as far as anybody knows."""
    name = entry.row.recording_id
    if faults:
        return f"{name} could not be read: {'; '.join(faults)}"
    delivered = [one for one in entry.deliveries if one.state is DeliveryState.DELIVERED]
    if delivered:
        places = ", ".join(f"{one.kind}: {one.location}" for one in delivered)
        return f"{name} was delivered and is not on this host any more; it cannot be read back from {places}"
    if entry.row.fate is None:
        return f"{name} is not finished: nothing is known of its file yet"
    why = "; ".join(entry.row.reasons) or entry.row.ended_by
    return f"{name} has no media here ({entry.row.verdict}: {why})"
