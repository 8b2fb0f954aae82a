"""Media as it streams through: a block at a time, disk reads off the hub."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, Protocol, runtime_checkable

from storage.disk_work import on_disk

BLOCK_BYTES = 256 * 1024
"""A hop into the thread pool costs about 0.1 ms; at this size the disk or the network sets the pace."""


@runtime_checkable
class SelfHashed(Protocol):
    """A stream that hashes itself as it is read (storage.media.MediaStream): nobody needs to do it again."""

    @property
    def md5_base64(self) -> str:
        """Base64 MD5 of what was read so far, as CouchDB writes digests."""


def is_file(source: BinaryIO) -> bool:
    """Whether a source is a file of this host, which stalls the hub when read on it."""
    try:
        return stat.S_ISREG(os.fstat(source.fileno()).st_mode)
    except (AttributeError, OSError):  # a stream of our own, or of the network's (io.UnsupportedOperation)
        return False


def blocks_of(source: BinaryIO) -> Iterator[bytes]:
    """Yield a source to its end; files are read in the thread pool, streams in this greenlet."""
    read: Callable[[], bytes] = partial(source.read, BLOCK_BYTES)
    if is_file(source):
        read = partial(on_disk, read)
    while block := read():
        yield block
