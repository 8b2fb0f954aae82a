"""What is wrong with a recording by its sound alone, in words.

Each limit stands where no ordinary call comes: a few seconds, somebody who only listens for a while, a phone
that sends nothing while nobody speaks, music, ringing, prompts. What would be a guess is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from recording.hearing import Side
from recording.probe import Findings

Masked: TypeAlias = tuple[tuple[int, int], ...]

SIDES = ("the leg's own voice (left)", "what the leg hears (right)")

MIN_JUDGED_MS = 10_000
"""Silence of a side says nothing about a shorter recording: whoever is called may listen as long. Who hears
nobody at all has said hello twice by then."""

CLIPPED_SHARE = 0.02
"""Of the samples of a side's speech. Speech that just reaches the limit has none; four synthetic voices had
0.3 to 12 % at twice the level that fits, and 5 to 37 % at four times."""

OFFSET_LEVEL = 1_000
"""Mean of all samples, 3 % of full scale. Telephone audio has no direct current; a faulty sound card has."""

STEADY_MS = 30_000
"""Shorter steady sounds are a long beep or a ring; nobody lets one go on for half a minute on purpose."""

MIN_DROPOUTS = 5
DROPOUTS_PER_MINUTE = 3.0
"""Both must be reached: single ones are a lost frame here and there, which belongs to telephony."""

MASK_SLACK_MS = 500
"""The edges of a mask, which events tell, are that exact in the audio."""

LOPSIDED_MS = 20_000
LOPSIDED_PARTS = (1 / 2, 1 / 3, 1 / 6)
LOPSIDED_SLACK = 0.01
"""A side is over at one of these parts of at least 20 s, to a hundredth: 8 kHz taken for 16, 24 or 48, and 16
for 48."""

ABRUPT_MS = 400
"""... and it was heard to the very end of that part, while ..."""

LAST_PART = 0.95
"""... the other is heard here and beyond."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What is judged. See verdict.Case; stereo: two sides were asked for; silent: it ended because nobody
    spoke, so that silence is as it should be.
    """

    findings: Findings
    masked: Masked = ()
    talk_ms: int | None = None
    rates_hz: tuple[int, ...] = ()
    stereo: bool = True
    silent: bool = False

    def sides(self) -> Iterator[tuple[str, Side]]:
        """Yield each channel with its name."""
        for number, side in enumerate(self.findings.sides):
            yield self.name(number), side

    def name(self, number: int) -> str:
        """Whom a channel is of."""
        if self.findings.channels == 1:
            return "it"
        return SIDES[number] if number < len(SIDES) else f"channel {number}"


def reasons(sound: Sound) -> Iterator[str]:
    """Yield what is wrong."""
    for check in CHECKS:
        yield from check(sound)


def _silence(sound: Sound) -> Iterator[str]:
    findings = sound.findings
    judged_ms = findings.duration_ms - sum(until_ms - from_ms for from_ms, until_ms in sound.masked)
    if sound.silent or judged_ms < MIN_JUDGED_MS or not findings.silent:
        return
    if len(findings.silent) == findings.channels:
        yield "nothing is heard in it"
    elif sound.talk_ms is None or sound.talk_ms >= MIN_JUDGED_MS:
        for number in findings.silent:
            yield f"nothing is heard of {sound.name(number)}"


def _clipped(sound: Sound) -> Iterator[str]:
    for name, side in sound.sides():
        if side.clipped_share > CLIPPED_SHARE:
            yield f"{name} is clipped: {side.clipped_share:.0%} of its speech's samples are at their limit"


def _offset(sound: Sound) -> Iterator[str]:
    for name, side in sound.sides():
        if abs(side.offset) > OFFSET_LEVEL:
            yield f"{name} has an offset of {side.offset} (direct current)"


def _steady(sound: Sound) -> Iterator[str]:
    if sound.findings.duration_ms < STEADY_MS:
        return
    for name, side in sound.sides():
        if side.is_steady:
            yield f"{name} is nothing but a steady noise or tone"


def _identical(sound: Sound) -> Iterator[str]:
    """Two equal sides: whoever listens cannot tell who speaks."""
    findings = sound.findings
    if (
        sound.stereo
        and findings.identical
        and findings.speech_heard
        and findings.duration_ms >= MIN_JUDGED_MS
    ):
        yield "both sides are the same, although two were asked for"


def _dropouts(sound: Sound) -> Iterator[str]:
    least = max(MIN_DROPOUTS, DROPOUTS_PER_MINUTE * sound.findings.duration_ms / 60_000)
    for name, side in sound.sides():
        holes = [one for one in side.dropouts if not _is_masked(one, sound.masked)]
        if len(holes) >= least:
            lost_ms = sum(until_ms - from_ms for from_ms, until_ms in holes)
            yield f"{name} has {len(holes)} holes in its speech, {lost_ms} ms in all"


def _is_masked(hole: tuple[int, int], masked: Masked) -> bool:
    return any(
        hole[0] < until_ms + MASK_SLACK_MS and hole[1] > from_ms - MASK_SLACK_MS
        for from_ms, until_ms in masked
    )


def _lopsided(sound: Sound) -> Iterator[str]:
    """One side that is over early, because its samples were taken for those of another rate.

    Where the events tell that the channel's rate changed, any early end of one side is that; where they do
    not, only one at the very part of the recording that two usual rates make, cut off and not faded.
    """
    findings = sound.findings
    if len(findings.sides) != 2 or findings.duration_ms < LOPSIDED_MS:
        return
    changed = sorted(set(sound.rates_hz))
    for (name, side), other in zip(sound.sides(), reversed(findings.sides), strict=True):
        part = side.zeros_from_ms / findings.duration_ms
        if not side.heard_until_ms or other.heard_until_ms < findings.duration_ms * LAST_PART:
            continue
        if side.zeros_from_ms - side.heard_until_ms > ABRUPT_MS:
            continue
        if len(changed) > 1 and part < LAST_PART:
            yield (
                f"{name} is over after {side.zeros_from_ms} ms: the sampling rate of the channel changed "
                f"({' and '.join(str(rate_hz) for rate_hz in changed)} Hz)"
            )
        elif any(abs(part - usual) <= LOPSIDED_SLACK for usual in LOPSIDED_PARTS):
            yield (
                f"{name} is over after {side.zeros_from_ms} ms of {findings.duration_ms}, as if its "
                "samples had been taken for those of another rate"
            )


CHECKS: tuple[Callable[[Sound], Iterator[str]], ...] = (
    _silence,
    _clipped,
    _offset,
    _steady,
    _identical,
    _dropouts,
    _lopsided,
)
"""Each listens for one thing and yields what is wrong."""
