"""Puts decoded audio into one shape: planes of 16-bit samples at one rate, in blocks of one length.

What has that shape already (a WAV of FreeSWITCH's) is only cut anew: FFmpeg's filters cost 75 us for each
packet, a third of a look at a recording of a few seconds.

Source: PyAV (AudioFifo, AudioResampler).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
"""Shape (channels, n)."""


class Cutting:
    """Cuts 16-bit samples anew that keep their rate and layout. Args: block: samples of each block."""

    def __init__(self, block: int) -> None:
        self._fifo = AudioFifo()
        self._block = block

    def take(self, frame: AudioFrame) -> list[Samples]:
        """Take more; return the blocks that are full."""
        frame.pts = None  # a gap in a damaged file's times is no error here
        self._fifo.write(frame)
        return [_planes(each) for each in self._fifo.read_many(self._block)]

    def rest(self) -> list[Samples]:
        """Return what is left, at the end."""
        frame = self._fifo.read(0, partial=True)
        return [] if frame is None else [_planes(frame)]


class Resampling:
    """Converts to a rate and a layout. Args: layout, rate_hz: of the result; block: samples of each block."""

    def __init__(self, layout: str, rate_hz: int, block: int) -> None:
        self._resampler = AudioResampler(format="s16p", layout=layout, rate=rate_hz, frame_size=block)

    def take(self, frame: AudioFrame) -> list[Samples]:
        """Take more; return the blocks that are full."""
        return [_planes(each) for each in self._resampler.resample(frame)]

    def rest(self) -> list[Samples]:
        """Return what is left, at the end."""
        return [_planes(each) for each in self._resampler.resample(None)]


def shaping(frame: AudioFrame, layout: str, rate_hz: int, block: int) -> Cutting | Resampling:
    """Return what brings frames like this one into shape."""
    is_plain = frame.format.name in ("s16", "s16p")
    if is_plain and (frame.layout.name, frame.sample_rate) == (layout, rate_hz):
        return Cutting(block)
    return Resampling(layout, rate_hz, block)


def _planes(frame: AudioFrame) -> Samples:
    samples: Samples = frame.to_ndarray().astype(np.int16, copy=False)
    if frame.format.is_planar:
        return samples
    return np.ascontiguousarray(samples.reshape(-1, frame.layout.nb_channels).T)
