"""Audio is cut into pieces that are the whole when put together, where it is quiet."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.processing.engine import RATE_HZ
from recording.processing.pieces import Piece, cut


def sound(*parts: tuple[float, int]) -> bytes:
    """Seconds of one loudness each."""
    return b"".join(np.full(int(RATE_HZ * length), level, "<i2").tobytes() for length, level in parts)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 3), st.integers(-2000, 2000)), max_size=8),
    st.integers(1, 60_000),
    st.floats(0.5, 4),
)
def test_pieces_are_the_whole(parts: list[tuple[float, int]], step: int, longest_s: float) -> None:
    """Nothing is lost or doubled, none is too long, each knows its place, however the sound comes."""
    whole = sound(*parts)
    step -= step % 2
    blocks = [whole[at : at + max(2, step)] for at in range(0, len(whole), max(2, step))]
    pieces = list(cut(blocks, longest_s))
    assert b"".join(one.samples for one in pieces) == whole
    at = 0
    for one in pieces:
        assert 0 < one.length_s <= longest_s
        assert one.from_ms == at // 2 * 1000 // RATE_HZ
        at += len(one.samples)


def test_it_is_cut_in_the_pause() -> None:
    """Within the last part of a piece, where it is quietest."""
    first, second = cut([sound((7.0, 5000), (0.6, 3), (7.0, 5000))], 10.0, look_s=5.0)
    assert 7_000 < second.from_ms < 7_600
    assert first == Piece(0, first.samples)
