"""URLs that FreeSWITCH is to fetch sounds from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.fetched_sound import HTTP_CACHE, KINDS, fetched

WORDS = st.text("abz.?#/&=%[]@: é", max_size=30)


@pytest.mark.parametrize(
    ("url", "kind", "ending"),
    [
        ("a.wav", "", ""),
        ("a.MP3", "", ""),
        ("a.wav?v=1.2", "", "#.wav"),
        ("a.ogg?signature=x.y", "", "#.ogg"),
        ("a.mp3?key=x/y", "wav", "#.mp3"),
        ("a.wav#t=3", "", "#.wav"),
        ("a", "", ""),
        ("a", "wav", "#.wav"),
        ("a.php?id=5", "mp3", "#.mp3"),
        ("a.php?id=5#x", "mp3", "#.mp3"),
        ("a?file=b.wav", "wav", ""),
    ],
)
def test_the_kind_of_a_file_stands_where_freeswitch_looks_for_it(url: str, kind: str, ending: str) -> None:
    """Behind the last dot of all; in a fragment, which no server is sent."""
    whole = f"https://sounds.example/{url}"
    expected = whole.partition("#")[0] + ending if ending else whole
    assert fetched(whole, cache=False, kind=kind) == expected
    assert fetched(whole, cache=True, kind=kind) == HTTP_CACHE + expected


@pytest.mark.parametrize("place", ["/sounds/a.wav?b", "tone_stream://%(100,0,440)", "ivr/hello.wav", ""])
def test_what_is_not_fetched_stays_as_it_is(place: str) -> None:
    """A path is no URL."""
    assert fetched(place, cache=True, kind="wav") == place


@given(rest=WORDS, kind=st.sampled_from(["", *KINDS]), cache=st.booleans())
def test_any_url_reaches_its_server_unchanged(*, rest: str, kind: str, cache: bool) -> None:
    """Only what stands behind # changes, and doing it twice is doing it once."""
    url = f"http://{rest}"
    location = fetched(url, cache=cache, kind=kind).removeprefix(HTTP_CACHE)
    assert location.partition("#")[0] == url.partition("#")[0]
    assert fetched(location, cache=False, kind=kind) == location
