"""The media bug's frame counting, against lengths measured on a real FreeSWITCH."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.tap import Frame, Span, Tap, spans


def length_ms(slots: int, writing: Callable[[int], bool], tap: Tap) -> int:
    """How long a recording of so many slots becomes."""
    frames = [frame for slot in range(slots) for frame in tap.step(slot, writing=writing(slot))]
    return 20 * len([*frames, *tap.close()])


@pytest.mark.parametrize(
    ("slots", "first", "last", "expected"),
    [
        (79, 3, 78, 1520),  # a prompt that begins 60 ms after the recording
        (52, 99, 99, 540),  # nobody plays anything
        (176, 27, 176, 3040),  # a tone after half a second
        (300, 999, 999, 5500),  # six seconds of the caller alone
        (15, 99, 99, 20),  # 0.3 s of the caller alone
    ],
)
def test_both_sides(slots: int, first: int, last: int, expected: int) -> None:
    """Mono or stereo: read frames without write frames are held back for 25 turns."""
    assert length_ms(slots, lambda slot: first <= slot < last, Tap(reads=True, writes=True)) == expected


def test_write_side_only() -> None:
    """The pre-buffer's backlog is tossed frame by frame: 1.5 s of tone give 1.32 s."""
    assert length_ms(78, lambda slot: 2 <= slot < 77, Tap(reads=False, writes=True)) == 1320


def test_read_side_only_loses_nothing() -> None:
    """What was held back is drained at once."""
    assert length_ms(161, lambda _slot: False, Tap(reads=True, writes=False)) == 3220


def test_without_pre_buffer() -> None:
    """RECORD_PRE_BUFFER_FRAMES=0 gives the half second back."""
    assert length_ms(300, lambda _slot: False, Tap(reads=True, writes=True, pre_buffer=0)) == 6000


def test_frames_that_count_up_together_become_one_span() -> None:
    """A gap, a mask or a side that begins starts another."""
    frames = [
        (Frame(1, None), False),
        (Frame(2, None), False),
        (Frame(3, 7), False),
        (Frame(4, 8), False),
        (Frame(5, 9), True),
        (Frame(9, 10), True),
    ]
    assert spans(frames) == [
        Span(1, None, 2, masked=False),
        Span(3, 7, 2, masked=False),
        Span(5, 9, 1, masked=True),
        Span(9, 10, 1, masked=True),
    ]
