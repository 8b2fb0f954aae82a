"""Streams of what remote places give back: of an open connection, or piece by piece.

Whoever reads compares the whole with what was delivered (checksum and size), so nothing is judged here but
that a piece is as long as it should be.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO, cast

from storage.errors import DeliveryFailed, ExchangeFailed
from storage.guarded_http import Reply, Terms

PIECE_BYTES = 4 * 1024 * 1024
"""One request each, with a deadline of its own; more of them cost round trips, longer ones memory."""

PIECE_TERMS = Terms(body_bytes=PIECE_BYTES)


class RemoteStream(io.RawIOBase):
    """Reads what is closed behind it. Args: read: returns up to so many bytes, b"" once, at the end."""

    def __init__(self, read: Callable[[int], bytes], closing: ExitStack) -> None:
        super().__init__()
        self._take = read
        self._closing = closing
        self._is_over = False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed has any buffer
        """Read into a buffer. Raises: StoreError."""
        data = b"" if self._is_over else self._take(len(buffer))
        self._is_over = not data
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close everything; may be called twice."""
        if not self.closed:
            super().close()
            self._closing.close()


class _Pieces:
    """Hands out a remote file, asking for the next piece when one is used up."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self._size = size
        self._fetch = fetch
        self._at = 0
        self._rest = memoryview(self._next())

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes. Raises: StoreError."""
        if not self._rest:
            self._rest = memoryview(self._next())
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    def _next(self) -> bytes:
        start, end = self._at, min(self._at + PIECE_BYTES, self._size)
        if start == end:
            return b""
        piece = self._fetch(start, end)
        if len(piece) != end - start:
            raise DeliveryFailed(f"gave {len(piece)} bytes back instead of {end - start}", retryable=True)
        self._at = end
        return piece


def in_pieces(size: int, fetch: Callable[[int, int], bytes]) -> BinaryIO:
    """Return a remote file of `size` bytes; the first piece is asked for at once.

    Args: fetch: returns the bytes from one place on and before another. Raises: what `fetch` raises.
    """
    return cast("BinaryIO", RemoteStream(_Pieces(size, fetch).read, ExitStack()))


def range_header(start: int, end: int) -> str:
    """Return the header that asks for some bytes (RFC 9110, section 14.2)."""
    return f"bytes={start}-{end - 1}"


def piece_of(reply: Reply) -> bytes:
    """Return what a store answered to that header; 200 is all of a file that is short enough."""
    if reply.is_cut or reply.status not in (200, 206):
        raise ExchangeFailed(f"answered {reply.status} to a range", retryable=False)
    return reply.body
