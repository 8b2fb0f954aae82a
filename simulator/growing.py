"""A file that grows in whole blocks, as one behind a buffer does, on a disk that may be too small."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import CannotOpen, DiskFull


class GrowingFile:
    """Bytes on disk as soon as a block of them is there.

    Args: block_bytes: what is written at once, 0 for everything at once; holds_bytes: what fits on the disk,
    None for no limit; append: keep what is there.
    """

    def __init__(
        self, path: Path, *, block_bytes: int = 0, holds_bytes: int | None = None, append: bool = False
    ) -> None:
        self._block_bytes = block_bytes
        self._holds_bytes = holds_bytes
        self._waiting = bytearray()
        try:
            self._file = path.open("r+b" if append and path.exists() else "w+b", buffering=0)
            self.size = self._file.seek(0, 2)
        except (OSError, ValueError) as exc:
            raise CannotOpen(str(exc)) from exc

    def write(self, data: bytes) -> None:
        """Add bytes at the end.

        Raises: DiskFull: not everything fits; what does is written.
        """
        if not self._block_bytes:
            self._put(data)
            return
        self._waiting += data
        while len(self._waiting) >= self._block_bytes:
            block = bytes(self._waiting[: self._block_bytes])
            del self._waiting[: self._block_bytes]
            self._put(block)

    def overwrite(self, data: bytes) -> None:
        """Replace the first bytes of the file."""
        self._file.seek(0)
        self._file.write(data)
        self._file.seek(0, 2)

    def flush(self) -> None:
        """Write what waits for its block. Raises: DiskFull."""
        waiting = bytes(self._waiting)
        self._waiting.clear()
        self._put(waiting)

    def close(self) -> None:
        """Close it; what waits is lost."""
        self._file.close()

    def _put(self, data: bytes) -> None:
        room = len(data) if self._holds_bytes is None else max(0, self._holds_bytes - self.size)
        try:
            written = self._file.write(data[:room])
        except OSError as exc:
            raise DiskFull(len(data)) from exc
        self.size += written
        if written < len(data):
            raise DiskFull(len(data) - written)
