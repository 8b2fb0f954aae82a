"""Turns the frames of a recording into samples: both sides of a leg, mixed or side by side."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from simulator.slots import SLOT_MS, Slots
from simulator.source import silence
from simulator.tap import Span
from simulator.timeline import Timeline, mix

# Ten seconds at a time: enough to be quick, little enough not to fill the memory.
_BLOCK_FRAMES = 500


class Layout(Enum):
    """How the two sides of a leg lie in a file."""

    MONO = "mono"
    STEREO = "stereo"
    SWAPPED = "swapped"

    @property
    def channels(self) -> int:
        """Channels of the file."""
        return 1 if self is Layout.MONO else 2


@dataclass(frozen=True, slots=True)
class Mixdown:
    """What is to be rendered. rate_hz: of the file."""

    said: Timeline
    heard: Timeline
    slots: Slots
    spans: list[Span]
    rate_hz: int
    layout: Layout

    def blocks(self) -> Iterator[tuple[int, array[int]]]:
        """Everything in pieces: the number of frames, and their samples."""
        for span in self._blocks():
            yield span.count, self._samples(span)

    def _blocks(self) -> Iterator[Span]:
        for span in self.spans:
            for first in range(0, span.count, _BLOCK_FRAMES):
                yield Span(
                    None if span.read_slot is None else span.read_slot + first,
                    None if span.write_slot is None else span.write_slot + first,
                    min(_BLOCK_FRAMES, span.count - first),
                    span.masked,
                )

    def _samples(self, span: Span) -> array[int]:
        duration_ms = span.count * SLOT_MS
        read = self._side(self.said, span.read_slot, duration_ms, masked=span.masked)
        write = self._side(self.heard, span.write_slot, duration_ms, masked=span.masked)
        if self.layout is Layout.MONO:
            if read is None or write is None:
                return read or write or silence(duration_ms, self.rate_hz)
            return mix(read, write)
        left, right = (write, read) if self.layout is Layout.SWAPPED else (read, write)
        nothing = silence(duration_ms, self.rate_hz)
        both = nothing + nothing
        both[0::2] = left or nothing
        both[1::2] = right or nothing
        return both

    def _side(
        self, timeline: Timeline, slot: int | None, duration_ms: int, *, masked: bool
    ) -> array[int] | None:
        if slot is None or masked:
            return None
        return timeline.render(self.slots.edge(slot), duration_ms, self.rate_hz)
