"""Points of a waveform, for a player to draw: of each channel, the loudest of as many equal stretches."""

from __future__ import annotations

from collections.abc import Sequence

MAX_PEAKS = 2_000
"""As system_config has it (recording.processing.peaks): more than a screen is wide."""


def peaks(waveform: Sequence[bytes], count: int) -> tuple[tuple[int, ...], ...]:
    """Return `count` points for each channel, 0 to 255 (full scale).

    Args: waveform: Findings.waveform; count: 0 to MAX_PEAKS. Audio of fewer blocks has points more than once.
    Returns: () for a count of 0 or for no audio.
    """
    count = min(count, MAX_PEAKS)
    if count <= 0 or not any(waveform):
        return ()
    return tuple(_points(channel, count) for channel in waveform)


def _points(channel: bytes, count: int) -> tuple[int, ...]:
    if not channel:
        return (0,) * count
    length = len(channel)
    starts = [number * length // count for number in range(count)]
    ends = [max(start + 1, (number + 1) * length // count) for number, start in enumerate(starts)]
    return tuple(max(channel[start:end]) for start, end in zip(starts, ends, strict=True))
