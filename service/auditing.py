"""Puts an audit together: the register, the manifests, the disk and, when asked to, the destinations."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

import gevent

from recording import audit, survey
from recording.audit import Audit, Circumstances, Judged
from recording.survey import Found, Survey
from storage.destination import Destination, Verifiable
from storage.errors import StoreError
from storage.outbox import Outbox
from storage.register_row import Entry, Wanted

MAX_ORPHANS = 10_000
"""Files that are listed; more have one cause."""


@dataclass(slots=True)
class Verified:
    """What the destinations said. `not_asked`: copies by the reason why their destination was not asked."""

    there: int = 0
    absent: int = 0
    not_asked: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Findings:
    """An audit, and what was found on disk besides.

    Attributes: orphans: media nobody knows of; old_manifests: recordings nobody could finish for a day, and
    manifests nobody could read; verified: None when the destinations were not to be asked.
    """

    audit: Audit
    orphans: tuple[Found, ...]
    old_manifests: tuple[Found, ...]
    verified: Verified | None

    @property
    def is_clean(self) -> bool:
        """Whether nobody has to look at anything."""
        return not self.audit.gap_count and not self.orphans and not self.old_manifests


class Auditor:
    """Audits one outbox and its recordings directory.

    Args: destinations: by kind, for `verify`; clock: epoch seconds.
    """

    def __init__(
        self,
        outbox: Outbox,
        recordings_dir: Path,
        destinations: Mapping[str, Destination] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        self._survey = Survey(recordings_dir)
        self._destinations = destinations or {}
        self._clock = clock

    def circumstances(self) -> Circumstances:
        """Return what a recording is judged by now; to be asked before the register is read."""
        ids = frozenset(one.recording_id for one in self._survey.manifests())
        return Circumstances(ids, self._clock(), media_fault)

    def run(self, wanted: Wanted, *, verify: bool = False) -> Findings:
        """Judge the recordings wanted, and look through the directory; blocks the calling greenlet."""
        now_s = self._clock()
        manifests = self._survey.manifests()
        verified = Verified() if verify else None
        around = Circumstances(frozenset(one.recording_id for one in manifests), now_s, media_fault)
        if verified is not None:
            around = replace(around, absent_from=partial(self._absent_from, verified))
        register = self._outbox.register
        forgotten = register.forgotten(wanted)
        found = audit.run(register.entries(wanted), around, forgotten)
        strays = survey.orphans(self._survey, around.manifests, register.known, now_s)
        return Findings(
            audit=found,
            orphans=tuple(islice(strays, MAX_ORPHANS)),
            old_manifests=tuple(one for one in manifests if _is_old(one, now_s)),
            verified=verified,
        )

    def open_gaps(self, wanted: Wanted) -> Audit:
        """Judge only what may be a gap, which is quick; neither disk nor destinations are looked through."""
        around = self.circumstances()
        found = Audit(around.now_s)
        for entry in self._outbox.register.entries(replace(wanted, is_open=True)):
            found.add(audit.judge(entry, around))
        return found

    def judge(self, entry: Entry, around: Circumstances) -> Judged:
        """Return the standing of one recording."""
        return audit.judge(entry, around)

    def _absent_from(self, verified: Verified, entry: Entry) -> tuple[str, ...]:
        absent: list[str] = []
        if entry.stored is None:
            return ()
        for copy in self._outbox.copies(entry.row.recording_id):
            destination: object = self._destinations.get(copy.target.kind)
            if not isinstance(destination, Verifiable):
                verified.not_asked[f"{copy.target.kind}: cannot be asked"] += 1
                continue
            try:
                is_there = destination.holds(
                    entry.stored.media, entry.stored.metadata, copy.target.parameters, copy.receipt
                )
            except StoreError as exc:
                verified.not_asked[f"{copy.key}: {exc}"] += 1
                continue
            if is_there:
                verified.there += 1
            else:
                verified.absent += 1
                absent.append(copy.key)
        return tuple(absent)


def media_fault(entry: Entry) -> str:
    """Say what is wrong with the file of a recording that is still to be delivered, "" for nothing."""
    if entry.stored is None or entry.stored.media_deleted_at is not None:
        return ""
    media = entry.stored.media
    size_bytes: int | None = gevent.get_hub().threadpool.apply(_size, (media.path,))
    if size_bytes is None:
        return f"its file is gone: {media.path}"
    if size_bytes not in (media.size_bytes, UNKNOWN):
        return f"its file has {size_bytes} bytes, and had {media.size_bytes}: {media.path}"
    return ""


UNKNOWN = -1
"""The size of a file that this process may not look at."""


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return UNKNOWN


def _is_old(manifest: Found, now_s: float) -> bool:
    is_readable = manifest.path.suffix == ".json"
    return not is_readable or manifest.modified_at < now_s - survey.MANIFEST_OLD_S
