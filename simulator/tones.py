"""Tone scripts: what `tone_stream://` and `gentones` play.

The subset of FreeSWITCH's tone language that prompts use: `%(on,off,hz[,hz…])` groups in sequence,
`v=` (volume in dB), `loops=`. Source: libteletone TGML; mod_tone_stream.c.
"""

from __future__ import annotations

import math
import re
from array import array
from dataclasses import dataclass
from functools import lru_cache

_GROUP = re.compile(r"%\(\s*(\d+)\s*,\s*(\d+)\s*,([^)]*)\)")
_VOLUME = re.compile(r"(?:^|;)\s*v=(-?\d+(?:\.\d+)?)")
_LOOPS = re.compile(r";\s*loops=(-?\d+)", re.IGNORECASE)
_PEAK = 16_000
_DEFAULT_VOLUME_DB = -7.0
# One cycle of a script longer than this is cut; no ring or busy tone comes near it.
MAX_CYCLE_MS = 60_000


@dataclass(frozen=True, slots=True)
class ToneScript:
    """A parsed tone script. `groups`: (on_ms, off_ms, frequencies in Hz); loops: -1 for ever."""

    groups: tuple[tuple[int, int, tuple[float, ...]], ...]
    loops: int = 1
    volume_db: float = _DEFAULT_VOLUME_DB

    @property
    def cycle_ms(self) -> int:
        """Length of one round."""
        return min(MAX_CYCLE_MS, sum(on + off for on, off, _ in self.groups))

    @property
    def duration_ms(self) -> int | None:
        """Length of everything; None when it never ends."""
        return None if self.loops < 0 else self.cycle_ms * max(1, self.loops)

    def sounding(self, at_ms: int) -> bool:
        """Whether a tone is on at that time, rather than the gap after it."""
        if not self.cycle_ms:
            return False
        left = at_ms % self.cycle_ms
        for on_ms, off_ms, _ in self.groups:
            if left < on_ms + off_ms:
                return left < on_ms
            left -= on_ms + off_ms
        return False


def parse(script: str) -> ToneScript | None:
    """Read a tone script; None when it contains nothing that could be played."""
    loops = _LOOPS.search(script)
    volume = _VOLUME.search(script)
    groups = []
    for on_ms, off_ms, tones in _GROUP.findall(script):
        hertz = tuple(float(tone) for tone in tones.split(",") if _is_number(tone))
        groups.append((min(int(on_ms), MAX_CYCLE_MS), min(int(off_ms), MAX_CYCLE_MS), hertz))
    if not groups:
        return None
    return ToneScript(
        tuple(groups),
        loops=int(loops.group(1)) if loops else 1,
        volume_db=max(-63.0, min(0.0, float(volume.group(1)))) if volume else _DEFAULT_VOLUME_DB,
    )


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*\d+(\.\d+)?\s*", text) is not None


def _wave(hertz: tuple[float, ...], gain: float, rate_hz: int, count: int) -> array[int]:
    """The first `count` samples of a chord, or as many as it takes until it repeats itself."""
    steps = [2 * math.pi * tone / rate_hz for tone in hertz]
    share = gain / max(1, len(steps))
    if all(tone.is_integer() for tone in hertz):
        count = min(count, rate_hz // math.gcd(rate_hz, *(int(tone) for tone in hertz)))
    return array("h", [int(share * sum(math.sin(step * at) for step in steps)) for at in range(count)])


@lru_cache(maxsize=64)
def cycle(script: ToneScript, rate_hz: int) -> array[int]:
    """Samples of one round."""
    samples = array("h")
    gain = _PEAK * 10 ** (script.volume_db / 20)
    for on_ms, off_ms, hertz in script.groups:
        count = on_ms * rate_hz // 1000
        wave = _wave(hertz, gain, rate_hz, count)
        samples.extend((wave * (count // max(1, len(wave)) + 1))[:count])
        samples.extend(array("h", bytes(2 * (off_ms * rate_hz // 1000))))
    return samples[: script.cycle_ms * rate_hz // 1000]
