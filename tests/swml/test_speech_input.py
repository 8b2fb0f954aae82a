"""An utterance is heard from a little before its beginning to the silence after it, and no longer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from swml.speech_input import MARGIN_MS, RATE_HZ, SpeechTerms, Utterance

TERMS = SpeechTerms(end_ms=500, limit_ms=3_000)


def sound(seconds: float, level: int = 0) -> NDArray[np.int16]:
    """Noise of a level, or silence."""
    return np.resize(np.array([level, -level], np.int16), int(seconds * RATE_HZ))


def feed(*parts: NDArray[np.int16], terms: SpeechTerms = TERMS, step: int = 1_600) -> Utterance:
    """Hear parts one after the other."""
    utterance, whole = Utterance(terms), np.concatenate(parts)
    for at in range(0, len(whole), step):
        utterance.feed(whole[at : at + step])
    return utterance


def test_words_with_silence_around() -> None:
    """What is kept is the words, some silence before, and the silence that ended them."""
    utterance = feed(sound(5), sound(1, 2_000), sound(2))
    assert (utterance.has_begun, utterance.is_ended) == (True, True)
    kept = utterance.sound()
    assert len(kept) / RATE_HZ == pytest.approx(1.5 + (MARGIN_MS - 60) / 1000, abs=0.05)
    assert np.abs(kept.astype(int)).max() == 2_000


def test_silence_is_nobody() -> None:
    """It never ends by itself, and keeps nothing."""
    utterance = feed(sound(30, 40))
    assert (utterance.has_begun, utterance.is_ended, len(utterance.sound())) == (False, False, 0)


def test_a_pause_within_a_sentence() -> None:
    """Shorter than the silence that ends it."""
    utterance = feed(sound(0.5, 2_000), sound(0.4), sound(0.5, 2_000))
    assert (utterance.has_begun, utterance.is_ended) == (True, False)


def test_who_goes_on_is_cut_off() -> None:
    """At the limit, whatever is still said."""
    utterance = feed(sound(10, 2_000))
    assert utterance.is_ended
    assert len(utterance.sound()) / RATE_HZ == pytest.approx(3.0, abs=0.03)


@given(
    parts=st.lists(st.tuples(st.floats(0, 2), st.sampled_from([0, 50, 500, 9_000])), max_size=12),
    step=st.integers(1, 9_000),
)
def test_pieces_do_not_matter(parts: list[tuple[float, int]], step: int) -> None:
    """The same is heard however the sound is cut; it is bounded."""
    sounds = [sound(seconds, level) for seconds, level in parts] or [sound(0)]
    one, two = feed(*sounds, step=max(step, 160)), feed(*sounds, step=10**7)
    assert (one.has_begun, one.is_ended) == (two.has_begun, two.is_ended)
    assert np.array_equal(one.sound(), two.sound())
    assert len(one.sound()) <= (TERMS.limit_ms / 1000 + 0.5) * RATE_HZ
