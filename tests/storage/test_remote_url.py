"""URLs of other schemes, taken apart."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.remote_url import parse, segment_fault

FTP = frozenset(("ftp",))


def test_a_url_is_taken_apart_and_decoded() -> None:
    """Credentials, folders, options and the fragment, each on its own."""
    url = parse("ftp://us%40er:p%3Ass@Host.test:2121/a%20b//c/?x=1%2F2&y=#k=%C3%BC", FTP)
    assert (url.host, url.port, url.user, url.password) == ("Host.test", 2121, "us@er", "p:ss")
    assert (url.folders, url.at_home) == (("a b", "c"), False)
    assert (url.options, url.fragment) == ({"x": "1/2", "y": ""}, "k=ü")
    assert url.shown == "ftp://Host.test:2121/a b/c/"


@pytest.mark.parametrize(
    ("path", "folders", "at_home", "shown"),
    [
        ("", (), False, "ftp://h/"),
        ("/", (), False, "ftp://h/"),
        ("/~/", (), True, "ftp://h/~/"),
        ("/~/a", ("a",), True, "ftp://h/~/a/"),
        ("/~a", ("~a",), False, "ftp://h/~a/"),
        ("//a", ("a",), False, "ftp://h/a/"),
    ],
)
def test_paths_are_absolute_or_below_home(
    path: str, folders: tuple[str, ...], at_home: bool, shown: str
) -> None:
    """Only a whole segment `~`, and the first, means home."""
    url = parse(f"ftp://h{path}", FTP)
    assert (url.folders, url.at_home, url.shown) == (folders, at_home, shown)


@pytest.mark.parametrize(
    ("path", "expected"), [("", "/x/y"), ("/", "/x/y"), ("/a%20b/", "/a b/x/y"), ("/~/a", "a/x/y")]
)
def test_a_file_lies_below_the_folders(path: str, expected: str) -> None:
    """From the root, or from wherever the login leads to."""
    assert parse(f"ftp://h{path}", FTP).file(["x", "y"]) == expected


def test_an_address_in_brackets_is_a_host() -> None:
    """IPv6, with and without a port."""
    assert (parse("ftp://u@[2001:db8::1]:21/", FTP).host, parse("ftp://[::1]/", FTP).port) == (
        "2001:db8::1", None,
    )  # fmt: skip
    assert parse("ftp://u@[2001:db8::1]:21/", FTP).shown_host == "ftp://[2001:db8::1]:21"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://h/", "scheme"),
        ("ftp:///x", "no host"),
        ("ftp://h:0/", "port 0"),
        ("ftp://h:x/", "cannot be read"),
        ("ftp://[::1/", "cannot be read"),
        ("ftp://a%2fb/", "no host"),
        ("ftp://h/a b", "blank"),
        ("ftp://h/%0a", "control"),
        ("ftp://h/%ff", "not UTF-8"),
        ("ftp://h/..", "leads elsewhere"),
        ("ftp://h/%2e%2e/x", "leads elsewhere"),
        ("ftp://h/a%2f..%2fb", "leads elsewhere"),
        ("ftp://h/" + "x" * 256, "longer"),
        ("ftp://h/" + "x/" * 5000, "longer"),
        ("ftp://u%0d%0a:p@h/", "control"),
        ("ftp://h/?a=1&a=2", "twice"),
        ("ftp://h/?a=%07", "control"),
        ("ftp://h/#%00", "control"),
    ],
)
def test_what_is_wrong_with_a_url_is_told_without_it(url: str, fault: str) -> None:
    """In a sentence that starts with whose fault it is."""
    with pytest.raises(ValueError, match=fault) as caught:
        parse(url, FTP)
    assert str(caught.value).startswith("url: ")


@given(st.text() | st.builds("ftp://{}@{}/{}?{}#{}".format, *[st.text()] * 5))
def test_any_text_is_a_url_or_a_sentence(text: str) -> None:
    """What is accepted has no segment that climbs and no line break anywhere."""
    url = None
    fault = "url: "
    try:
        url = parse(text, FTP)
    except ValueError as exc:
        fault = str(exc)
    assert fault.startswith("url: ")
    if url is None:
        return
    assert not any(segment_fault(folder) for folder in url.folders)
    told = (url.host, url.user, url.password, url.fragment, url.shown, *url.options.values())
    assert not any(character in "\r\n\0" for character in "".join(told))


@given(st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20), max_size=5))
def test_folders_survive_encoding(folders: list[str]) -> None:
    """What was encoded into a URL comes out of it."""
    url = parse("ftp://h/" + "/".join(quote(folder) for folder in folders), FTP)
    assert url.folders == tuple(folders)
