"""Ring tones of countries: what is played, for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.ring_tone import CADENCES
from simulator import tones

# fmt: off
PUBLISHED = (
    "at", "au", "bg", "br", "be", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr",
    "hu", "il", "in", "it", "lt", "jp", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt", "ru", "se",
    "sg", "th", "uk", "us", "us-old", "tw", "ve", "za",
)
# fmt: on
"""The countries SWML's reference names."""


def played_ms(media: str) -> int:
    """How long the simulated FreeSWITCH plays it."""
    script = tones.parse(media.removeprefix("tone_stream://"))
    assert script is not None
    assert script.duration_ms is not None
    return script.duration_ms


@pytest.mark.parametrize("country", PUBLISHED)
def test_every_published_country_rings(country: str) -> None:
    """Once, sound and pause."""
    (media,) = CADENCES[country].media()
    assert played_ms(media) == CADENCES[country].cycle_ms


@pytest.mark.parametrize(
    ("country", "media"),
    [
        ("us", "tone_stream://%(2000,4000,440,480);loops=1"),
        ("uk", "tone_stream://%(400,200,400,450);%(400,2000,400,450);loops=1"),
        ("de", "tone_stream://%(1000,4000,425);loops=1"),
    ],
)
def test_one_ring_is_a_whole_cadence(country: str, media: str) -> None:
    """As FreeSWITCH writes tones."""
    assert CADENCES[country].media() == (media,)


def test_a_length_repeats_rings_and_cuts_the_last() -> None:
    """20 seconds of the American one are three rings, and two seconds of sound."""
    assert CADENCES["us"].media(20_000) == (
        "tone_stream://%(2000,4000,440,480);loops=3",
        "tone_stream://%(2000,0,440,480)",
    )


def test_a_cut_within_the_pause_keeps_what_is_left_of_it() -> None:
    """And within the second sound of two, what is left of that."""
    assert CADENCES["us"].media(3_000) == ("tone_stream://%(2000,1000,440,480)",)
    assert CADENCES["uk"].media(900) == ("tone_stream://%(400,200,400,450);%(300,0,400,450)",)


@given(st.sampled_from(sorted(CADENCES)), st.integers(0, 600_000))
def test_every_length_is_exact(country: str, duration_ms: int) -> None:
    """To the millisecond, whatever the cadence."""
    assert sum(map(played_ms, CADENCES[country].media(duration_ms))) == duration_ms
