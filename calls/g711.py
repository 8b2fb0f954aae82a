"""G.711: 16-bit samples as mu-law or A-law, one byte a sample, by a table of all there are.

Source: ITU-T G.711; RFC 3551 sections 4.5.14 and 6 (payload types 0 and 8).
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from calls.growing_audio import Samples

_Table = NDArray[np.uint8]
_BIAS = 0x84
_CLIP = 32_635


class Codec(StrEnum):
    """The two laws, by their names in SDP."""

    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def payload_type(self) -> int:
        """Their number in RTP."""
        return 0 if self is Codec.PCMU else 8


def encode(samples: Samples, codec: Codec) -> bytes:
    """Return samples as one byte each."""
    return _TABLES[codec][samples.view(np.uint16)].tobytes()


def _mu_law(samples: NDArray[np.int32]) -> _Table:
    sign = np.where(samples < 0, 0x80, 0)
    biased = np.minimum(np.abs(samples), _CLIP) + _BIAS
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    found: _Table = (~(sign | exponent << 4 | (biased >> (exponent + 3) & 0x0F)) & 0xFF).astype(np.uint8)
    return found


def _a_law(samples: NDArray[np.int32]) -> _Table:
    sign = np.where(samples < 0, 0, 0x80)
    magnitude = np.where(samples < 0, -samples - 1, samples) >> 3  # 12 bits are left, and one below zero
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    shift = np.where(exponent > 1, exponent, 1)
    found: _Table = ((sign | exponent << 4 | magnitude >> shift & 0x0F) ^ 0x55).astype(np.uint8)
    return found


def _all_samples() -> NDArray[np.int32]:
    """Return every sample at the place of its bits."""
    return np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)


_TABLES = {Codec.PCMU: _mu_law(_all_samples()), Codec.PCMA: _a_law(_all_samples())}
