"""Who is heard when, by the steady tones that telephones of tests speak."""

from __future__ import annotations

import array
import math
import wave
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

SLICE_S = 0.1
LEAST = 600.0
"""Amplitude of a tone that counts; a telephone's has 8,000."""


def heard(path: Path, tones: Mapping[str, int]) -> list[list[tuple[str, float]]]:
    """Return for each channel who is heard, one after the other, and for how many seconds.

    Args: tones: Hz by one letter. Returns: such as [[("A", 2.0)], [("B", 0.9), ("", 0.1), ("C", 1.0)]]; the
    letters of all who are heard at once, "" for none of them.
    """
    with wave.open(str(path), "rb") as file:
        rate_hz, channels = file.getframerate(), file.getnchannels()
        samples = array.array("h", file.readframes(file.getnframes()))
    return [_runs(samples[number::channels], rate_hz, tones) for number in range(channels)]


def order(runs: list[tuple[str, float]], least_s: float = 0.25) -> str:
    """Return who was heard for some time, in order: "BC" for bob, then carol."""
    letters = [who for who, length_s in runs if len(who) == 1 and length_s >= least_s]
    return "".join(letter for letter, _ in groupby(letters))


def seconds(runs: list[tuple[str, float]], who: str) -> float:
    """Return how long somebody is heard in all."""
    return sum(length_s for letters, length_s in runs if who in letters)


def _runs(samples: array.array[int], rate_hz: int, tones: Mapping[str, int]) -> list[tuple[str, float]]:
    size = int(rate_hz * SLICE_S)
    slices = (samples[at : at + size] for at in range(0, len(samples) - size + 1, size))
    found = ["".join(who for who, hz in tones.items() if _level(one, rate_hz, hz) > LEAST) for one in slices]
    return [(who, round(len(list(group)) * SLICE_S, 1)) for who, group in groupby(found)]


def _level(samples: array.array[int], rate_hz: int, hz: int) -> float:
    """Goertzel's algorithm: the amplitude of one frequency."""
    factor = 2 * math.cos(2 * math.pi * hz / rate_hz)
    last = before = 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = last * last + before * before - factor * last * before
    return 2 * math.sqrt(max(0.0, power)) / len(samples)
