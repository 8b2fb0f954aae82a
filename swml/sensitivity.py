"""SWML's `input_sensitivity`, 0 to 100, as the loudness from which FreeSWITCH takes sound for speech.

The larger the sensitivity the lower the threshold. What the cloud's own scale is was never published; this
one makes the published default, 44, FreeSWITCH's own default, 200, and spreads the rest by equal ratios, as
ears do: nine or ten more halve the threshold.

| sensitivity | 0 | 10 | 20 | 30 | 44 | 50 | 60 | 70 | 80 | 90 | 100 |
|---|---|---|---|---|---|---|---|---|---|---|---|
| threshold | 6400 | 2911 | 1324 | 602 | 200 | 132 | 65 | 33 | 16 | 8 | 4 |

0 hears only what is as loud as somebody who shouts, 100 takes the noise of any line for speech.
Source: FreeSWITCH switch_ivr_async.c (RECORD_SILENCE_THRESHOLD, mean magnitude of 20 ms).
"""

from __future__ import annotations

import math

LEAST, DEFAULT, MOST = 0.0, 44.0, 100.0

LOUDEST, USUAL, SOFTEST = 6400, 200, 4
"""The thresholds of these three."""


def threshold_of(sensitivity: float) -> int:
    """Return the threshold of a sensitivity; one outside the range takes the range's end."""
    sensitivity = min(max(sensitivity, LEAST), MOST)
    if sensitivity <= DEFAULT:
        return round(USUAL * math.pow(LOUDEST / USUAL, (DEFAULT - sensitivity) / (DEFAULT - LEAST)))
    return round(USUAL * math.pow(SOFTEST / USUAL, (sensitivity - DEFAULT) / (MOST - DEFAULT)))
