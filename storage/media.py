"""Reads finished media in small blocks off the hub, and vouches for every byte that leaves.

A file of any size passes through in constant memory: each block is read and hashed in the thread pool,
the hub only hands it on. What a destination receives is what was measured when the recording ended: the
last block is held back until the checksum agrees, so a file cut or changed on disk is never delivered
as whole.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import gevent

from storage.destination import Media
from storage.errors import MediaDamaged, StoreUnavailable

BLOCK_BYTES = 256 * 1024
"""One hop into the thread pool costs about 0.1 ms; at this size hashing, not hopping, sets the pace."""

MEASURED_BYTES = 16 * BLOCK_BYTES
"""Hashed in one hop: a short recording needs no second one, a long one lets others at the pool in between."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """Size and checksum of a file as it stands on disk (sha256 in hex)."""

    size_bytes: int
    sha256: str


def off_hub(work: Callable[[], T], name: str) -> T:
    """Run disk work in the thread pool, and say what failed in our own words.

    Args: name: the file as it may be told to an operator.
    Raises: StoreUnavailable: whatever the system reports.
    """
    result: T | OSError = gevent.get_hub().threadpool.apply(_caught, (work,))
    if isinstance(result, OSError):
        raise StoreUnavailable(f"{name}: {result.strerror or result}") from result
    return result


def _caught(work: Callable[[], T]) -> T | OSError:
    """Return an error instead of raising it: gevent prints whatever is raised in a pool thread."""
    try:
        return work()
    except OSError as exc:
        return exc


def _opened(path: Path, name: str) -> BinaryIO:
    return _if_there(partial(_open_raw, path), name)


def _if_there(work: Callable[[], T], name: str) -> T:
    """As `off_hub`. Raises: MediaDamaged: there is no such file."""
    try:
        return off_hub(work, name)
    except StoreUnavailable as exc:
        if isinstance(exc.__cause__, FileNotFoundError):
            raise MediaDamaged(name, "the file is gone") from exc
        raise


def _open_raw(path: Path) -> BinaryIO:
    return path.open("rb", buffering=0)


def measure(path: Path) -> Measured:
    """Hash a finished file and make it durable.

    The file is also synced to disk: from here on a row in the outbox may vouch for its content, and a
    power cut must not make that row a lie.
    Raises: MediaDamaged (no such file), StoreUnavailable (it cannot be read).
    """
    measuring = _Measuring()
    try:
        while not _if_there(partial(measuring.go_on, path), path.name):
            pass
    finally:
        measuring.close()
    return Measured(measuring.size_bytes, measuring.digest.hexdigest())


class _Measuring:
    """Reads a file from its beginning, MEASURED_BYTES at a time. To be used in the thread pool."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.size_bytes = 0
        self._source: BinaryIO | None = None

    def go_on(self, path: Path) -> bool:
        """Read more; return whether that was all, and is on disk. Raises: OSError."""
        if self._source is None:
            self._source = _open_raw(path)
        end = self.size_bytes + MEASURED_BYTES
        while self.size_bytes < end:
            block = _hashed_block(self._source, self.digest.update)
            if not block:
                os.fsync(self._source.fileno())
                return True
            self.size_bytes += len(block)
        return False

    def close(self) -> None:
        """Let the file go."""
        if self._source is not None:
            self._source.close()


def _hashed_block(source: BinaryIO, *updates: Callable[[bytes], None]) -> bytes:
    block = source.read(BLOCK_BYTES)
    for update in updates:
        update(block)
    return block


class MediaStream:
    """One pass over a finished file: `read`, iterate, `len()`; it ends only if it is what was measured.

    Its length is known beforehand (`len()`), so that a Content-Length can be sent. `complete` says
    whether every byte was handed out.

    Raises (from `read` and iteration): MediaDamaged, StoreUnavailable.
    """

    def __init__(self, media: Media, *, with_md5: bool = False) -> None:
        """Open the file. Args: with_md5: whether `md5_base64` will be asked for, which costs its time."""
        self._media = media
        self._file = _opened(media.path, media.name)
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._updates = (self._sha256.update, self._md5.update) if with_md5 else (self._sha256.update,)
        self._taken = 0
        self._rest = b""
        self.complete = False

    def __len__(self) -> int:
        return self._media.size_bytes

    def __bool__(self) -> bool:
        return True  # an empty file is still a body

    def __enter__(self) -> MediaStream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(BLOCK_BYTES):
            yield block

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of what was read so far."""
        return self._sha256.hexdigest()

    @property
    def md5_base64(self) -> str:
        """Base64 MD5 of what was read so far, as CouchDB writes digests."""
        return base64.b64encode(self._md5.digest()).decode()

    def seekable(self) -> bool:
        """Say that there is no going back: it is checked in one pass, and a second try is the outbox's."""
        return False

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes (all that are left when negative), b"" at the verified end."""
        if size < 0:
            return b"".join(self)
        if not self._rest:
            self._rest = self._next_block()
        taken, self._rest = self._rest[:size], self._rest[size:]
        self.complete = not self._rest and self._taken == self._media.size_bytes
        return taken

    def close(self) -> None:
        """Close the file; may be called twice."""
        self._file.close()

    def _next_block(self) -> bytes:
        if self.complete:
            return b""
        block = off_hub(partial(_hashed_block, self._file, *self._updates), self._media.name)
        self._taken += len(block)
        if self._taken > self._media.size_bytes:
            raise MediaDamaged(self._media.name, f"has grown past its {self._media.size_bytes} bytes")
        if self._taken == self._media.size_bytes:
            self._check_end()
        elif not block:
            missing = self._media.size_bytes - self._taken
            raise MediaDamaged(self._media.name, f"ends {missing} bytes before its measured length")
        return block

    def _check_end(self) -> None:
        if off_hub(lambda: self._file.read(1), self._media.name):
            raise MediaDamaged(self._media.name, f"has grown past its {self._media.size_bytes} bytes")
        if self.sha256 != self._media.sha256:
            raise MediaDamaged(self._media.name, "its content changed since it was measured")
