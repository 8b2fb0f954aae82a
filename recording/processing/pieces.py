"""Cuts audio into pieces for engines that take only so much at a time, where nobody speaks if possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from recording.processing.engine import RATE_HZ, SAMPLE_BYTES

BYTES_PER_S = RATE_HZ * SAMPLE_BYTES

WINDOW_S = 0.2
"""A pause between two words is shorter, one between two sentences longer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of some audio: 16-bit samples, RATE_HZ. `from_ms`: where it begins in the whole."""

    from_ms: int
    samples: bytes

    @property
    def length_s(self) -> float:
        """How long it is."""
        return len(self.samples) / BYTES_PER_S


def cut(audio: Iterable[bytes], longest_s: float, look_s: float = 10.0) -> Iterator[Piece]:
    """Yield audio in pieces of at most `longest_s`; put together they are the whole, sample by sample.

    Args: look_s: a piece ends within its last so many seconds, where they are quietest.
    """
    longest = int(longest_s * RATE_HZ) * SAMPLE_BYTES
    held = bytearray()
    done = 0
    for block in audio:
        held += block
        while len(held) > longest:
            end = _quietest(held[:longest], look_s)
            yield Piece(_ms(done), bytes(held[:end]))
            done += end
            del held[:end]
    if held:
        yield Piece(_ms(done), bytes(held))


def _ms(offset: int) -> int:
    return offset // SAMPLE_BYTES * 1000 // RATE_HZ


def _quietest(held: bytearray, look_s: float) -> int:
    """Return where to cut: in the middle of the quietest window of the last part, in bytes."""
    window = int(WINDOW_S * RATE_HZ)
    samples = np.frombuffer(bytes(held), "<i2").astype(np.float64)
    look = min(int(look_s * RATE_HZ), len(samples) // 2)
    if look < window:
        return len(held)
    tail = np.abs(samples[-look:])
    count = len(tail) // window
    levels = tail[: count * window].reshape(count, window).mean(axis=1)
    at = len(samples) - look + int(levels.argmin()) * window + window // 2
    return at * SAMPLE_BYTES
