"""Digits a leg has sent and nobody has read yet; reading one is what makes its DTMF event.

Source: FreeSWITCH switch_channel.c (switch_channel_queue_dtmf_string, switch_channel_dequeue_dtmf).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

VALID = frozenset("0123456789*#ABCDabcdwW")
DEFAULT_SAMPLES = 2000
_MIN_SAMPLES, _MAX_SAMPLES = 400, 192_000
# FreeSWITCH's queue holds 500 digits; the oldest give way.
_CAPACITY = 500


@dataclass(frozen=True, slots=True)
class Digit:
    """One key. samples: its length at 8 kHz; source: where FreeSWITCH says it came from."""

    key: str
    samples: int = DEFAULT_SAMPLES
    source: str = "RTP"


class DigitQueue:
    """The digits waiting on one channel."""

    def __init__(self) -> None:
        self._waiting: deque[Digit] = deque(maxlen=_CAPACITY)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, digit: Digit) -> None:
        """Add a digit."""
        self._waiting.append(digit)

    def take(self) -> Digit | None:
        """Remove the oldest digit."""
        return self._waiting.popleft() if self._waiting else None

    def flush(self) -> None:
        """Forget all."""
        self._waiting.clear()


def parse_digits(text: str, source: str = "APP") -> list[Digit]:
    """The digits of a DTMF string `digits[@ms][+digits[@ms]…]`; what is no digit is left out."""
    digits = []
    for part in text.lstrip("~").split("+"):
        keys, at, length = part.partition("@")
        samples = DEFAULT_SAMPLES
        if at and length.isdecimal():
            samples = max(_MIN_SAMPLES, min(_MAX_SAMPLES, int(length) * 8))
        digits += [Digit(key, samples, source) for key in keys if key in VALID]
    return digits
