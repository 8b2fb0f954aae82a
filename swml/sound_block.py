"""Sound in blocks of 20 ms: how loud each is, and whether it is one pure tone.

A beep, the answering tone of a fax and its calling tone have almost all of their power at one frequency,
which stays where it is; voices have harmonics, and wander.
Source: ITU-T T.30 section 4 (CNG 1100 Hz, CED 2100 Hz); a Hann window's main lobe is three bins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_MS = 20
RATE_HZ = 8_000
BLOCK = RATE_HZ * BLOCK_MS // 1000

BIN_HZ = RATE_HZ // BLOCK
"""Frequencies are told to 50 Hz, which is exact for both fax tones."""

_WINDOW = np.hanning(BLOCK + 1)[:BLOCK]


@dataclass(frozen=True, slots=True)
class Block:
    """20 ms.

    Attributes: level: mean magnitude, of 32,767; peak_hz: its strongest frequency; purity: the share of the
    power that is there, 0 to 1, 0 for digital silence.
    """

    level: float
    peak_hz: int = 0
    purity: float = 0.0


SILENT = Block(0.0)


class Blocks:
    """Cuts sound into blocks, whatever the lengths it comes in."""

    def __init__(self) -> None:
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)

    def cut(self, samples: NDArray[np.int16]) -> list[Block]:
        """Return the blocks that are whole now. Args: samples: at RATE_HZ, mono."""
        sound = np.concatenate((self._rest, samples))
        whole = len(sound) // BLOCK * BLOCK
        self._rest = sound[whole:]
        return list(_blocks(sound[:whole].reshape(-1, BLOCK).astype(np.float64))) if whole else []


def _blocks(sound: NDArray[np.float64]) -> Iterator[Block]:
    levels = np.abs(sound).mean(axis=1)
    sound = sound - sound.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(sound * _WINDOW, axis=1)) ** 2
    power[:, :2] = 0.0  # hum of the line
    peaks = power.argmax(axis=1)
    total = power.sum(axis=1)
    rows = np.arange(len(power))
    near = sum(power[rows, np.clip(peaks + step, 0, power.shape[1] - 1)] for step in (-1, 0, 1))
    purity = np.divide(near, total, out=np.zeros_like(total), where=total > 0)
    for level, peak, share in zip(levels, peaks, purity, strict=True):
        yield Block(float(level), int(peak) * BIN_HZ, min(1.0, float(share)))
