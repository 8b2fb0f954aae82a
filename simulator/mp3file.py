"""Writes MP3 through libmp3lame, in the blocks and at the rates of mod_shout, its padding audible.

Source: FreeSWITCH mod_shout.c (shout_file_open, shout_file_write): a bare stream through stdio.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext

from simulator.errors import CannotOpen, DiskFull
from simulator.growing import GrowingFile

# What stdio gathers before it writes.
BLOCK_BYTES = 4096
_BITS_PER_8_KHZ = 16_000


class Mp3File:
    """See simulator.audiofile.Encoder. A full disk is not noticed: fwrite's answer is not looked at."""

    def __init__(self, path: Path, rate_hz: int, channels: int, *, holds_bytes: int | None = None) -> None:
        self._channels = channels
        self._rate_hz = rate_hz
        self._layout = "stereo" if channels == 2 else "mono"
        self._at = 0
        self._file = GrowingFile(path, block_bytes=BLOCK_BYTES, holds_bytes=holds_bytes)
        try:
            codec = av.CodecContext.create("libmp3lame", "w")
            assert isinstance(codec, AudioCodecContext)
            codec.sample_rate = rate_hz
            codec.layout = self._layout
            codec.format = "s16p"
            codec.bit_rate = _BITS_PER_8_KHZ * max(1, rate_hz // 8000) * channels
            codec.open()
        except (OSError, ValueError) as exc:
            self._file.close()
            raise CannotOpen(str(exc)) from exc
        self._codec = codec
        self._resampler = av.AudioResampler(format="s16p", layout=self._layout, rate=rate_hz)

    def write(self, pcm: bytes) -> None:
        """See Encoder."""
        if not pcm:
            return
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=len(pcm) // 2 // self._channels)
        frame.sample_rate = self._rate_hz
        frame.planes[0].update(pcm)
        frame.pts = self._at
        self._at += frame.samples
        for planar in self._resampler.resample(frame):
            self._put([bytes(packet) for packet in self._codec.encode(planar)])

    def close(self) -> int:
        """See Encoder."""
        if self._at:
            self._put([bytes(packet) for packet in self._codec.encode(None)])
        with contextlib.suppress(DiskFull):
            self._file.flush()
        self._file.close()
        return self._file.size

    def abandon(self) -> None:
        """See Encoder."""
        self._file.close()

    def _put(self, packets: list[bytes]) -> None:
        with contextlib.suppress(DiskFull):
            self._file.write(b"".join(packets))
