"""Writes recordings. A file is on disk from the moment it opens, and grows as FreeSWITCH's buffer lets it.

FreeSWITCH gathers 64 KiB of samples before it writes any, unless `enable_file_write_buffering` tells it
otherwise; a process that dies leaves whole buffers and an unfinished header.
Source: FreeSWITCH switch_core_file.c (switch_core_file_write, switch_core_file_pre_close).
"""

from __future__ import annotations

import contextlib
from array import array
from pathlib import Path
from typing import Protocol

from simulator.errors import CannotOpen, DiskFull
from simulator.mp3file import Mp3File
from simulator.wavfile import WavFile

# What FreeSWITCH gathers before it writes: SWITCH_DEFAULT_FILE_BUFFER_LEN.
FLUSH_BYTES = 65_536


class Encoder(Protocol):
    """An open file of some format."""

    def write(self, pcm: bytes) -> None:
        """Add 16-bit samples, interleaved when there are two channels. Raises: DiskFull."""

    def close(self) -> int:
        """Finish the file and return its size in bytes."""

    def abandon(self) -> None:
        """Leave the file as a process leaves it that dies."""


class AudioWriter:
    """An open recording: samples go through a buffer of `buffer_bytes`, 0 for none, into its format."""

    def __init__(self, path: Path, encoder: Encoder, buffer_bytes: int) -> None:
        self.path = path
        self.buffer_bytes = buffer_bytes
        self._encoder = encoder
        self._waiting = bytearray()

    def write(self, samples: array[int]) -> None:
        """Add samples.

        Raises: DiskFull: they were taken, but what was to be written did not fit.
        """
        if not self.buffer_bytes:
            self._encoder.write(samples.tobytes())
            return
        self._waiting += samples.tobytes()
        while len(self._waiting) >= self.buffer_bytes:
            chunk = bytes(self._waiting[: self.buffer_bytes])
            del self._waiting[: self.buffer_bytes]
            self._encoder.write(chunk)

    def close(self) -> int:
        """Finish the file and return its size; whether the last of it fits is not asked."""
        with contextlib.suppress(DiskFull):
            self._encoder.write(bytes(self._waiting))
        return self._encoder.close()

    def abandon(self) -> None:
        """Leave the file as a process leaves it that dies: whole buffers only, header unfinished."""
        self._encoder.abandon()


def open_writer(
    path: Path,
    rate_hz: int,
    channels: int,
    *,
    append: bool = False,
    buffer_bytes: int = FLUSH_BYTES,
    holds_bytes: int | None = None,
) -> AudioWriter:
    """Open a recording for writing; its format follows from the name.

    Args: buffer_bytes: of samples gathered before any is written; holds_bytes: what fits on the disk.
    Raises: CannotOpen: unknown format, or the system refuses the path.
    """
    suffix = path.suffix.lower()
    if suffix == ".wav":
        wav = WavFile(path, rate_hz, channels, append=append, holds_bytes=holds_bytes)
        return AudioWriter(path, wav, buffer_bytes)
    if suffix == ".mp3":
        return AudioWriter(path, Mp3File(path, rate_hz, channels, holds_bytes=holds_bytes), buffer_bytes)
    raise CannotOpen(f"no module writes {suffix or 'files without an extension'}")
