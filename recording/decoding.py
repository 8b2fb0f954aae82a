"""Reads a media file as blocks of 16-bit samples, whatever is in it and however it was written.

A packet that cannot be decoded costs itself and not what follows. A file whose rate or layout changes on the
way (an MP3 may) goes on in the shape it began with, and says where it changed.

Source: PyAV (FFmpeg's demuxers, decoders and resampler).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from recording.block_shape import Cutting, Resampling, Samples, shaping

LITTLE_ENDIAN = "<i2"
"""Samples as they stand in files and go to engines."""

DEMUXERS = {".mp3": "mp3"}
"""FFmpeg knows an MP3 by several frames in a row, and a tenth of a second has too few: it is told."""

WAV_PROBE = 2_048
"""FFmpeg looks at so many bytes of a WAV for what is in it (by default at 5 MB): the header says it, and
the search for a sound in disguise (DTS) takes longer than all the rest for a recording of a few seconds."""

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
    _shaping: Cutting | Resampling | None = None
    _shape: tuple[int, str] = (0, "")
    _layout: str = ""
    _samples: int = 0
    _bad_packets: int = 0
    _bad_at_s: float = 0.0

    def blocks(self, rate_hz: int = 0) -> Iterator[Samples]:
        """Yield the audio, the last block shorter than BLOCK_MS.

        Args: rate_hz: resampled to this one; 0: as it is.
        Raises: OSError: the system does not let us read it.
        """
        try:
            with self._open() as container:
                for frame in self._frames(container):
                    yield from self._convert(frame, rate_hz)
                if self._shaping is not None:
                    yield from self._taken(self._shaping.rest())
        except (FileNotFoundError, PermissionError):
            raise
        except (av.FFmpegError, IndexError):  # IndexError: no audio stream at all
            self._bad_packet()
        if self._bad_packets:
            self.faults.append(self._told_bad())

    def _open(self) -> InputContainer:
        with self.path.open("rb") as source:
            head = source.read(12)
        options = {"probesize": str(WAV_PROBE)} if head[:4] + head[8:] == b"RIFFWAVE" else {}
        demuxer = DEMUXERS.get(self.path.suffix.lower())
        return av.open(str(self.path), format=demuxer, options=options, metadata_errors="replace")

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
        if self._shaping is None or shape != self._shape:
            if self._shaping is not None:
                yield from self._taken(self._shaping.rest())
                self._tell_change(shape)
            self._begin(frame, rate_hz)
        assert self._shaping is not None
        yield from self._taken(self._shaping.take(frame))

    def _tell_change(self, shape: tuple[int, str]) -> None:
        """Say where the shape changed, the first time that it did."""
        at_s = self._samples / self.rate_hz
        if not self.is_changing:
            before, after = (f"{rate_hz} Hz {layout}" for rate_hz, layout in (self._shape, shape))
            self.faults.append(f"its audio changes from {before} to {after} after {at_s:.1f} s")
        self.is_changing = True

    def _begin(self, frame: AudioFrame, rate_hz: int) -> None:
        self._shape = (frame.sample_rate, frame.layout.name)
        self._layout = self._layout or frame.layout.name
        self.rate_hz = rate_hz or self.rate_hz or frame.sample_rate
        block = max(1, self.rate_hz * BLOCK_MS // 1000)
        self._shaping = shaping(frame, self._layout, self.rate_hz, block)

    def _taken(self, blocks: list[Samples]) -> Iterator[Samples]:
        for samples in blocks:
            self.channels = len(samples)
            self._samples += samples.shape[1]
            yield samples

    def _bad_packet(self) -> None:
        if not self._bad_packets:
            self._bad_at_s = self._samples / self.rate_hz if self.rate_hz else 0.0
        self._bad_packets += 1

    def _told_bad(self) -> str:
        more = f" ({self._bad_packets} pieces)" if self._bad_packets > 1 else ""
        return f"it cannot be decoded after {self._bad_at_s:.1f} s{more}"
