"""A file, or a part of it, as the body of an answer: read in blocks, in the thread pool, of any size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from service.byte_range import Span
from storage.errors import StoreError
from storage.media import off_hub

BLOCK_BYTES = 128 * 1024
"""What is in memory for each client; a slow one must take that within a minute."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """Who asked for what, told when the answer is over. Args: log: bound to it."""

    log: Any

    def ended(self, wanted: int, sent: int, failure: str) -> None:
        """Say how much was sent; a client may go away at any moment, which is nobody's fault."""
        if failure:
            self.log.warning("recording_cut_off", bytes=sent, reason=failure)
        else:
            self.log.info("recording_served", bytes=sent, is_complete=sent == wanted)


class FileBody:
    """One open file. It stays readable though its name is deleted meanwhile."""

    def __init__(self, descriptor: int, size: int) -> None:
        self.size = size
        self._descriptor = descriptor
        self._span = Span(0, 0)
        self._sent = 0
        self._failure = ""
        self._accounting: Accounting | None = None

    @classmethod
    def opened(cls, path: Path) -> FileBody:
        """Open a file; to be called in a thread. Raises: OSError."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return cls(descriptor, os.fstat(descriptor).st_size)

    def send(self, span: Span, accounting: Accounting) -> None:
        """Choose what is sent, and who is told of it at the end."""
        self._span = span
        self._accounting = accounting

    def __iter__(self) -> Iterator[bytes]:
        """Yield the part chosen. Raises: ConnectionAbortedError: the client can be sent no more."""
        at = self._span.start
        while at < self._span.end:
            wanted = min(BLOCK_BYTES, self._span.end - at)
            try:
                block = off_hub(partial(os.pread, self._descriptor, wanted, at), "the file")
            except StoreError as exc:
                self._failure = str(exc)
                raise ConnectionAbortedError(self._failure) from exc
            if not block:
                self._failure = f"the file ends {self._span.end - at} bytes too early"
                raise ConnectionAbortedError(self._failure)
            yield block
            at += len(block)
            self._sent += len(block)

    def close(self) -> None:
        """Close the file, and tell; may be called twice."""
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        if self._accounting is not None:
            self._accounting.ended(len(self._span), self._sent, self._failure)
