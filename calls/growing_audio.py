"""One file of sound while FreeSWITCH writes it, read sample by sample.

The file loses its name as soon as it is open here: what is left of it when both sides have closed it, or
died, is nothing. The sizes in its header are not final while it grows, and the header is written anew before
the first samples (tags come in front of them): so it is read again until samples follow it.

A look takes 15 us, and may block on a disk: in a thread, never in the hub, and not in two at once.
Source: libsndfile wav.c (when the header is written); FreeSWITCH mod_sndfile.c (always 16-bit PCM for .wav).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from calls import wav
from calls.errors import BadAudio

Samples = NDArray[np.int16]
"""Mono, one number a sample."""

MAX_READ_BYTES = 1 << 20
"""Read at once: a minute of 8 kHz. Who looks so seldom takes it in pieces."""

MAX_HEADER_BYTES = 4_096
"""A file up to here that is not understood may have half a header; FreeSWITCH's, tags included, has 400."""

NOTHING: Samples = np.zeros(0, np.int16)

_WIDTH_BYTES = 2


class GrowingAudio:
    """The samples of one mono WAV file. `failed`: why nothing more comes of it, "" as long as it may."""

    def __init__(self, path: Path) -> None:
        self.failed = ""
        self._path = path
        self._file: BinaryIO | None = None
        self._position = 0

    def read(self) -> Samples:
        """Return the samples that are there since the last look. Never raises.

        Nothing while there is no file, no header, no whole sample.
        """
        if self.failed:
            return NOTHING
        try:
            return self._read(self._file or self._open())
        except FileNotFoundError:
            return NOTHING
        except (BadAudio, OSError, ValueError) as exc:  # ValueError: closed by whoever gave it up meanwhile
            self.close(str(exc))
            return NOTHING

    def close(self, reason: str = "it is closed") -> None:
        """Let go of it, and of its name where it still has one."""
        if self._file is not None:
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.failed = self.failed or reason

    def _open(self) -> BinaryIO:
        self._file = self._path.open("rb", buffering=0)
        with suppress(OSError):  # another user's directory: then close() or a sweep may have more luck
            self._path.unlink()
        return self._file

    def _read(self, source: BinaryIO) -> Samples:
        size = os.fstat(source.fileno()).st_size
        if not self._position:
            self._position = _beginning(source, size)
        there = min(size - self._position, MAX_READ_BYTES) // _WIDTH_BYTES * _WIDTH_BYTES
        if not self._position or there <= 0:
            return NOTHING
        data = os.pread(source.fileno(), there, self._position)
        data = data[: len(data) // _WIDTH_BYTES * _WIDTH_BYTES]
        self._position += len(data)
        return np.frombuffer(data, "<i2").astype(np.int16)


def _beginning(source: BinaryIO, size: int) -> int:
    """Return where the samples begin, 0 as long as there are none."""
    try:
        layout = wav.layout_of(source, size)
    except BadAudio:
        if size > MAX_HEADER_BYTES:
            raise
        return 0
    if layout.block_align != _WIDTH_BYTES or layout.channels != 1:
        raise BadAudio("no mono WAV file with samples of 16 bits")
    return layout.data_offset if size - layout.data_offset >= _WIDTH_BYTES else 0
