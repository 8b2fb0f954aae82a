"""Reads a media file as blocks of 16-bit samples, whatever is in it and however it was written.

A packet that cannot be decoded costs itself and not what follows. A file whose rate or layout changes on the
way (an MP3 may) goes on in the shape it began with, and says where it changed.

Source: PyAV (FFmpeg's demuxers, decoders and resampler).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
"""Shape (channels, n)."""

LITTLE_ENDIAN = "<i2"
"""Samples as they stand in files and go to engines."""

DEMUXERS = {".mp3": "mp3"}
"""FFmpeg knows an MP3 by several frames in a row, and a tenth of a second has too few: it is told."""

BLOCK_MS = 1_000
"""Length of a block: long enough that Python between blocks counts for nothing, short enough for the hub."""


@dataclass(slots=True)
class Decoding:
    """One reading of one file.

    Attributes: rate_hz, channels: what its audio began with, 0 before the first block; faults: what was wrong
    on the way, in words, complete once `blocks` has ended; is_changing: its shape is not the same throughout.
    """

    path: Path
    rate_hz: int = 0
    channels: int = 0
    faults: list[str] = field(default_factory=list)
    is_changing: bool = False
    _resampler: AudioResampler | None = None
    _shape: tuple[int, str] = (0, "")
    _samples: int = 0
    _bad_packets: int = 0
    _bad_at_s: float = 0.0

    def blocks(self, rate_hz: int = 0) -> Iterator[Samples]:
        """Yield the audio, the last block shorter than BLOCK_MS.

        Args: rate_hz: resampled to this one; 0: as it is.
        Raises: OSError: the system does not let us read it.
        """
        try:
            demuxer = DEMUXERS.get(self.path.suffix.lower())
            with av.open(str(self.path), format=demuxer, metadata_errors="replace") as container:
                for frame in self._frames(container):
                    yield from self._convert(frame, rate_hz)
                if self._resampler is not None:
                    yield from self._taken(self._resampler.resample(None))
        except (FileNotFoundError, PermissionError):
            raise
        except (av.FFmpegError, IndexError):  # IndexError: no audio stream at all
            self._bad_packet()
        if self._bad_packets:
            self.faults.append(self._told_bad())

    def _frames(self, container: InputContainer) -> Iterator[AudioFrame]:
        stream: AudioStream = container.streams.audio[0]
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._bad_packet()
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples:
                    yield frame

    def _convert(self, frame: AudioFrame, rate_hz: int) -> Iterator[Samples]:
        shape = (frame.sample_rate, frame.layout.name)
        if shape != self._shape:
            if self._resampler is not None:
                yield from self._change(shape)
            self._begin(shape, rate_hz)
        assert self._resampler is not None
        yield from self._taken(self._resampler.resample(frame))

    def _change(self, shape: tuple[int, str]) -> Iterator[Samples]:
        """Take what is left in the old shape, and say that there is a new one."""
        assert self._resampler is not None
        yield from self._taken(self._resampler.resample(None))
        at_s = self._samples / self._resampler.rate
        if not self.is_changing:
            before, after = (f"{rate_hz} Hz {layout}" for rate_hz, layout in (self._shape, shape))
            self.faults.append(f"its audio changes from {before} to {after} after {at_s:.1f} s")
        self.is_changing = True

    def _begin(self, shape: tuple[int, str], rate_hz: int) -> None:
        layout = self._resampler.layout if self._resampler is not None else shape[1]
        target_hz = rate_hz or self.rate_hz or shape[0]
        block = max(1, target_hz * BLOCK_MS // 1000)
        self._shape = shape
        self._resampler = AudioResampler(format="s16p", layout=layout, rate=target_hz, frame_size=block)
        self.rate_hz = target_hz

    def _taken(self, frames: list[AudioFrame]) -> Iterator[Samples]:
        for frame in frames:
            samples: Samples = frame.to_ndarray().astype(np.int16, copy=False)
            self.channels = len(samples)
            self._samples += frame.samples
            yield samples

    def _bad_packet(self) -> None:
        if not self._bad_packets:
            self._bad_at_s = self._samples / self.rate_hz if self.rate_hz else 0.0
        self._bad_packets += 1

    def _told_bad(self) -> str:
        more = f" ({self._bad_packets} pieces)" if self._bad_packets > 1 else ""
        return f"it cannot be decoded after {self._bad_at_s:.1f} s{more}"
