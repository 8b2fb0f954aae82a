"""What can be heard: speech, tones, files, silence, another leg. Each can render any stretch of itself."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Protocol

from simulator import tones, voice


class Source(Protocol):
    """A sound of known length that can be made again from any point on."""

    @property
    def duration_ms(self) -> int | None:
        """Length; None when it has no end of its own."""

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """Samples (mono, signed 16 bit) from `offset_ms` on; as many as asked for, silence after the end."""

    def level(self, offset_ms: int) -> int:
        """Mean absolute sample value of the 20 ms at `offset_ms`."""


def silence(duration_ms: int, rate_hz: int) -> array[int]:
    """Samples of nothing."""
    return array("h", bytes(2 * (duration_ms * rate_hz // 1000)))


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch of a voice's stream. Args: seed: the voice; from_ms: where in its stream it begins."""

    seed: int
    from_ms: int = 0
    duration_ms: int | None = None

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """See Source."""
        wanted = duration_ms
        if self.duration_ms is not None:
            wanted = max(0, min(duration_ms, self.duration_ms - offset_ms))
        samples = voice.speech(self.seed, self.from_ms + offset_ms, wanted, rate_hz)
        return samples + silence(duration_ms - wanted, rate_hz)

    def level(self, offset_ms: int) -> int:
        """See Source."""
        if self.duration_ms is not None and offset_ms >= self.duration_ms:
            return 0
        return voice.loudness(self.seed, self.from_ms + offset_ms)


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone script, played from its beginning."""

    script: tones.ToneScript

    @property
    def duration_ms(self) -> int | None:
        """See Source."""
        return self.script.duration_ms

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """See Source."""
        wanted = duration_ms
        if self.duration_ms is not None:
            wanted = max(0, min(duration_ms, self.duration_ms - offset_ms))
        cycle = tones.cycle(self.script, rate_hz)
        count = wanted * rate_hz // 1000
        if not cycle:
            return silence(duration_ms, rate_hz)
        skip = offset_ms * rate_hz // 1000 % len(cycle)
        samples = (cycle * ((skip + count) // len(cycle) + 1))[skip : skip + count]
        return samples + silence(duration_ms - wanted, rate_hz)

    def level(self, offset_ms: int) -> int:
        """See Source."""
        if self.duration_ms is not None and offset_ms >= self.duration_ms:
            return 0
        return 4000 if self.script.sounding(offset_ms) else 0


@dataclass(frozen=True, slots=True)
class Quiet:
    """Frames that carry nothing: silence_stream, comfort noise. duration_ms: None for ever."""

    duration_ms: int | None = None

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """See Source."""
        del offset_ms
        return silence(duration_ms, rate_hz)

    def level(self, offset_ms: int) -> int:
        """See Source."""
        del offset_ms
        return 0


@dataclass(frozen=True, slots=True)
class Clip:
    """Decoded sound of a file. Args: samples: mono at rate_hz."""

    samples: array[int]
    rate_hz: int

    @property
    def duration_ms(self) -> int | None:
        """See Source."""
        return len(self.samples) * 1000 // self.rate_hz

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """See Source. Another rate is reached by repeating or leaving out samples."""
        count = duration_ms * rate_hz // 1000
        if rate_hz == self.rate_hz:
            skip = offset_ms * rate_hz // 1000
            part = self.samples[skip : skip + count]
        else:
            first = offset_ms * self.rate_hz // 1000
            have = max(0, (len(self.samples) - first) * rate_hz // self.rate_hz)
            part = array(
                "h", [self.samples[first + at * self.rate_hz // rate_hz] for at in range(min(count, have))]
            )
        return part + array("h", bytes(2 * (count - len(part))))

    def level(self, offset_ms: int) -> int:
        """See Source."""
        frame = self.rate_hz // 50
        skip = offset_ms // 20 * frame
        part = self.samples[skip : skip + frame]
        return sum(map(abs, part)) // len(part) if part else 0


@dataclass(frozen=True, slots=True)
class Chain:
    """Several sounds one after the other: `file_string://`."""

    parts: tuple[Source, ...]

    @property
    def duration_ms(self) -> int | None:
        """See Source."""
        total = 0
        for part in self.parts:
            if part.duration_ms is None:
                return None
            total += part.duration_ms
        return total

    def render(self, offset_ms: int, duration_ms: int, rate_hz: int) -> array[int]:
        """See Source."""
        samples = array("h")
        at_ms, end_ms = offset_ms, offset_ms + duration_ms
        start_ms = 0
        for part in self.parts:
            stop_ms = end_ms if part.duration_ms is None else start_ms + part.duration_ms
            if at_ms < stop_ms and at_ms < end_ms:
                take_ms = min(stop_ms, end_ms) - at_ms
                samples.extend(part.render(at_ms - start_ms, take_ms, rate_hz))
                at_ms += take_ms
            start_ms = stop_ms
        return samples + silence(end_ms - at_ms, rate_hz)

    def level(self, offset_ms: int) -> int:
        """See Source."""
        start_ms = 0
        for part in self.parts:
            length = part.duration_ms
            if length is None or offset_ms < start_ms + length:
                return part.level(offset_ms - start_ms)
            start_ms += length
        return 0
