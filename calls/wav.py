"""WAV headers: read them, tell what is wrong with them, and put them right from the size of the file.

A FreeSWITCH that dies leaves the sizes that were written when the file was opened (8 for the whole, 0 for the
audio); players then show an empty file although every sample is there.

Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF, WAVE), libsndfile wav.c (what
mod_sndfile writes, and when).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from calls.errors import BadAudio

MAX_CHUNKS = 64
"""Before and after the audio; libsndfile writes two or three (fmt, LIST, fact)."""

MAX_SIZE_BYTES = 2**32 - 1
"""Sizes in a header have 32 bits."""

_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")


@dataclass(frozen=True, slots=True)
class Layout:
    """A WAV file as its header describes it and as it is.

    Attributes: block_align: bytes of one sample of all channels; data_offset: where the audio begins;
    data_bytes, riff_bytes: sizes the header claims; file_bytes: the size it has; tail_is_chunks: what
    follows the claimed audio are further chunks, as they should be.
    """

    channels: int
    sample_rate_hz: int
    block_align: int
    data_offset: int
    data_bytes: int
    riff_bytes: int
    file_bytes: int
    tail_is_chunks: bool

    @property
    def audio_bytes(self) -> int:
        """Bytes of audio that are there, in whole samples."""
        there = self.file_bytes - self.data_offset
        claimed = self.data_bytes if self.tail_is_chunks and self.data_bytes else there
        return min(claimed, there) // self.block_align * self.block_align

    @property
    def duration_ms(self) -> int:
        """Milliseconds of audio that are there."""
        return self.audio_bytes * 1000 // (self.block_align * self.sample_rate_hz)

    @property
    def is_sane(self) -> bool:
        """Whether the header tells the truth about the sizes."""
        return not self.faults()

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with the sizes, in words."""
        found: list[str] = []
        there = self.file_bytes - self.data_offset
        if self.data_bytes > there:
            found.append(f"the header promises {self.data_bytes} bytes of audio, {there} are there")
        elif not self.tail_is_chunks:
            found.append(f"the header tells of {self.data_bytes} bytes of audio, {there} are there")
        if self.riff_bytes + 8 != self.file_bytes and not found:
            found.append(
                f"the header tells of a file of {self.riff_bytes + 8} bytes, it has {self.file_bytes}"
            )
        return tuple(found)


def read_layout(path: Path) -> Layout:
    """Read the header of a WAV file. Raises: BadAudio: it is none; OSError."""
    with path.open("rb") as source:
        return layout_of(source, os.fstat(source.fileno()).st_size)


def repair(path: Path) -> Layout:
    """Make the sizes in the header those of the file, in place, and return the new layout.

    Only the two numbers are written, so that doing it twice, or dying between them, harms nothing.
    Raises: BadAudio: no WAV file, or one larger than a header can say; OSError: it cannot be written.
    """
    with path.open("r+b") as target:
        layout = layout_of(target, os.fstat(target.fileno()).st_size)
        if layout.is_sane:
            return layout
        if layout.file_bytes - 8 > MAX_SIZE_BYTES:
            raise BadAudio(f"{layout.file_bytes} bytes are more than the header of a WAV file can say")
        target.seek(layout.data_offset - 4)
        target.write(struct.pack("<I", _repaired_data_bytes(layout)))
        target.seek(4)
        target.write(struct.pack("<I", layout.file_bytes - 8))
        target.flush()
        os.fsync(target.fileno())
        return layout_of(target, layout.file_bytes)


def _repaired_data_bytes(layout: Layout) -> int:
    there = layout.file_bytes - layout.data_offset
    if layout.tail_is_chunks and 0 < layout.data_bytes <= there:
        return layout.data_bytes
    return there


def layout_of(source: BinaryIO, file_bytes: int) -> Layout:
    """Read the header of a WAV file that is open. Args: file_bytes: its size. Raises: as `read_layout`."""
    source.seek(0)
    head = source.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise BadAudio("not a WAV file")
    riff_bytes = int(struct.unpack_from("<I", head, 4)[0])
    fmt: tuple[int, ...] | None = None
    offset = 12
    for _ in range(MAX_CHUNKS):
        chunk_id, size = _read_chunk(source, offset)
        if chunk_id == b"data":
            if fmt is None:
                raise BadAudio("a WAV file whose audio comes before its format")
            return _layout(fmt, source, (riff_bytes, offset + 8, size), file_bytes)
        if chunk_id == b"fmt ":
            fmt = _read_format(source, size)
        offset += 8 + size + size % 2
    raise BadAudio("a WAV file without audio")


def _read_chunk(source: BinaryIO, offset: int) -> tuple[bytes, int]:
    source.seek(offset)
    head = source.read(8)
    if len(head) < 8:
        raise BadAudio("a WAV file that ends in its header")
    chunk_id, size = _CHUNK.unpack(head)
    return chunk_id, size


def _read_format(source: BinaryIO, size: int) -> tuple[int, ...]:
    body = source.read(_FORMAT.size) if size >= _FORMAT.size else b""
    if len(body) < _FORMAT.size:
        raise BadAudio("a WAV file with a format that is cut off")
    return _FORMAT.unpack(body)


def _layout(fmt: tuple[int, ...], source: BinaryIO, claims: tuple[int, int, int], file_bytes: int) -> Layout:
    riff_bytes, data_offset, data_bytes = claims
    _, channels, rate_hz, _, block_align, _ = fmt
    if not (0 < channels <= 8 and 0 < rate_hz <= 192_000 and 0 < block_align <= 64):
        raise BadAudio("a WAV file with a format that cannot be")
    return Layout(
        channels=channels,
        sample_rate_hz=rate_hz,
        block_align=block_align,
        data_offset=data_offset,
        data_bytes=data_bytes,
        riff_bytes=riff_bytes,
        file_bytes=file_bytes,
        tail_is_chunks=_tail_is_chunks(source, data_offset + data_bytes + data_bytes % 2, file_bytes),
    )


def _tail_is_chunks(source: BinaryIO, offset: int, file_bytes: int) -> bool:
    """Whether chunks fill the file from `offset` to its end exactly (none at all is fine as well).

    A pad byte that was left out after audio of odd size is forgiven.
    """
    for _ in range(MAX_CHUNKS):
        if file_bytes <= offset <= file_bytes + 1:
            return True
        if offset + 8 > file_bytes:
            return False
        chunk_id, size = _read_chunk(source, offset)
        if not chunk_id.isalnum():
            return False
        offset += 8 + size + size % 2
    return False
