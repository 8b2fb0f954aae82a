"""Joins two captures of one side that overlap: what the end of one and the beginning of the next share, once.

The next one is begun before the first is ended, so both have the frames between. They are the very same
samples; where they are silent, so that several lengths fit, it does not matter which.
"""

from __future__ import annotations

import numpy as np

from calls.growing_audio import NOTHING, Samples

MAX_OVERLAP = 4_800
"""Samples: 0.3 s of 16 kHz, where 20 to 40 ms are usual."""

MIN_OVERLAP = 40
"""5 ms of 8 kHz: fewer may be equal by chance, and nobody hears them."""


class Joint:
    """Keeps the end of what was taken, and takes off what comes a second time."""

    def __init__(self) -> None:
        self._tail = NOTHING
        self._is_at_joint = False

    def turn(self) -> None:
        """What comes now is of the next one."""
        self._is_at_joint = True

    def take(self, samples: Samples) -> Samples:
        """Return samples without those at their beginning that were taken already."""
        if self._is_at_joint and len(samples):
            self._is_at_joint = False
            samples = samples[_overlap(self._tail, samples) :]
        if len(samples):
            self._tail = np.concatenate((self._tail, samples[-MAX_OVERLAP:]))[-MAX_OVERLAP:]
        return samples


def _overlap(tail: Samples, head: Samples) -> int:
    """Return how many samples at the end of one are those at the beginning of the other."""
    for length in range(min(len(tail), len(head)), MIN_OVERLAP - 1, -1):
        if tail[-length] == head[0] and np.array_equal(tail[-length:], head[:length]):
            return length
    return 0
