"""Who made what sound when: one timeline for what a leg says, one for what it hears.

Nothing is rendered while a call runs. A recording that ends reads its audio off the timelines.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from simulator.source import Source, silence

_MAX, _MIN = 32767, -32768


@dataclass(slots=True)
class Sound:
    """One sound on a timeline.

    Attributes: start_s, end_s: simulated time, end None while it goes on; offset_ms: where in the source it
    began.
    """

    source: Source
    start_s: float
    offset_ms: int = 0
    end_s: float | None = None

    def sounds_at(self, at_s: float) -> bool:
        """Whether it is on at that moment."""
        return self.start_s <= at_s and (self.end_s is None or at_s < self.end_s)

    def offset_at(self, at_s: float) -> int:
        """Position in the source at that moment, in ms."""
        return self.offset_ms + round((at_s - self.start_s) * 1000)


@dataclass(slots=True)
class Timeline:
    """Sounds in the order in which they began."""

    sounds: list[Sound] = field(default_factory=list)

    def begin(self, source: Source, at_s: float, offset_ms: int = 0) -> Sound:
        """A sound begins now; `end` it, or let its source's length end it."""
        sound = Sound(source, at_s, offset_ms)
        if source.duration_ms is not None:
            sound.end_s = at_s + max(0, source.duration_ms - offset_ms) / 1000
        self.sounds.append(sound)
        return sound

    def end(self, sound: Sound, at_s: float) -> None:
        """The sound stops now; ending it later than it lasts changes nothing."""
        if sound.end_s is None or at_s < sound.end_s:
            sound.end_s = max(at_s, sound.start_s)

    def flows_at(self, at_s: float) -> bool:
        """Whether any sound, be it silent, is on: whether media frames exist at that moment."""
        return any(sound.sounds_at(at_s) for sound in self.sounds)

    def level_at(self, at_s: float) -> int:
        """Mean absolute sample value of the 20 ms that begin there."""
        return sum(
            sound.source.level(sound.offset_at(at_s)) for sound in self.sounds if sound.sounds_at(at_s)
        )

    def render(self, start_s: float, duration_ms: int, rate_hz: int) -> array[int]:
        """Everything audible from `start_s` on, mixed.

        Returns: duration_ms * rate_hz / 1000 signed 16-bit samples.
        """
        mixed = silence(duration_ms, rate_hz)
        touched = False
        for sound in self.sounds:
            begin_ms = max(0, round((sound.start_s - start_s) * 1000))
            end_ms = duration_ms
            if sound.end_s is not None:
                end_ms = min(duration_ms, round((sound.end_s - start_s) * 1000))
            if begin_ms >= end_ms:
                continue
            offset_ms = max(0, sound.offset_at(start_s + begin_ms / 1000))
            part = sound.source.render(offset_ms, end_ms - begin_ms, rate_hz)
            first = begin_ms * rate_hz // 1000
            part = part[: len(mixed) - first]
            if touched:
                part = mix(mixed[first : first + len(part)], part)
            mixed[first : first + len(part)] = part
            touched = True
        return mixed


@dataclass(frozen=True, slots=True)
class Relay:
    """What another timeline carries, as a source: how a bridged leg hears the other.

    Args: timeline: the other leg's; base_s: simulated time at offset 0.
    """

    timeline: Timeline
    base_s: float
    duration_ms: int | None = None

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """See Source."""
        return self.timeline.render(self.base_s + offset_ms / 1000, duration_ms, rate_hz)

    def level(self, offset_ms: int) -> int:
        """See Source."""
        return self.timeline.level_at(self.base_s + offset_ms / 1000)


def mix(first: array[int], second: array[int]) -> array[int]:
    """Two stretches of the same length as one, clipped to 16 bits."""
    return array("h", [min(_MAX, max(_MIN, a + b)) for a, b in zip(first, second, strict=True)])
