"""Finds the file behind a link: on this host, back from a destination, in another format if asked.

| standing | what it means |
|---|---|
| unknown | no recording of that id was ever asked for here, or it was forgotten |
| pending | it is being recorded, processed or handed over |
| ready | its file is here, or a copy can be read back |
| nothing | it was discarded or failed: there is no audio |
| gone | there was audio; it is not on this host any more, and nothing gives it back |
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import gevent
import gevent.threadpool
import structlog

from recording.errors import Interrupted, LinkBusy, Unprocessable
from recording.link_archive import Archive
from recording.link_format import convert
from recording.link_spool import LinkSpool
from recording.naming import CONTENT_TYPES, JOURNAL_DIRECTORY, delivered_name
from recording.request import AudioFormat
from storage.destination import Destination
from storage.errors import StoreError, StoreUnavailable
from storage.media import off_hub
from storage.media_blocks import blocks_of
from storage.media_source import Source, copies
from storage.outbox import Outbox
from storage.register_row import Entry, Fate

PLAYABLE = frozenset((AudioFormat.WAV, AudioFormat.MP3))
"""What FreeSWITCH plays (mod_sndfile, mod_shout)."""

LOOK_FIRST_S = 0.05
LOOK_LAST_S = 1.0
"""Between two looks at a recording that is waited for, doubling."""

UNTOLD_S = 3600.0
"""A recording without a manifest, whose end nobody told, may so long be on its way into the register."""

log = structlog.get_logger(__name__)


class Standing(StrEnum):
    """See the table at the top."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    READY = "ready"
    NOTHING = "nothing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the file of a recording.

    Attributes: format, name: as it was made, and as its delivered copy is called; path: on this host, None
    when it is elsewhere; tag: changes with its content; sources: where it can be read back from; reason: why
    there is nothing to be had, in a sentence.
    """

    standing: Standing
    recording_id: str
    account_id: str = ""
    format: AudioFormat = AudioFormat.WAV
    name: str = ""
    path: Path | None = None
    tag: str = ""
    sources: tuple[Source, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LinkFile:
    """A file to be served: its name for people, and `tag`, which changes with its content."""

    path: Path
    content_type: str
    name: str
    tag: str


class Shelf:
    """The files of all recordings this host knows of."""

    def __init__(
        self,
        recordings_dir: Path,
        outbox: Outbox,
        destinations: Mapping[str, Destination],
        *,
        archive: Archive | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._archive = archive
        self._journal = recordings_dir / JOURNAL_DIRECTORY
        self._outbox = outbox
        self._destinations = destinations
        self._clock = clock
        self._encoder = gevent.threadpool.ThreadPool(1)
        self._closing = False
        self.spool = LinkSpool(recordings_dir)

    def close(self) -> None:
        """Give up what is being made."""
        self._closing = True
        self.spool.close()
        self._encoder.kill()

    def find(self, recording_id: str, place: str = "") -> Found:
        """Say what is known of a recording; blocks while the outbox is asked, and the store for `place`.

        Args: place: of its document, `<database>/<id>`: what this host does not know, or has not any more, is
        found there; and what was deleted through another host is not given away here.
        Raises: StoreUnavailable.
        """
        found = self._known_here(recording_id)
        if not place or self._archive is None:
            return found
        try:
            kept = self._archive.look(recording_id, place)
        except StoreUnavailable:
            if found.standing is Standing.READY:
                return found
            raise
        if kept is None:
            return found
        if kept.is_deleted:
            return replace(found, standing=Standing.GONE, path=None, sources=(), reason="it was deleted")
        if found.standing in (Standing.UNKNOWN, Standing.GONE) and kept.source is not None:
            audio_format = _format_of(Path(kept.name).suffix)
            return Found(
                Standing.READY,
                recording_id,
                kept.account_id,
                audio_format,
                kept.name,
                tag=kept.tag,
                sources=(kept.source,),
            )
        return found

    def _known_here(self, recording_id: str) -> Found:
        """Say what this host knows."""
        entry = self._outbox.register.get(recording_id)
        if entry is None:
            is_begun = self._has_manifest(recording_id)
            return Found(Standing.PENDING if is_begun else Standing.UNKNOWN, recording_id)
        found = partial(Found, recording_id=recording_id, account_id=entry.row.expected.account_id)
        if entry.row.fate is Fate.DELETED:
            return found(Standing.GONE, reason="it was deleted")
        if entry.stored is None and entry.row.fate in (None, Fate.HANDED_OVER):
            age_s = self._clock() - entry.row.expected.requested_at
            if age_s < UNTOLD_S or self._has_manifest(recording_id):
                return found(Standing.PENDING)
            return found(Standing.UNKNOWN, reason="nobody told what became of it")
        if entry.row.fate in (Fate.DISCARDED, Fate.FAILED):
            why = "; ".join(entry.row.reasons) or entry.row.ended_by
            return found(Standing.NOTHING, reason=f"the recording was {entry.row.fate}: {why}")
        return self._with_media(entry, found)

    def file(self, found: Found, audio_format: AudioFormat, wait_s: float) -> LinkFile | None:
        """Return a recording's file in a format; None when making it takes longer, and goes on meanwhile.

        Args: found: with standing READY.
        Raises: StoreError: it cannot be read back now; Unprocessable: it cannot be had in that format;
        LinkBusy, Interrupted.
        """
        ends_at = time.monotonic() + wait_s
        original = found.path
        if original is None:
            name = f"{found.recording_id}.{found.format.value}"
            original = self.spool.get(name, partial(self._fetch, found), wait_s)
        tag, path = found.tag, original
        if original is not None and audio_format is not found.format:
            name = f"{found.recording_id}.{audio_format.value}"
            make = partial(self._convert, original, audio_format)
            path = self.spool.get(name, make, max(0.0, ends_at - time.monotonic()))
            tag = f"{found.tag}-{audio_format.value}"
        if path is None:
            return None
        stem = found.name.rpartition(".")[0] or found.name
        name = delivered_name(stem, found.recording_id, audio_format)
        return LinkFile(path, CONTENT_TYPES[audio_format], name, tag)

    def playable(self, recording_id: str, timeout_s: float) -> Path | None:
        """Return a WAV or MP3 file of a recording, waiting until it is complete; None when there is none.

        Never raises: why there is none is logged. Args: recording_id: 32 hex digits.
        """
        ends_at = time.monotonic() + timeout_s
        pause_s = LOOK_FIRST_S
        reason = "it is not finished"
        while True:
            try:
                found = self.find(recording_id)
                if found.standing is Standing.READY:
                    wanted = found.format if found.format in PLAYABLE else AudioFormat.WAV
                    file = self.file(found, wanted, max(0.0, ends_at - time.monotonic()))
                    if file is not None:
                        return file.path
                    reason = "it is still being fetched or encoded"
                elif found.standing is not Standing.PENDING:
                    log.warning("recording_not_playable", recording_id=recording_id, reason=_why(found))
                    return None
            except (StoreUnavailable, LinkBusy) as exc:
                reason = str(exc)
            except (StoreError, Unprocessable, Interrupted) as exc:
                log.warning("recording_not_playable", recording_id=recording_id, reason=str(exc))
                return None
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                log.warning("recording_not_playable", recording_id=recording_id, reason=reason)
                return None
            gevent.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 2, LOOK_LAST_S)

    def _with_media(self, entry: Entry, found: Callable[..., Found]) -> Found:
        """Say where the media of a recording are that has some."""
        path, stored = entry.media_path, entry.stored
        status = off_hub(partial(_status, path), path.name) if path is not None else None
        audio_format = _format_of(path.suffix if path is not None else "")
        known = partial(found, format=audio_format, name=stored.media.name if stored else "")
        if status is not None and (stored is None or status.st_size == stored.media.size_bytes):
            tag = stored.media.sha256 if stored else f"{status.st_size:x}-{status.st_mtime_ns:x}"
            return known(Standing.READY, path=path, tag=tag)
        sources = tuple(copies(entry, self._outbox, self._destinations))
        if sources and stored is not None:
            return known(Standing.READY, tag=stored.media.sha256, sources=sources)
        return known(Standing.GONE, reason="it is not on this host any more, and cannot be read back")

    def _has_manifest(self, recording_id: str) -> bool:
        manifest = self._journal / f"{recording_id}.json"
        return off_hub(partial(_status, manifest), manifest.name) is not None

    def _fetch(self, found: Found, target: Path) -> None:
        """Read a recording back from the first place that gives it whole. Raises: StoreError."""
        failure: StoreError = StoreUnavailable(f"{found.recording_id}: no copy of it can be read back")
        for source in found.sources:
            try:
                _copied(source, target)
            except StoreError as exc:
                failure = exc
                log.warning(
                    "recording_not_read_back",
                    recording_id=found.recording_id,
                    place=source.place,
                    reason=str(exc),
                )
            else:
                log.info("recording_read_back", recording_id=found.recording_id, place=source.place)
                return
        raise failure

    def _convert(self, original: Path, audio_format: AudioFormat, target: Path) -> None:
        """Encode a recording anew, off the hub. Raises: Unprocessable, Interrupted."""
        work = partial(convert, original, target, audio_format, lambda: self._closing)
        failure = self._encoder.apply(work)
        if failure is not None:
            raise failure


def _copied(source: Source, target: Path) -> None:
    """Copy a source, block by block, and compare it with what was recorded. Raises: StoreError."""
    digest = hashlib.sha256()
    try:
        with (
            off_hub(partial(target.open, "wb"), target.name) as file,
            closing(source.open()) as media,
        ):
            for block in blocks_of(media):
                off_hub(partial(_written, cast("BinaryIO", file), block, digest.update), target.name)
            off_hub(file.flush, target.name)
    except OSError as exc:
        raise StoreUnavailable(f"{source.place}: {exc.strerror or exc}") from exc
    if source.sha256 and digest.hexdigest() != source.sha256:
        raise StoreUnavailable(f"{source.place}: what is there is not the recording, its checksum differs")


def _written(file: BinaryIO, block: bytes, update: Callable[[bytes], None]) -> None:
    update(block)
    file.write(block)


def _status(path: Path) -> os.stat_result | None:
    """Return what the system says of a regular file, None when there is none."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _format_of(suffix: str) -> AudioFormat:
    try:
        return AudioFormat(suffix.removeprefix("."))
    except ValueError:
        return AudioFormat.WAV


def _why(found: Found) -> str:
    return found.reason or f"a recording that is {found.standing}"
