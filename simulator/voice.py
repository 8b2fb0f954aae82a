"""Speech-like sound that can be told apart: every voice is a number, and what it says is reproducible.

A voice speaks an endless stream; syllable n of voice s has a pitch, a vowel, a loudness and a length that
follow from (s, n) alone. So any stretch can be made again anywhere, at any sample rate, and compared with
what a file contains. Sound is assembled from ready-made pitch cycles: a minute takes milliseconds.
"""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from functools import lru_cache

FRAME_MS = 20
SYLLABLE_MS = 200
_FRAMES_PER_SYLLABLE = SYLLABLE_MS // FRAME_MS
# Amplitudes of the first harmonics: dark, open, nasal, bright, hollow.
_VOWELS = (
    (1.0, 0.7, 0.45, 0.2, 0.1, 0.05),
    (0.8, 1.0, 0.9, 0.6, 0.3, 0.15),
    (1.0, 0.3, 0.15, 0.4, 0.25, 0.1),
    (0.6, 0.8, 0.5, 0.7, 0.6, 0.4),
    (1.0, 0.2, 0.7, 0.15, 0.4, 0.1),
)
_PEAK = 9000
_LEVELS = 16
# Rise and fall of a syllable, frame by frame, in sixteenths.
_ENVELOPES = (
    (7, 13, 16, 16, 15, 13, 9, 4, 0, 0),
    (10, 16, 15, 14, 12, 10, 6, 0, 0, 0),
    (4, 9, 13, 16, 16, 16, 14, 11, 6, 2),
    (12, 16, 13, 9, 13, 16, 12, 6, 2, 0),
)
_LOUDNESS = (0.45, 0.62, 0.8, 1.0)
# Between words a line is never quite still; digital silence there would be a hole in the speech.
_STILL = array("h", (1, 0, -1, 0))


@lru_cache(maxsize=4096)
def _syllable(seed: int, index: int) -> tuple[int, tuple[float, ...], float, tuple[int, ...]]:
    """Pitch in Hz, vowel, loudness and envelope of one syllable; about one in nine is a pause."""
    dice = zlib.crc32(struct.pack("<qq", seed, index))
    dice = zlib.crc32(struct.pack("<I", dice), seed & 0xFFFFFFFF)
    base_hz = 95 + (zlib.crc32(struct.pack("<q", seed)) % 5) * 27
    pitch_hz = base_hz + (dice & 7) * 4
    vowel = _VOWELS[(dice >> 3) % len(_VOWELS)]
    loudness = 0.0 if (dice >> 8) % 9 == 0 else _LOUDNESS[(dice >> 13) % len(_LOUDNESS)]
    return pitch_hz, vowel, loudness, _ENVELOPES[(dice >> 17) % len(_ENVELOPES)]


@lru_cache(maxsize=8192)
def _cycle(vowel: tuple[float, ...], period: int, level: int) -> array[int]:
    """One pitch cycle of `period` samples at `level` sixteenths of full loudness."""
    gain = _PEAK * level / _LEVELS / sum(vowel)
    samples = array("h", bytes(2 * period))
    for position in range(period):
        phase = 2 * math.pi * position / period
        wave = sum(part * math.sin((number + 1) * phase) for number, part in enumerate(vowel))
        samples[position] = int(gain * wave)
    return samples


@lru_cache(maxsize=8192)
def _cycle_loudness(vowel: tuple[float, ...], period: int, level: int) -> int:
    samples = _cycle(vowel, period, level)
    return sum(map(abs, samples)) // len(samples)


def _frame_level(loudness: float, envelope: tuple[int, ...], frame: int) -> int:
    return round(loudness * envelope[frame % _FRAMES_PER_SYLLABLE] * _LEVELS / 16)


def _frame(seed: int, frame: int, rate_hz: int) -> array[int]:
    """20 ms of the stream."""
    pitch_hz, vowel, loudness, envelope = _syllable(seed, frame // _FRAMES_PER_SYLLABLE)
    length = rate_hz * FRAME_MS // 1000
    level = _frame_level(loudness, envelope, frame)
    if not level:
        return (_STILL * (length // len(_STILL) + 1))[:length]
    period = max(8, rate_hz // pitch_hz)
    cycle = _cycle(vowel, period, level)
    skip = (frame % _FRAMES_PER_SYLLABLE) * length % period
    return (cycle * (length // period + 2))[skip : skip + length]


def speech(seed: int, start_ms: int, duration_ms: int, rate_hz: int = 8000) -> array[int]:
    """What voice `seed` says from `start_ms` of its stream on.

    Args: seed: names the voice; start_ms, duration_ms: >= 0; rate_hz: multiple of 50.
    Returns: signed 16-bit mono samples, rate_hz * duration_ms / 1000 of them.
    """
    first = start_ms // FRAME_MS
    last = (start_ms + duration_ms + FRAME_MS - 1) // FRAME_MS
    samples = array("h")
    for frame in range(first, last):
        samples.extend(_frame(seed, frame, rate_hz))
    skip = (start_ms - first * FRAME_MS) * rate_hz // 1000
    return samples[skip : skip + duration_ms * rate_hz // 1000]


def loudness(seed: int, at_ms: int) -> int:
    """Mean absolute sample value of the 20 ms of the stream that contain `at_ms`."""
    frame = at_ms // FRAME_MS
    pitch_hz, vowel, loud, envelope = _syllable(seed, frame // _FRAMES_PER_SYLLABLE)
    level = _frame_level(loud, envelope, frame)
    return _cycle_loudness(vowel, max(8, 8000 // pitch_hz), level) if level else 0


def seed_of(text: str) -> int:
    """A voice number from a name, the same in every process."""
    return zlib.crc32(text.encode("utf-8", "surrogateescape"))
