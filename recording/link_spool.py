"""Files made for links: copies fetched back from where they were delivered, and other formats.

Each is made once for all who ask meanwhile, under a name nobody takes for a recording until it is whole, and
goes when nobody has asked for it, or read it, for a while. Nothing here is the only copy of anything.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import gevent
import structlog
from gevent.lock import BoundedSemaphore

from config.errors import CallflowsError
from recording.errors import Interrupted, LinkBusy
from storage.errors import StoreError
from storage.media import off_hub

DIRECTORY = "links"
"""In the recordings directory, beside the days: FreeSWITCH must be able to play what is there."""

KEEP_S = 3600.0
"""After the last use: somebody who listens comes back within minutes."""

MAX_BYTES = 4_000_000_000
"""Of all of them, above which those unused the longest go early."""

RECENT_S = 60.0
"""What was used so lately stays all the same: whoever asked for it is about to read it."""

AT_ONCE = 4
MAX_WAITING = 64
"""Files made at the same time, and asked for meanwhile; beyond that somebody asks for everything there is."""

TIDY_S = 300.0

PARTIAL = ".part"

log = structlog.get_logger(__name__)


class LinkSpool:
    """One such directory; several processes may share it. Args: keep_s, max_bytes: see the constants."""

    def __init__(self, recordings_dir: Path, *, keep_s: float = KEEP_S, max_bytes: int = MAX_BYTES) -> None:
        self.directory = recordings_dir / DIRECTORY
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._room = BoundedSemaphore(AT_ONCE)
        self._made: dict[str, gevent.Greenlet] = {}
        self._tidier: gevent.Greenlet | None = None

    def start(self) -> None:
        """Tidy up from now on."""
        if self._tidier is None:
            self._tidier = gevent.spawn(self._keep_tidy)

    def close(self) -> None:
        """Give up what is being made, and tidy no more."""
        gevent.killall([*self._made.values(), *([self._tidier] if self._tidier else [])])
        self._tidier = None

    def get(self, name: str, make: Callable[[Path], object], wait_s: float) -> Path | None:
        """Return a file, made if it is not there; None when that takes longer than `wait_s`, and goes on.

        Args: name: of the file, made by us; make: writes the file it is given, in a greenlet of its own.
        Raises: what `make` raises of ours; LinkBusy: too much is being made.
        """
        path = self.directory / name
        if off_hub(partial(_use, path), name):
            return path
        making = self._made.get(name)
        if making is None:
            if len(self._made) >= MAX_WAITING:
                raise LinkBusy(f"{len(self._made)} files are being made for links already")
            making = self._made[name] = gevent.spawn(self._make, path, make)
        making.join(wait_s)
        if not making.ready():
            return None
        if not making.successful():
            raise making.exception
        failure = making.value
        if isinstance(failure, CallflowsError):
            raise failure
        if failure is not None:  # killed: GreenletExit
            raise Interrupted("the engine closes")
        return path

    def drop(self, stem: str) -> None:
        """Delete what was made under a name, whatever its extension. Raises: StoreUnavailable."""
        off_hub(partial(_dropped, self.directory, stem), stem)

    def tidy(self) -> int:
        """Delete what is old, and what is too much. Returns: how many files. Raises: StoreUnavailable."""
        return off_hub(partial(_tidied, self.directory, self._keep_s, self._max_bytes), str(self.directory))

    def _make(self, path: Path, make: Callable[[Path], object]) -> CallflowsError | None:
        """Make a file. Returns: what went wrong, for those who wait: gevent prints what a greenlet raises."""
        part = path.with_name(f".{path.stem}.{os.getpid()}{PARTIAL}{path.suffix}")
        try:
            with self._room:
                off_hub(partial(_prepare, path.parent), path.parent.name)
                make(part)
                off_hub(partial(part.replace, path), path.name)
        except CallflowsError as exc:
            log.warning("link_file_not_made", file=path.name, reason=str(exc))
            return exc
        finally:
            self._made.pop(path.name, None)
            gevent.get_hub().threadpool.spawn(_remove, part)
        return None

    def _keep_tidy(self) -> None:
        while True:
            try:
                self.tidy()
            except StoreError as exc:
                log.warning("link_files_not_tidied", reason=str(exc), next="tried again")
            gevent.sleep(TIDY_S)


def _use(path: Path) -> bool:
    """Note that a file is used; return whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _prepare(directory: Path) -> None:
    """Make the directory, with the mode of the recordings': FreeSWITCH must come in (recording.spool)."""
    if not directory.is_dir():
        directory.mkdir(exist_ok=True)
        directory.chmod(directory.parent.stat().st_mode & 0o7777)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _dropped(directory: Path, stem: str) -> None:
    for path in directory.glob(f"{stem}.*"):
        _remove(path)


def _used_at(path: str, status: os.stat_result) -> float:
    """Return when a file was asked for, or read: FreeSWITCH opens a sound without end anew for each round.

    That is noted in the other time as well: of further reads the system says nothing before (relatime).
    """
    if status.st_atime > status.st_mtime:
        with suppress(OSError):
            os.utime(path, (status.st_atime, status.st_atime))
    return max(status.st_atime, status.st_mtime)


def _tidied(directory: Path, keep_s: float, max_bytes: int) -> int:
    found = []
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return 0
    for entry in entries:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        found.append((_used_at(entry.path, status), status.st_size, entry.path))
    deleted, taken, now = 0, 0, time.time()
    for used_at, size_bytes, path in sorted(found, reverse=True):
        taken += size_bytes
        unused_s = now - used_at
        if unused_s > keep_s or (taken > max_bytes and unused_s > RECENT_S):
            _remove(Path(path))
            taken -= size_bytes
            deleted += 1
    return deleted
