"""The journal: a small manifest for each recording that is not yet safe in the outbox.

It is what is left when FreeSWITCH and every engine died: at start-up each manifest is a recording to be
finished (see recording.reconcile). Writing never delays a call: one greenlet takes what was noted, in order,
and writes it in a thread of its own, many at a time where many are waiting. A manifest that cannot be written
costs nothing but that safety, and says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import gevent
import gevent.threadpool
import structlog
from gevent.event import Event
from gevent.queue import Queue

from recording import segment, timeline
from recording.ending import Asked
from recording.errors import BadTicket
from recording.naming import JOURNAL_DIRECTORY, is_recording_id
from recording.segment import Segment
from recording.ticket import MAX_MANIFEST_BYTES, Ticket, from_data, parse
from recording.timeline import Mark

BATCH = 64
"""Notes written in one go: a burst of calls shares one sync of the directory."""

MANIFEST_MODE = 0o600
"""It may hold a URL with a password."""

UNREADABLE_SUFFIX = ".unreadable"
"""What is put behind the name of a manifest that nobody can read, so that it is not tried for ever."""

log = structlog.get_logger(__name__)

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A recording that is not finished.

    Attributes: asked: what FreeSWITCH was last told; started_at_us: when it said that it began (epoch us),
    0: not yet; owner: the process that looks after it (storage.outbox_owner); answered_at_us,
    bridged_at_us: when its leg was, 0: not yet; marks: its timeline; paused, masks: what it leaves out, and
    why; unwanted: why it is to be thrown away, "" when it is not; segments: its files so far, () for the
    one that its ticket names.
    """

    ticket: Ticket
    asked: Asked = Asked.NOTHING
    started_at_us: int = 0
    owner: str = ""
    answered_at_us: int = 0
    bridged_at_us: int = 0
    marks: tuple[Mark, ...] = ()
    paused: bool = False
    masks: tuple[str, ...] = ()
    unwanted: str = ""
    segments: tuple[Segment, ...] = ()

    @property
    def current(self) -> Segment:
        """The file that was written last, as far as is known."""
        return self.segments[-1] if self.segments else Segment(self.ticket.uuid)

    @property
    def is_waiting(self) -> bool:
        """Whether FreeSWITCH was left to begin it with the answer or the bridge, and has not, as is known."""
        request = self.ticket.request
        return (request.on_answer or request.on_bridge) and not self.started_at_us


@dataclass(frozen=True, slots=True)
class _Note:
    """Disk work to be done in its turn, and who waits for it."""

    work: Callable[[], None] | None
    done: Event | None = None
    is_last: bool = False


class Journal:
    """The manifests of one recordings directory. Several processes may share it: each id has one owner."""

    def __init__(self, recordings_dir: Path) -> None:
        self._recordings_dir = recordings_dir
        self._directory = recordings_dir / JOURNAL_DIRECTORY
        self._notes = Queue()
        self._pool = gevent.threadpool.ThreadPool(1)
        self._writer = gevent.spawn(self._write_all)

    def note(self, manifest: Manifest) -> None:
        """Have a manifest written, or written anew; returns at once."""
        path = manifest.ticket.name.manifest_path(self._recordings_dir)
        self._notes.put(_Note(lambda: _write(path, manifest)))

    def forget(self, ticket: Ticket) -> None:
        """Have a manifest removed, after all that was noted before; returns at once."""
        path = ticket.name.manifest_path(self._recordings_dir)
        self._notes.put(_Note(lambda: path.unlink(missing_ok=True)))

    def flush(self) -> None:
        """Wait until all that was noted is on disk."""
        done = Event()
        self._notes.put(_Note(None, done))
        done.wait()

    def read(self, recording_id: str) -> Manifest | None:
        """Return one manifest, None when there is none (any more) or it is unreadable."""
        if not is_recording_id(recording_id):
            return None
        path = self._directory / f"{recording_id}.json"
        return self._off_hub(lambda: _read(path))

    def pending(self) -> Iterator[Manifest]:
        """Yield every manifest there is. One that cannot be read is set aside under another name."""
        for recording_id in self._off_hub(lambda: _listed(self._directory)):
            manifest = self.read(recording_id)
            if manifest is not None:
                yield manifest

    def close(self) -> None:
        """Write what was noted, and end."""
        self._notes.put(_Note(None, is_last=True))
        self._writer.join()
        self._pool.kill()

    def _off_hub(self, work: Callable[[], _Result]) -> _Result:
        result: _Result = self._pool.apply(work)
        return result

    def _write_all(self) -> None:
        batch: list[_Note] = []
        while not any(note.is_last for note in batch):
            batch = [self._notes.get()]
            while len(batch) < BATCH and not self._notes.empty():
                batch.append(self._notes.get())
            works = [note.work for note in batch if note.work is not None]
            failed = self._off_hub(partial(_carry_out, self._directory, works)) if works else ""
            if failed:
                log.error("recording_journal_write_failed", reason=failed, recordings=len(works))
            for note in batch:
                if note.done is not None:
                    note.done.set()


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


def _write(path: Path, manifest: Manifest) -> None:
    data: dict[str, Any] = {
        "ticket": manifest.ticket.data(),
        "asked": manifest.asked.value,
        "started_at_us": manifest.started_at_us,
        "owner": manifest.owner,
        "answered_at_us": manifest.answered_at_us,
        "bridged_at_us": manifest.bridged_at_us,
        "marks": [mark.data() for mark in manifest.marks],
        "paused": manifest.paused,
        "masks": list(manifest.masks),
        "unwanted": manifest.unwanted,
        "segments": [one.data() for one in manifest.segments],
    }
    text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".partial")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MANIFEST_MODE)
    with os.fdopen(descriptor, "wb") as target:
        target.write(text)
        target.flush()
        os.fsync(target.fileno())
    unfinished.replace(path)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _listed(directory: Path) -> list[str]:
    try:
        return sorted(path.stem for path in directory.glob("*.json") if is_recording_id(path.stem))
    except OSError:
        return []


def _read(path: Path) -> Manifest | None:
    try:
        with path.open("rb") as source:
            text = source.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as exc:
        log.warning("recording_manifest_not_read", file=path.name, reason=exc.strerror or str(exc))
        return None
    try:
        return _manifest(parse(text, MAX_MANIFEST_BYTES))
    except BadTicket as exc:
        with suppress(OSError):
            path.replace(path.with_suffix(UNREADABLE_SUFFIX))
        log.warning("recording_manifest_set_aside", file=path.name, reason=str(exc))
        return None


def _manifest(data: Any) -> Manifest:
    if not isinstance(data, dict):
        raise BadTicket("a manifest is a JSON object")
    try:
        asked = Asked(str(data.get("asked")))
    except ValueError as exc:
        raise BadTicket("a manifest tells what was asked of its recording") from exc
    owner, masks, unwanted = data.get("owner"), data.get("masks", []), data.get("unwanted", "")
    if not isinstance(owner, str) or not isinstance(unwanted, str):
        raise BadTicket("a manifest tells who looks after its recording")
    if not isinstance(masks, list) or not all(isinstance(why, str) for why in masks):
        raise BadTicket("a manifest tells why its recording is masked")
    return Manifest(
        from_data(data.get("ticket")),
        asked,
        _moment(data, "started_at_us"),
        owner,
        answered_at_us=_moment(data, "answered_at_us"),
        bridged_at_us=_moment(data, "bridged_at_us"),
        marks=timeline.from_data(data.get("marks", [])),
        paused=data.get("paused") is True,
        masks=tuple(masks),
        unwanted=unwanted,
        segments=segment.from_data(data.get("segments", [])),
    )


def _moment(data: dict[str, Any], key: str) -> int:
    at_us = data.get(key, 0)
    if not isinstance(at_us, int) or isinstance(at_us, bool) or not 0 <= at_us < 2**62:
        raise BadTicket(f"{key} of a manifest is a moment")
    return at_us
