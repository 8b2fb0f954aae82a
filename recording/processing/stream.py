"""The audio of one logical recording as a stream of blocks, wherever it was captured and in what shape.

Segments of a recording that followed its conversation come from different legs, and may differ in rate and
layout. They are brought to one shape on the way, in one pass, so that nothing is encoded twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from recording.block_shape import Samples
from recording.decoding import BLOCK_MS, Decoding
from recording.errors import Unprocessable
from recording.probe import Findings


@dataclass(frozen=True, slots=True)
class Shape:
    """Rate and number of channels of a stream."""

    rate_hz: int
    channels: int

    def samples(self, length_ms: int) -> int:
        """How many samples per channel a length has."""
        return length_ms * self.rate_hz // 1000


def shape_of(findings: Sequence[Findings]) -> Shape:
    """Return the shape that loses nothing of the segments: the highest rate, the layout of the first.

    Raises: Unprocessable: none of them has audio.
    """
    readable = [one for one in findings if one.readable]
    if not readable:
        raise Unprocessable("there is no audio in what was captured")
    return Shape(max(one.sample_rate_hz for one in readable), readable[0].channels)


@dataclass(slots=True)
class Stream:
    """Several files in a row, in one shape.

    Attributes: gaps_ms: silence put in front of the second segment, the third, and so on; missing ones are
    none. faults: what was wrong with which segment, complete when `blocks` has ended. A segment without any
    audio is left out, and told among them.
    """

    segments: Sequence[Path]
    shape: Shape
    gaps_ms: Sequence[int] = ()
    faults: list[str] = field(default_factory=list)

    def blocks(self) -> Iterator[Samples]:
        """Yield the audio. Raises: OSError: a file cannot be read."""
        self.faults.clear()
        for number, path in enumerate(self.segments):
            if 0 < number <= len(self.gaps_ms):
                yield from self._gap(self.gaps_ms[number - 1])
            yield from self._segment(number, path)

    def _segment(self, number: int, path: Path) -> Iterator[Samples]:
        decoding = Decoding(path)
        for block in decoding.blocks(self.shape.rate_hz):
            yield in_channels(block, self.shape.channels)
        faults = decoding.faults if decoding.channels else [*decoding.faults, "there is no audio in it"]
        which = f"segment {number + 1}: " if len(self.segments) > 1 else ""
        self.faults.extend(which + fault for fault in faults)

    def _gap(self, length_ms: int) -> Iterator[Samples]:
        left = self.shape.samples(max(0, length_ms))
        while left > 0:
            length = min(left, self.shape.samples(BLOCK_MS))
            yield np.zeros((self.shape.channels, length), np.int16)
            left -= length


def in_channels(block: Samples, channels: int) -> Samples:
    """Return a block with so many channels: mixed down to their mean, or the same on all of them."""
    if len(block) == channels:
        return block
    mixed = block[:1] if len(block) == 1 else block.mean(axis=0, keepdims=True).round().astype(np.int16)
    return np.repeat(mixed, channels, axis=0)


def cut(blocks: Iterator[Samples], start: int, end: int) -> Iterator[Samples]:
    """Yield what is between two samples, the second left out."""
    at = 0
    for block in blocks:
        length = block.shape[1]
        piece = block[:, max(0, start - at) : max(0, end - at)]
        if piece.shape[1]:
            yield piece
        at += length
        if at >= end:
            return
