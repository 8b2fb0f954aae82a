"""A waveform has as many points as were asked for, and no peak is lost in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.hearing import MAX_POINTS, Hearing, Waveform
from recording.processing.peaks import peaks
from tests.recording.voices import row, silence, tone


def test_points_are_the_loudest_of_their_stretch() -> None:
    """Full scale is 255, silence 0, half is half."""
    hearing = Hearing(8_000)
    left, right = row(tone(1, level=32_767), silence(1)), row(silence(1), tone(1, level=16_384))
    hearing.hear(np.stack((left, right)))
    assert peaks(hearing.waveform(), 4) == ((255, 255, 0, 0), (0, 0, 127, 127))


@pytest.mark.parametrize(("waveform", "count"), [((), 100), ((b"",), 100), ((b"\1\2",), 0), ((b"\1\2",), -1)])
def test_no_audio_or_no_wish_has_no_points(waveform: tuple[bytes, ...], count: int) -> None:
    """Nothing is made up."""
    assert peaks(waveform, count) == ()


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=2), st.integers(1, 2_000))
def test_count_and_peak_are_kept(waveform: list[bytes], count: int) -> None:
    """Always `count` points; the loudest of all is among them whenever there are not more blocks than fit."""
    points = peaks(waveform, count)
    for channel, each in zip(waveform, points, strict=True):
        assert len(each) == count
        assert max(each) == max(channel)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3_000), max_size=30), st.integers(0, 255))
def test_waveform_is_bounded_and_keeps_peaks(lengths: list[int], loudest: int) -> None:
    """However much is heard, and in whatever pieces, points are few and the loudest is one of them."""
    waveform = Waveform()
    for length in lengths:
        waveform.hear(np.full(length, loudest // 2, np.uint8))
    waveform.hear(np.array([loudest], np.uint8))
    data = waveform.data()
    assert len(data) <= MAX_POINTS + 1
    assert max(data) == loudest
    assert len(data) >= min(MAX_POINTS // 2, sum(lengths) + 1)
