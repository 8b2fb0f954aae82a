"""Where our pages are reached, and which URLs lead to them."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.link_origin import Origin


def origin(listen: tuple[str, int] | None, public_url: str = "") -> Origin:
    """The pages of a host called fs1."""
    return Origin(public_url, lambda: listen, lambda: "fs1")


@pytest.mark.parametrize(
    ("listen", "public_url", "base"),
    [
        (("127.0.0.1", 8080), "", "http://127.0.0.1:8080"),
        (("::1", 8080), "", "http://[::1]:8080"),
        (("0.0.0.0", 8080), "", "http://fs1:8080"),
        (("::", 80), "", "http://fs1:80"),
        (("10.0.0.1", 8080), "https://calls.example.com/", "https://calls.example.com"),
        (None, "https://calls.example.com/a", "https://calls.example.com/a"),
        (None, "", ""),
    ],
)
def test_links_begin_with_what_others_can_reach(
    listen: tuple[str, int] | None, public_url: str, base: str
) -> None:
    """The public URL, else the address; an address that means all of them is called by the host's name."""
    assert origin(listen, public_url).base() == base


@pytest.mark.parametrize(
    ("listen", "url", "is_ours"),
    [
        (("0.0.0.0", 8080), "http://fs1:8080/a", True),
        (("0.0.0.0", 8080), "http://FS1:8080/a", True),
        (("0.0.0.0", 8080), "http://127.0.0.1:8080/a", True),
        (("0.0.0.0", 8080), "http://fs2:8080/a", False),
        (("10.0.0.1", 8080), "http://10.0.0.1:8080/a", True),
        (("10.0.0.1", 8080), "http://127.0.0.1:8080/a", False),
        (("10.0.0.1", 80), "http://10.0.0.1/a", True),
        (("10.0.0.1", 8080), "https://10.0.0.1:8080/a", False),
        (("10.0.0.1", 8080), "http://10.0.0.1:8080/a#b", False),
        (("10.0.0.1", 8080), "http://me:pw@10.0.0.1:8080/a", False),
        (None, "http://10.0.0.1:8080/a", False),
    ],
)
def test_which_urls_are_ours(listen: tuple[str, int] | None, url: str, is_ours: bool) -> None:
    """By scheme, host and port; with credentials or a fragment none is."""
    assert origin(listen).path_below(urlsplit(url)) == ("/a" if is_ours else None)


def test_a_path_of_the_proxys_is_taken_away() -> None:
    """It must be there, whole."""
    here = origin(None, "https://calls.example.com/phone")
    assert here.path_below(urlsplit("https://calls.example.com/phone/a")) == "/a"
    assert here.path_below(urlsplit("https://calls.example.com/phones/a")) is None
    assert here.path_below(urlsplit("https://calls.example.com/a")) is None


@given(st.text(max_size=80))
def test_no_url_breaks_it(text: str) -> None:
    """A ValueError is an answer, as for any URL that is none."""
    try:
        origin(("0.0.0.0", 8080), "https://calls.example.com").path_below(urlsplit(text))
    except ValueError:
        return
