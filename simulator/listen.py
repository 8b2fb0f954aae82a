"""Listens to a sound file and says how far it contains what the legs of a call said.

Voices differ in rhythm and loudness syllable by syllable, so the loudness curve in 20 ms steps is a
signature that survives MP3, another sample rate and mixing. The file's curve is slid along the expected
one; where it fits best, every step is judged by itself.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.decode import channels_of, samples_of
from simulator.timeline import Timeline

STEP_MS = 20
_RATE_HZ = 8000
_STEP_SAMPLES = _RATE_HZ * STEP_MS // 1000
MAX_LAG_MS = 1500
# Below this mean sample value a step counts as silent; a phone line's noise is about 30.
SILENT = 60
# A step fits when it is within this factor of the expected loudness (about 8 dB: mixing, codec, borders).
_TOLERANCE = 2.6


@dataclass(frozen=True, slots=True)
class Match:
    """How a file's loudness curve fits the expected one.

    Attributes: matched: fraction of the expected sound that is there, 0..1; offset_ms: how much later than
    expected; gain: loudness relative to what was spoken; correlation: of the curves, -1..1.
    """

    matched: float
    offset_ms: int
    gain: float
    correlation: float

    @property
    def ok(self) -> bool:
        """Whether nobody would doubt that this is the same sound."""
        return self.matched >= 0.9 and self.correlation >= 0.8


def curve(samples: array[int]) -> list[int]:
    """Mean absolute value per 20 ms of mono samples at 8 kHz."""
    return [
        sum(map(abs, samples[at : at + _STEP_SAMPLES])) // _STEP_SAMPLES
        for at in range(0, len(samples) - _STEP_SAMPLES + 1, _STEP_SAMPLES)
    ]


def curves_of(path: Path) -> list[list[int]]:
    """The loudness curve of each channel of a file.

    Raises: simulator.decode.CannotDecode.
    """
    channels = min(2, channels_of(path))
    samples = samples_of(path, _RATE_HZ, channels)
    return [curve(samples[channel::channels]) for channel in range(channels)]


def expected_curve(timelines: Sequence[Timeline], start_s: float, duration_ms: int) -> list[int]:
    """What the mixed sound of those timelines should look like from `start_s` on."""
    mixed = [0.0] * (duration_ms // STEP_MS)
    for timeline in timelines:
        for step, level in enumerate(curve(timeline.render(start_s, duration_ms, _RATE_HZ))):
            mixed[step] += float(level) ** 2
    return [round(math.sqrt(value)) for value in mixed]


def compare(actual: Sequence[int], expected: Sequence[int], max_lag_ms: int = MAX_LAG_MS) -> Match:
    """Slide `actual` along `expected` and judge the best fit.

    Returns: a Match; all zero when either curve holds no sound.
    """
    reach = max_lag_ms // STEP_MS
    best_lag, best = 0, -1.0
    for lag in sorted(range(-reach, reach + 1), key=abs):
        score = _correlation(actual, expected, lag)
        if score > best + 1e-6:
            best_lag, best = lag, score
    if best <= 0:
        return Match(0.0, 0, 0.0, 0.0)
    gain = _gain(actual, expected, best_lag)
    return Match(_matched(actual, expected, best_lag, gain), best_lag * STEP_MS, gain, best)


def listen(path: Path, timelines: Sequence[Timeline], start_s: float, duration_ms: int) -> list[Match]:
    """Compare a file with what was audible from `start_s` on.

    Args: timelines: one per channel of a stereo file (left, right); for a mono file all are mixed.
    Returns: one Match per channel of the file.
    """
    curves = curves_of(path)
    if len(curves) == 1:
        return [compare(curves[0], expected_curve(timelines, start_s, duration_ms))]
    return [
        compare(one, expected_curve([timeline], start_s, duration_ms))
        for one, timeline in zip(curves, timelines, strict=False)
    ]


def _pairs(actual: Sequence[int], expected: Sequence[int], lag: int) -> list[tuple[int, int]]:
    """Steps of both curves side by side; what one lacks counts as silence."""
    size = len(actual)
    return [(actual[at + lag] if 0 <= at + lag < size else 0, value) for at, value in enumerate(expected)]


def _correlation(actual: Sequence[int], expected: Sequence[int], lag: int) -> float:
    pairs = _pairs(actual, expected, lag)
    if not pairs:
        return 0.0
    mean_a = sum(a for a, _ in pairs) / len(pairs)
    mean_b = sum(b for _, b in pairs) / len(pairs)
    cross = sum((a - mean_a) * (b - mean_b) for a, b in pairs)
    power = sum((a - mean_a) ** 2 for a, _ in pairs) * sum((b - mean_b) ** 2 for _, b in pairs)
    return cross / math.sqrt(power) if power else 0.0


def _gain(actual: Sequence[int], expected: Sequence[int], lag: int) -> float:
    pairs = _pairs(actual, expected, lag)
    power = sum(b * b for _, b in pairs)
    return sum(a * b for a, b in pairs) / power if power else 0.0


def _matched(actual: Sequence[int], expected: Sequence[int], lag: int, gain: float) -> float:
    """Fraction of the steps with expected sound that have it, each may borrow from its neighbours."""
    size = len(actual)
    loud = [at for at, value in enumerate(expected) if value > SILENT]
    if not loud or gain <= 0:
        return 0.0
    hits = 0
    for at in loud:
        wanted = expected[at] * gain
        around = [actual[at + lag + by] for by in (-1, 0, 1) if 0 <= at + lag + by < size]
        hits += any(wanted / _TOLERANCE <= value <= wanted * _TOLERANCE for value in around)
    return hits / len(loud)
