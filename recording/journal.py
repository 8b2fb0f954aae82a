"""The journal: a small manifest for each recording that is not yet safe in the outbox.

It is what is left when FreeSWITCH and every engine died: at start-up each manifest is a recording to be
finished (see recording.reconcile). Writing never delays a call: one greenlet takes what was noted, in order,
and writes it in a thread of its own, what came within GATHER_S in one go, and of each recording what is known
last. A manifest that cannot be written
costs nothing but that safety, and says so.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import gevent
import gevent.threadpool
import structlog
from gevent.event import Event
from gevent.queue import Queue

from recording import manifest as manifests
from recording.errors import BadTicket
from recording.manifest import AHEAD_SUFFIX, MANIFEST_MODE, UNFINISHED_SUFFIX, Manifest
from recording.naming import JOURNAL_DIRECTORY, is_recording_id
from recording.ticket import Ticket

BATCH = 64
"""Notes written in one go: a burst of calls shares one sync of the directory."""

GATHER_S = 0.02
"""What a note waits for others: each sync costs more than the note, and a recording's end is noted several
times within milliseconds. What a killed engine had not written yet, the next one finds in the file itself."""

AHEAD_WAIT_S = 0.010
"""What a recording waits for its first manifest, half a media frame; a slow disk does not hold it up."""

AHEAD_THREADS = 2

LEFT_LYING_S = 60.0
"""A file that is so long not in its place has lost its writer."""

LOCK = f"{JOURNAL_DIRECTORY}.lock"
"""Beside the directory; held while a manifest changes hands, so that two processes do not both take it."""

log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Note:
    """Disk work on a manifest, to be done in its turn; or somebody who waits for what came before."""

    path: Path | None = None
    work: Callable[[], None] | None = None
    done: Event | None = None
    is_last: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether it is not to wait for others."""
        return self.work is None


class Journal:
    """The manifests of one recordings directory. Several processes may share it: each id has one owner."""

    def __init__(self, recordings_dir: Path) -> None:
        self._recordings_dir = recordings_dir
        self._directory = recordings_dir / JOURNAL_DIRECTORY
        self._notes = Queue()
        self._pool = gevent.threadpool.ThreadPool(1)
        self._ahead = gevent.threadpool.ThreadPool(AHEAD_THREADS)
        self._writer = gevent.spawn(self._write_all)

    def announce(self, manifest: Manifest) -> None:
        """Have the first manifest of a recording written; waits for that no longer than AHEAD_WAIT_S.

        Before FreeSWITCH is asked to record: an engine that is killed right after has left a trace of it.
        """
        path = manifest.ticket.name.manifest_path(self._recordings_dir)
        self._ahead.spawn(_write_ahead, path, manifest).wait(AHEAD_WAIT_S)

    def take(self, manifest: Manifest, owner: str) -> bool:
        """Make `owner` the one who looks after a recording that nobody does; blocks the calling greenlet.

        Args: manifest: as it was read, or of a recording that has none. Returns: False when somebody else was
        faster, or the disk does not let us.
        """
        path = manifest.ticket.name.manifest_path(self._recordings_dir)
        return self._off_hub(partial(_take, path, manifest, owner))

    def note(self, manifest: Manifest) -> None:
        """Have a manifest written, or written anew; returns at once."""
        path = manifest.ticket.name.manifest_path(self._recordings_dir)
        self._notes.put(_Note(path, partial(manifests.write, path, manifest)))

    def forget(self, ticket: Ticket) -> None:
        """Have a manifest removed, after all that was noted before; returns at once."""
        path = ticket.name.manifest_path(self._recordings_dir)
        self._notes.put(_Note(path, partial(path.unlink, missing_ok=True)))

    def flush(self) -> None:
        """Wait until all that was noted is on disk."""
        done = Event()
        self._notes.put(_Note(done=done))
        done.wait()

    def read(self, recording_id: str) -> Manifest | None:
        """Return one manifest, None when there is none (any more) or it is unreadable."""
        if not is_recording_id(recording_id):
            return None
        path = self._directory / f"{recording_id}.json"
        return self._off_hub(lambda: manifests.read(path))

    def pending(self) -> Iterator[Manifest]:
        """Yield every manifest there is. One that cannot be read is set aside under another name."""
        for recording_id in self._off_hub(lambda: _listed(self._directory)):
            manifest = self.read(recording_id)
            if manifest is not None:
                yield manifest

    def close(self) -> None:
        """Write what was noted, and end."""
        self._notes.put(_Note(is_last=True))
        self._writer.join()
        self._ahead.kill()
        self._pool.kill()

    def _off_hub(self, work: Callable[[], _Result]) -> _Result:
        result: _Result = self._pool.apply(work)
        return result

    def _gathered(self) -> list[_Note]:
        """Wait for a note, and for those that come right behind it."""
        batch = [self._notes.get()]
        self._take_waiting(batch)
        if len(batch) < BATCH and not any(note.is_urgent for note in batch):
            gevent.sleep(GATHER_S)
            self._take_waiting(batch)
        return batch

    def _take_waiting(self, batch: list[_Note]) -> None:
        while len(batch) < BATCH and not self._notes.empty():
            batch.append(self._notes.get())

    def _write_all(self) -> None:
        batch: list[_Note] = []
        while not any(note.is_last for note in batch):
            batch = self._gathered()
            works = _latest(batch)
            failed = self._off_hub(partial(_carry_out, self._directory, works)) if works else ""
            if failed:
                log.error("recording_journal_write_failed", reason=failed, recordings=len(works))
            for note in batch:
                if note.done is not None:
                    note.done.set()


def _latest(batch: list[_Note]) -> list[Callable[[], None]]:
    """Return what is to be done: of several works on one manifest the last one."""
    works = {note.path: note.work for note in batch if note.work is not None}
    return list(works.values())


def _carry_out(directory: Path, works: list[Callable[[], None]]) -> str:
    """Do what was noted and make it last; return what went wrong, "" for nothing."""
    failed = ""
    last: Callable[[], None] = partial(_sync_directory, directory)
    for work in (*works, last):
        try:
            work()
        except OSError as exc:
            failed = exc.strerror or str(exc)
    return failed


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_ahead(path: Path, manifest: Manifest) -> None:
    try:
        manifests.write_ahead(path, manifest)
    except OSError as exc:
        log.warning("recording_not_announced", file=path.name, reason=exc.strerror or str(exc))


def _take(path: Path, manifest: Manifest, owner: str) -> bool:
    lock = path.parent.with_name(LOCK)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, MANIFEST_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # freed by the system when this process dies
            there = manifests.read(path)
            if (there.owner if there else "") != manifest.owner:
                return False
            manifests.write(path, replace(there or manifest, owner=owner))
        finally:
            os.close(descriptor)
    except OSError as exc:
        log.warning("recording_not_taken_over", file=path.name, reason=exc.strerror or str(exc))
        return False
    return True


def _listed(directory: Path) -> list[str]:
    """Return the recordings there are manifests of; files that lost their writer are put in place, or go."""
    try:
        for suffix in (UNFINISHED_SUFFIX, AHEAD_SUFFIX):
            for path in directory.glob(f"*{suffix}"):
                _pick_up(path)
        return sorted(path.stem for path in directory.glob("*.json") if is_recording_id(path.stem))
    except OSError:
        return []


def _pick_up(path: Path) -> None:
    """Put a manifest in its place whose writer died on the way, if it is whole and there is none."""
    if not is_recording_id(path.stem) or time.time() - path.stat().st_mtime < LEFT_LYING_S:
        return
    try:
        manifests.from_bytes(path.read_bytes())
        os.link(path, path.with_suffix(".json"))
    except (BadTicket, FileExistsError):
        pass
    with suppress(FileNotFoundError):
        path.unlink()
