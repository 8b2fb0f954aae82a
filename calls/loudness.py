"""How loud a call's party hears us: a gain in decibels, as near as FreeSWITCH can come.

FreeSWITCH multiplies what it writes to a channel by one of eight factors; finer steps it has for conferences
and phrase macros only. The nearest step in decibels is taken, so what is asked for beyond them is the last.
Source: FreeSWITCH switch_resample.c (switch_change_sln_volume), switch_ivr_async.c (session_audio_callback).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from calls.call import Call
from calls.errors import CallGone

FACTORS = {-4: 0.2, -3: 0.4, -2: 0.6, -1: 0.8, 0: 1.0, 1: 1.3, 2: 2.3, 3: 3.3, 4: 4.3}
"""What a level multiplies samples by."""

GAINS_DB = {level: 20 * math.log10(factor) for level, factor in FACTORS.items()}


def level_of(gain_db: float) -> int:
    """Return the level nearest to a gain, -4 to 4; of two as near the softer one."""
    return min(GAINS_DB, key=lambda level: (abs(GAINS_DB[level] - gain_db), level))


@contextmanager
def gain(call: Call, gain_db: float) -> Iterator[None]:
    """Let the party hear everything so much louder, or softer, while inside. Raises: CallGone."""
    level = level_of(gain_db)
    if not level:
        yield
        return
    call.submit("set_audio_level", f"write {level}")
    try:
        yield
    finally:
        with suppress(CallGone):
            call.submit("set_audio_level", "write 0")
