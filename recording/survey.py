"""The recordings directory as an audit sees it: manifests, and media that nobody knows of.

Media bear the id of their recording (recording.naming), and so does what processing makes of them. A file
whose id has neither manifest nor row in the register is an orphan: its engine was killed between the command
and the first note of it, and nobody heard its end; or its rows are older than the register goes back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import gevent

from recording.manifest import UNREADABLE_SUFFIX
from recording.naming import JOURNAL_DIRECTORY

ORPHAN_AFTER_S = 600.0
"""A file that was written to more lately may be one whose first note is on its way."""

MANIFEST_OLD_S = 86_400.0
"""No recording takes a day from its last change to the outbox."""

BATCH = 500

_DAY = re.compile(r"[0-9]{8}\Z")
_ID = re.compile(r"[0-9a-f]{32}(?![0-9a-f])")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """A file. `recording_id`: "" when its name tells none; modified_at: epoch seconds."""

    path: Path
    recording_id: str
    size_bytes: int
    modified_at: float


class Survey:
    """Looks through one recordings directory, in threads; changes nothing."""

    def __init__(self, recordings_dir: Path) -> None:
        self._dir = recordings_dir

    def manifests(self) -> tuple[Found, ...]:
        """Return the manifests there are, those that nobody could read among them."""
        files = _off_hub(partial(_files, self._dir / JOURNAL_DIRECTORY))
        return tuple(one for one in files if one.path.suffix in (".json", UNREADABLE_SUFFIX))

    def media(self) -> Iterator[list[Found]]:
        """Yield the files of all days, some hundred at a time."""
        for day in _off_hub(partial(_days, self._dir)):
            files = _off_hub(partial(_files, day))
            for start in range(0, len(files), BATCH):
                yield files[start : start + BATCH]

    def of(self, recording_id: str, directory: Path) -> tuple[Found, ...]:
        """Return the files of one recording in one of the days."""
        return tuple(one for one in _off_hub(partial(_files, directory)) if one.recording_id == recording_id)


def orphans(
    survey: Survey,
    manifests: frozenset[str],
    known: Callable[[Sequence[str]], frozenset[str]],
    now_s: float,
) -> Iterator[Found]:
    """Yield media that nobody knows of. Args: known: those of some ids that have a row; now_s: epoch s."""
    for batch in survey.media():
        old = [one for one in batch if one.modified_at < now_s - ORPHAN_AFTER_S]
        ids = [one.recording_id for one in old if one.recording_id and one.recording_id not in manifests]
        rows = known(ids) if ids else frozenset()
        yield from (one for one in old if one.recording_id not in manifests | rows)


def _off_hub(work: Callable[[], T]) -> T:
    result: T = gevent.get_hub().threadpool.apply(work)
    return result


def _days(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if _DAY.match(path.name) and path.is_dir())
    except OSError:  # made at the first start
        return []


def _files(directory: Path) -> list[Found]:
    """Return the plain files of a directory; what vanishes meanwhile is left out."""
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                one = _found(entry)
                if one is not None:
                    found.append(one)
    except OSError:
        return []
    return sorted(found, key=lambda one: one.path)


def _found(entry: os.DirEntry[str]) -> Found | None:
    try:
        if not entry.is_file(follow_symlinks=False):
            return None
        stat = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    named = _ID.match(entry.name)
    return Found(Path(entry.path), named[0] if named else "", stat.st_size, stat.st_mtime)
