"""Audio that sounds like people on the telephone: voiced syllables with pauses, over the noise of a line."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Voice = NDArray[np.int16]
LINE_NOISE = 30


def voice(duration_s: float, rate_hz: int = 8_000, *, level: int = 6_000, seed: int = 1) -> Voice:
    """Somebody who speaks: syllables of 150 to 300 ms at a pitch that moves, pauses of up to 500 ms."""
    random = np.random.default_rng(seed)
    count = int(duration_s * rate_hz)
    time_s = np.arange(count) / rate_hz
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time_s + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    tone = sum(np.sin(number * phase) / number for number in range(1, 8))
    envelope = np.zeros(count)
    at = 0.0
    while at < duration_s:
        length = random.uniform(0.15, 0.3)
        start, end = int(at * rate_hz), min(count, int((at + length) * rate_hz))
        envelope[start:end] = np.hanning(int(length * rate_hz) + 1)[: end - start] * random.uniform(0.3, 1.0)
        at += length + (random.uniform(0.2, 0.5) if random.random() < 0.25 else 0.03)
    return _whole(tone * envelope * level + random.normal(0, LINE_NOISE, count))


def noise(duration_s: float, rate_hz: int = 8_000, *, level: float = LINE_NOISE, seed: int = 9) -> Voice:
    """A line on which nobody speaks."""
    return _whole(np.random.default_rng(seed).normal(0, level, int(duration_s * rate_hz)))


def tone(duration_s: float, rate_hz: int = 8_000, *, level: int = 8_000, pitch_hz: float = 440.0) -> Voice:
    """One steady tone."""
    return _whole(level * np.sin(2 * np.pi * pitch_hz * np.arange(int(duration_s * rate_hz)) / rate_hz))


def silence(duration_s: float, rate_hz: int = 8_000) -> Voice:
    """Zeros."""
    return np.zeros(int(duration_s * rate_hz), np.int16)


def row(*pieces: Voice) -> Voice:
    """One after the other."""
    return np.concatenate(pieces)


def write(path: Path, *sides: Voice, rate_hz: int = 8_000) -> Path:
    """Write a WAV file of one channel or more; shorter ones are filled with zeros."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = max(len(side) for side in sides)
    block = np.stack([np.pad(side, (0, count - len(side))) for side in sides], axis=1)
    with wave.open(str(path), "wb") as target:
        target.setnchannels(len(sides))
        target.setsampwidth(2)
        target.setframerate(rate_hz)
        target.writeframes(block.astype("<i2").tobytes())
    return path


def spoken(path: Path, text: str) -> Path:
    """A file in which a synthetic voice says something, 16 kHz mono. Skips where there is no flite."""
    flite = shutil.which("flite")
    if flite is None:
        pytest.skip("flite, which makes speech for this test, is not installed")
    subprocess.run([flite, "-voice", "slt", "-t", text, str(path)], check=True, timeout=30)
    return path


def _whole(samples: NDArray[np.float64]) -> Voice:
    return np.clip(samples, -32_768, 32_767).round().astype(np.int16)
