"""Where a recording begins and ends to be heard, so that the silence before and after can be cut off.

Only what no side breaks counts as silence: a whisper, breath, ringing stay. A recording in which nothing is
heard at all is left whole, since its silence is what it has to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recording.hearing import SILENT_LEVEL, Side

TRIM_LEVEL = SILENT_LEVEL
"""Mean magnitude of a 20 ms block, of 32,767, above which it is kept: twice the noise of a line."""

MARGIN_MS = 300
"""Kept before the first sound and after the last: the soft beginning of a word, and room to breathe."""

LEAST_MS = 500
"""Less than this, at both ends together, is not worth the cut."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is kept, in ms of the audio as it was captured."""

    from_ms: int
    until_ms: int


def bounds(sides: Sequence[Side], duration_ms: int) -> Bounds | None:
    """Return what is to be kept, None when that is everything. Args: sides: what is heard on each channel."""
    heard = [side for side in sides if side.heard_until_ms]
    if not heard:
        return None
    from_ms = max(0, min(side.heard_from_ms for side in heard) - MARGIN_MS)
    until_ms = min(duration_ms, max(side.heard_until_ms for side in heard) + MARGIN_MS)
    if from_ms + duration_ms - until_ms < LEAST_MS:
        return None
    return Bounds(from_ms, until_ms)
