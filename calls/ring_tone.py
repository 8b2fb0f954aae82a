"""What callers hear in each country while a telephone rings, as FreeSWITCH plays tones.

Frequencies sound together; where a network modulates one tone by another, both side bands stand for it.
Source: ITU-T E.180 Supplement 2 (Various tones used in national networks); FreeSWITCH's own vars.xml where
that says nothing; Bell System practice for `us-old`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cadence:
    """One ring. Attributes: frequencies_hz: heard together; beats_ms: sound and pause in turn."""

    frequencies_hz: tuple[int, ...]
    beats_ms: tuple[int, ...]

    @property
    def cycle_ms(self) -> int:
        """The length of one ring with its pauses."""
        return sum(self.beats_ms)

    def media(self, duration_ms: int | None = None) -> tuple[str, ...]:
        """Return what to play one after the other. Args: duration_ms: None for one ring.

        Whole rings are repeated by FreeSWITCH, which keeps in memory what it does not repeat; the last one is
        cut to what is left.
        Source: FreeSWITCH mod_tone_stream.c (loops), libteletone (TGML).
        """
        rings, left_ms = divmod(self.cycle_ms if duration_ms is None else duration_ms, self.cycle_ms)
        parts = [f"{self._script(self.cycle_ms)};loops={rings}"] if rings else []
        if left_ms:
            parts.append(self._script(left_ms))
        return tuple(parts)

    def _script(self, length_ms: int) -> str:
        tones = ",".join(str(hertz) for hertz in self.frequencies_hz)
        groups = []
        for on_ms, off_ms in zip(self.beats_ms[::2], self.beats_ms[1::2], strict=True):
            sound_ms = min(on_ms, length_ms)
            pause_ms = min(off_ms, length_ms - sound_ms)
            if sound_ms:
                groups.append(f"%({sound_ms},{pause_ms},{tones})")
            length_ms -= sound_ms + pause_ms
        return f"tone_stream://{';'.join(groups)}"


def _single(hertz: int, on_ms: int = 1000, off_ms: int = 4000) -> Cadence:
    return Cadence((hertz,), (on_ms, off_ms))


def _double(*frequencies_hz: int) -> Cadence:
    """Two short rings and a pause, as in Britain and where its network came from."""
    return Cadence(frequencies_hz, (400, 200, 400, 2000))


CADENCES: Mapping[str, Cadence] = {
    "at": _single(420, 1000, 5000),
    "au": _double(413, 438),
    "be": _single(425, 1000, 3000),
    "bg": _single(425),
    "br": _single(425),
    "ca": Cadence((440, 480), (2000, 4000)),
    "ch": _single(425),
    "cl": _single(400, 1000, 3000),
    "cn": _single(450),
    "cz": _single(425),
    "de": _single(425),
    "dk": _single(425),
    "ee": _single(425),
    "es": _single(425, 1500, 3000),
    "fi": _single(425),
    "fr": _single(440, 1500, 3500),
    "gb": _double(400, 450),
    "gr": _single(425),
    "hu": _single(425, 1250, 3750),
    "ie": _double(400, 450),
    "il": _single(400, 1000, 3000),
    "in": _double(375, 425),
    "it": _single(425),
    "jp": Cadence((384, 416), (1000, 2000)),
    "lt": _single(425),
    "mx": _single(425),
    "my": _double(425),
    "nl": _single(425),
    "no": _single(425),
    "nz": _double(400, 450),
    "ph": Cadence((425, 480), (1000, 4000)),
    "pl": _single(425),
    "pt": _single(425, 1000, 5000),
    "ru": _single(425, 800, 3200),
    "se": _single(425, 1000, 5000),
    "sg": _double(401, 449),
    "th": Cadence((350, 450), (1000, 4000)),
    "tw": Cadence((440, 480), (1000, 2000)),
    "uk": _double(400, 450),
    "us": Cadence((440, 480), (2000, 4000)),
    "us-old": Cadence((380, 460), (2000, 4000)),
    "ve": _single(425),
    "za": _double(367, 433),
}
"""By country code of ISO 3166, `uk` and `us-old` besides."""
