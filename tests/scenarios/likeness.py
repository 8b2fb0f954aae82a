"""Whether one sound is within another, by correlation, stretch by stretch: lines slip frames, and mix."""

from __future__ import annotations

import io
import wave
from array import array

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
STRETCH_S = 0.5
LEAST_LEVEL = 50.0
"""Stretches softer than that are silence, and like anything."""

Curve = NDArray[np.float64]


def samples_of(file: bytes) -> array[int]:
    """Return what is in a WAV file, channels in turn."""
    with wave.open(io.BytesIO(file)) as opened:
        assert opened.getframerate() == RATE_HZ
        return array("h", opened.readframes(opened.getnframes()))


def likenesses(needle: array[int], sound: array[int]) -> list[float]:
    """Return for each stretch of `needle` in which there is sound how like it its best place in `sound` is.

    Returns: correlations, 1.0 for the same; [] where the needle is silent.
    """
    size = round(STRETCH_S * RATE_HZ)
    whole = np.asarray(sound, dtype=np.float64)
    parts = [np.asarray(needle[at : at + size], dtype=np.float64) for at in range(0, len(needle), size)]
    return [_best(part, whole) for part in parts if len(part) == size and np.abs(part).mean() > LEAST_LEVEL]


def share_like(needle: array[int], sound: array[int], least: float = 0.9) -> float:
    """Return how much of what sounds in `needle` is in `sound`, 0 to 1."""
    found = likenesses(needle, sound)
    assert found, "nothing is to be heard of what is looked for"
    return sum(one >= least for one in found) / len(found)


def _best(part: Curve, whole: Curve) -> float:
    if len(whole) < len(part):
        return 0.0
    length = len(whole) + len(part)
    spectrum = np.fft.rfft(whole, length) * np.conj(np.fft.rfft(part, length))
    dots = np.fft.irfft(spectrum, length)[: len(whole) - len(part) + 1]
    sums = np.concatenate([[0.0], np.cumsum(whole**2)])
    powers = np.maximum(sums[len(part) :] - sums[: -len(part)], 1.0)
    return float((dots / np.sqrt(powers * (part**2).sum())).max())
