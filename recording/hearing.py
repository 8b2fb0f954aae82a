"""What is heard in decoded audio: per side how loud, from when to when, how clean.

Levels are mean magnitudes of blocks of 20 ms, of 32,767, as FreeSWITCH judges silence itself. Everything is
gathered in one pass and in bounded memory, however long the audio is: a second for an hour of 16 kHz
stereo.

Source: FreeSWITCH switch_ivr_async.c is_silence_frame (the level of a block); ITU-T G.711 (the loudest sample
that A-law and mu-law can say).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recording.block_shape import Samples

BLOCK_MS = 20

SILENT_LEVEL = 60
"""No block of a silent side is louder. The noise of a line has about 30."""

SPEECH_LEVEL = 200
"""A block from here on is taken for speech, by FreeSWITCH's default (RECORD_SILENCE_THRESHOLD)."""

FULL_SCALE = 32_000
"""A sample from here on is at its limit: mu-law ends at 32,124, A-law at 32,256, 16 bits at 32,767."""

DROPOUT_MS = (40, 2_000)
"""Zeros of this length within speech: shorter than two frames nobody hears, longer is a hold or a mute."""

EDGE_MS = 2
EDGE_LEVEL = 1_000
"""A cut in the middle of a sound: so loud within EDGE_MS before the zeros and after them. Words that fade, or
a gate that closes, end below."""

MAX_DROPOUTS = 1_000
"""So many are told of one side; more say no more."""

STEADY_RATIO = 2.0
"""The 95th of a hundred blocks is at most so much louder than the 5th: a hum, a hiss or a tone. In speech it
is tens of times."""

MAX_POINTS = 8_192
"""Points of the finest waveform; it is halved whenever it grows beyond."""

_BINS_PER_OCTAVE = 8
_BINS = 16 * _BINS_PER_OCTAVE + 1


@dataclass(frozen=True, slots=True)
class Side:
    """One channel.

    Attributes: loudest: level of its loudest block; heard_from_ms, heard_until_ms: from the first to the
    end of the last block above SILENT_LEVEL, both 0 when there is none; zeros_from_ms: from here to the end
    there is nothing but zeros; clipped_share: of the samples in blocks of speech, how many are at their limit
    (0 to 1); offset: mean of all samples; is_steady: equally loud throughout, and that as loud as speech;
    dropouts: (from, to) in ms, see DROPOUT_MS.
    """

    loudest: int = 0
    heard_from_ms: int = 0
    heard_until_ms: int = 0
    zeros_from_ms: int = 0
    clipped_share: float = 0.0
    offset: int = 0
    is_steady: bool = False
    dropouts: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Hearing:
    """What was heard so far.

    Attributes: rate_hz: of what `hear` is given; samples: per channel; ears: one for each channel.
    """

    rate_hz: int
    samples: int = 0
    ears: list[_Ear] = field(default_factory=list)
    difference: float = 0.0
    total: float = 0.0
    _rest: Samples | None = None

    @property
    def duration_ms(self) -> int:
        """Length of the audio."""
        return round(self.samples * 1000 / self.rate_hz)

    @property
    def identical(self) -> bool:
        """Whether there are two sides, with sound, and both are the same."""
        return len(self.ears) == 2 and self.total > 0 and self.difference <= self.total / 1000

    def hear(self, block: Samples) -> None:
        """Take more of the audio."""
        while len(self.ears) < len(block):
            self.ears.append(_Ear(self.rate_hz))
        for ear, samples in zip(self.ears, block, strict=False):
            ear.hear_zeros(samples, self.samples)
        if len(block) == 2:
            wide = block.astype(np.int32)
            self.difference += float(np.abs(wide[0] - wide[1]).sum())
            self.total += float(np.abs(wide[0]).sum())
        self.samples += block.shape[1]
        self._hear_levels(block)

    def sides(self) -> tuple[Side, ...]:
        """Return what was heard of each channel."""
        return tuple(ear.side(self.samples) for ear in self.ears)

    def waveform(self) -> tuple[bytes, ...]:
        """Return of each channel the loudest of equal stretches, 0 to 255: at most MAX_POINTS of them."""
        return tuple(ear.waveform.data() for ear in self.ears)

    def _hear_levels(self, block: Samples) -> None:
        if self._rest is not None and len(self._rest) == len(block):
            block = np.concatenate((self._rest, block), axis=1)
        size = max(1, self.rate_hz * BLOCK_MS // 1000)
        count = block.shape[1] // size
        self._rest = block[:, count * size :].copy()
        if count:
            magnitudes = np.abs(block[:, : count * size].astype(np.int32)).reshape(len(block), count, size)
            for ear, each in zip(self.ears, magnitudes, strict=False):
                ear.hear_levels(each)


@dataclass(slots=True)
class Waveform:
    """The loudest of equal stretches; a stretch is one block, and doubles when there are too many."""

    _points: list[NDArray[np.uint8]] = field(default_factory=list)
    _length: int = 0
    _per_point: int = 1
    _pending: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def hear(self, loudest: NDArray[np.uint8]) -> None:
        """Take the loudest sample of each of more blocks."""
        loudest = np.concatenate((self._pending, loudest))
        whole = len(loudest) // self._per_point * self._per_point
        self._pending = loudest[whole:]
        self._add(_reduced(loudest[:whole], self._per_point))
        while self._length > MAX_POINTS:
            self._halve()

    def data(self) -> bytes:
        """Return the points."""
        points = b"".join(each.tobytes() for each in self._points)
        return points + (bytes([self._pending.max()]) if len(self._pending) else b"")

    def _add(self, points: NDArray[np.uint8]) -> None:
        self._points.append(points)
        self._length += len(points)

    def _halve(self) -> None:
        points = np.concatenate(self._points)
        even = len(points) // 2 * 2
        odd = points[even:]
        self._points, self._length = [], 0
        self._add(_reduced(points[:even], 2))
        self._pending = np.concatenate((odd, self._pending))
        self._per_point *= 2


def _reduced(points: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    reduced: NDArray[np.uint8] = points.reshape(-1, by).max(axis=1, initial=0)
    return reduced


class _Ear:
    """Listens to one channel."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self.waveform = Waveform()
        self._blocks = 0
        self._loudest = 0.0
        self._first: int | None = None
        self._last = 0
        self._speaking = 0
        self._clipped = 0
        self._sum = 0
        self._bins = np.zeros(_BINS, np.int64)
        self._dropouts: list[tuple[int, int]] = []
        self._last_sound = -1
        self._last_edge = 0

    def hear_levels(self, magnitudes: NDArray[np.int32]) -> None:
        """Take whole blocks. Args: magnitudes: shape (blocks, samples of each)."""
        levels = magnitudes.mean(axis=1)
        self._loudest = max(self._loudest, float(levels.max()))
        heard = np.flatnonzero(levels > SILENT_LEVEL)
        if len(heard):
            if self._first is None:
                self._first = self._blocks + int(heard[0])
            self._last = self._blocks + int(heard[-1]) + 1
        speaking = magnitudes[levels >= SPEECH_LEVEL]
        self._speaking += speaking.size
        self._clipped += int((speaking >= FULL_SCALE).sum())
        bins = (np.log2(levels + 1) * _BINS_PER_OCTAVE).astype(np.int64)
        self._bins += np.bincount(bins, minlength=_BINS)
        self.waveform.hear(np.minimum(magnitudes.max(axis=1) * 255 // 32_767, 255).astype(np.uint8))
        self._blocks += len(levels)

    def hear_zeros(self, samples: Samples, offset: int) -> None:
        """Look for zeros where there should be none. Args: offset: samples before these."""
        self._sum += int(samples.sum(dtype=np.int64))
        sounds = np.flatnonzero(samples)
        if not len(sounds):
            return
        least = self._rate_hz * DROPOUT_MS[0] // 1000
        if self._last_sound >= 0 and offset + sounds[0] - self._last_sound > least:
            self._gap(self._last_sound, self._last_edge, samples, int(sounds[0]), offset)
        for index in np.flatnonzero(np.diff(sounds) > least):
            before = int(sounds[index])
            self._gap(
                offset + before, self._edge(samples, before, -1), samples, int(sounds[index + 1]), offset
            )
        self._last_sound = offset + int(sounds[-1])
        self._last_edge = self._edge(samples, int(sounds[-1]), -1)

    def side(self, samples: int) -> Side:
        """Return what was heard. Args: samples: of the channel."""
        return Side(
            loudest=round(self._loudest),
            heard_from_ms=(self._first or 0) * BLOCK_MS,
            heard_until_ms=self._last * BLOCK_MS,
            zeros_from_ms=(self._last_sound + 1) * 1000 // self._rate_hz,
            clipped_share=self._clipped / self._speaking if self._speaking else 0.0,
            offset=round(self._sum / samples) if samples else 0,
            is_steady=self._is_steady(),
            dropouts=tuple(self._dropouts),
        )

    def _gap(self, before: int, edge: int, samples: Samples, at: int, offset: int) -> None:
        length_ms = (offset + at - before - 1) * 1000 // self._rate_hz
        if length_ms > DROPOUT_MS[1] or len(self._dropouts) >= MAX_DROPOUTS:
            return
        if min(edge, self._edge(samples, at, 1)) >= EDGE_LEVEL:
            from_ms = (before + 1) * 1000 // self._rate_hz
            self._dropouts.append((from_ms, from_ms + length_ms))

    def _edge(self, samples: Samples, at: int, direction: int) -> int:
        """Return the loudest sample within EDGE_MS before `at` (-1) or after it (1), itself included."""
        width = max(1, self._rate_hz * EDGE_MS // 1000)
        piece = samples[at : at + width] if direction > 0 else samples[max(0, at - width + 1) : at + 1]
        return int(np.abs(piece.astype(np.int32)).max())

    def _is_steady(self) -> bool:
        share = np.cumsum(self._bins) / max(1, self._blocks)
        quiet, loud = (int(np.searchsorted(share, part)) for part in (0.05, 0.95))
        if quiet < int(math.log2(SPEECH_LEVEL) * _BINS_PER_OCTAVE):
            return False
        return loud - quiet <= int(math.log2(STEADY_RATIO) * _BINS_PER_OCTAVE)
