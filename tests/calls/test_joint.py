"""What two captures share is taken once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.joint import MAX_OVERLAP, MIN_OVERLAP, Joint

SOUND = np.random.default_rng(1).integers(-9_000, 9_000, 20_000).astype(np.int16)


@pytest.mark.parametrize("overlap", [0, MIN_OVERLAP, 160, 161, 800, MAX_OVERLAP])
def test_overlap_is_taken_off(overlap: int) -> None:
    """However long it is, the two are one sound."""
    joint = Joint()
    first = joint.take(SOUND[:10_000])
    joint.turn()
    second = joint.take(SOUND[10_000 - overlap :])
    assert np.array_equal(np.concatenate((first, second)), SOUND)


def test_pieces_without_a_joint_are_left_alone() -> None:
    """The same sound twice is the same sound twice."""
    joint = Joint()
    for _ in range(2):
        assert np.array_equal(joint.take(SOUND), SOUND)


def test_nothing_yet_is_no_joint() -> None:
    """The first samples of the next one count, whenever they come."""
    joint = Joint()
    joint.take(SOUND[:1_000])
    joint.turn()
    assert joint.take(SOUND[:0]).size == 0
    assert np.array_equal(joint.take(SOUND[800:2_000]), SOUND[1_000:2_000])


@given(
    at=st.integers(0, 3_000), overlap=st.integers(0, 1_000), cuts=st.lists(st.integers(1, 500), max_size=8)
)
def test_whatever_the_pieces_nothing_is_lost(at: int, overlap: int, cuts: list[int]) -> None:
    """All of the sound comes out; at most what nobody hears comes twice."""
    sound, joint, taken, place = SOUND[:4_000], Joint(), [], 0
    for cut in [*cuts, at]:
        taken.append(joint.take(sound[place : min(place + cut, at)]))
        place = min(place + cut, at)
    joint.turn()
    taken.append(joint.take(sound[place - min(overlap, place) :]))
    found = np.concatenate(taken)
    assert np.array_equal(found[-(4_000 - place) :], sound[place:])
    assert 0 <= len(found) - len(sound) < MIN_OVERLAP
