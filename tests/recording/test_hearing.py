"""What is heard does not depend on the pieces it comes in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.hearing import Hearing, Side
from tests.recording.voices import Voice, noise, row, silence, tone, voice


def _hear(*sides: Voice, rate_hz: int = 8_000, cuts: tuple[int, ...] = ()) -> Hearing:
    hearing = Hearing(rate_hz)
    block = np.stack(sides)
    for piece in np.split(block, sorted(cuts), axis=1):
        hearing.hear(piece)
    return hearing


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_where_somebody_is_heard(rate_hz: int) -> None:
    """From the first to the last sound, whatever the rate."""
    samples = row(
        noise(2, rate_hz), tone(1, rate_hz), silence(0.5, rate_hz), tone(1, rate_hz), noise(2, rate_hz)
    )
    side = _hear(samples, rate_hz=rate_hz).sides()[0]
    assert abs(side.heard_from_ms - 2_000) <= 40
    assert abs(side.heard_until_ms - 4_500) <= 40
    assert abs(side.zeros_from_ms - 6_500) <= 5


def test_nothing_is_heard_of_silence() -> None:
    """Zeros and line noise have no beginning and no end."""
    assert _hear(silence(1)).sides()[0] == Side()
    assert _hear(noise(1)).sides()[0].heard_until_ms == 0


@given(st.lists(st.integers(1, 23_999), max_size=12))
@settings(max_examples=40, deadline=None)
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    """Cut anywhere, the same is heard."""
    holed = voice(3, level=12_000)
    for at in (4_000, 9_999, 16_100):
        holed[at : at + 800] = 0
    sides = (holed, row(voice(1, level=50_000), silence(2)))
    cut, whole = _hear(*sides, cuts=tuple(cuts)), _hear(*sides)
    assert cut.waveform() == whole.waveform()
    assert [_but_edges(one) for one in cut.sides()] == [_but_edges(one) for one in whole.sides()]
    assert set(cut.sides()[0].dropouts) <= set(whole.sides()[0].dropouts)


def _but_edges(side: Side) -> tuple[object, ...]:
    """All but the holes: a cut within 2 ms of one hides how loud it was there, never the other way round."""
    return (
        side.loudest,
        side.heard_from_ms,
        side.heard_until_ms,
        side.zeros_from_ms,
        round(side.clipped_share, 6),
        side.offset,
        side.is_steady,
    )


def test_holes_are_found_where_they_are() -> None:
    """A frame or two lost within a sound; neither a short gap, nor a hold, nor where sound fades."""
    samples = tone(6, pitch_hz=333)
    for from_ms, length_ms in ((1_000, 60), (2_000, 20), (2_500, 2_300)):
        samples[from_ms * 8 : (from_ms + length_ms) * 8] = 0
    assert _hear(samples).sides()[0].dropouts == ((1_000, 60 + 1_000),)


def test_identical_sides_have_the_same_sound() -> None:
    """Two sides of nothing are not the same, nor are two that differ."""
    assert _hear(voice(1), voice(1)).identical
    assert not _hear(voice(1), voice(1, seed=2)).identical
    assert not _hear(silence(1), silence(1)).identical
    assert not _hear(voice(1)).identical
