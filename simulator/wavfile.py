"""Writes 16-bit PCM in RIFF, with libsndfile's header while a file grows and its header in the end."""

from __future__ import annotations

import struct
from pathlib import Path

from simulator.growing import GrowingFile

WAV_HEADER_BYTES = 44
# RIFF's length in the header of a file that is being written; the length of its data is 0 there.
UNFINISHED = 8


def wav_header(data_bytes: int, rate_hz: int, channels: int, *, riff_bytes: int | None = None) -> bytes:
    """The 44 bytes in front of 16-bit PCM. riff_bytes: RIFF's length when it is not what follows."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + data_bytes if riff_bytes is None else riff_bytes, b"WAVE",
        b"fmt ", 16, 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16,
        b"data", data_bytes,
    )  # fmt: skip


class WavFile:
    """See simulator.audiofile.Encoder. A file that is appended to keeps its old header until the end."""

    def __init__(
        self,
        path: Path,
        rate_hz: int,
        channels: int,
        *,
        append: bool = False,
        holds_bytes: int | None = None,
    ) -> None:
        self._format = (rate_hz, channels)
        self._file = GrowingFile(path, holds_bytes=holds_bytes, append=append)
        if self._file.size < WAV_HEADER_BYTES:
            self._file.write(wav_header(0, rate_hz, channels, riff_bytes=UNFINISHED))

    def write(self, pcm: bytes) -> None:
        """See Encoder."""
        self._file.write(pcm)

    def close(self) -> int:
        """See Encoder."""
        self._file.overwrite(wav_header(self._file.size - WAV_HEADER_BYTES, *self._format))
        self._file.close()
        return self._file.size

    def abandon(self) -> None:
        """See Encoder."""
        self._file.close()
