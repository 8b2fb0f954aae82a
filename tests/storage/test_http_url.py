"""URLs from outside, taken apart and made fit to be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import http_url


@pytest.mark.parametrize(
    ("url", "bare", "origin", "credentials"),
    [
        ("http://example.com", "http://example.com/", ("http", "example.com", 80), None),
        (
            "https://Example.com:8443/a?b=c#d",
            "https://Example.com:8443/a?b=c",
            ("https", "example.com", 8443),
            None,
        ),
        (
            "https://u:p%40ss@example.com/a",
            "https://example.com/a",
            ("https", "example.com", 443),
            ("u", "p@ss"),
        ),
        ("http://u@example.com/", "http://example.com/", ("http", "example.com", 80), ("u", "")),
        ("http://[2001:db8::1]:81/x", "http://[2001:db8::1]:81/x", ("http", "2001:db8::1", 81), None),
    ],
)
def test_usable_urls_are_taken_apart(
    url: str, bare: str, origin: tuple[str, str, int], credentials: tuple[str, str] | None
) -> None:
    """Credentials leave the URL, the fragment is dropped, the origin is complete."""
    parsed = http_url.parse(url)
    assert (parsed.bare, parsed.origin, parsed.credentials) == (bare, origin, credentials)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("http:///path", "no host"),
        ("http://:80/", "no host"),
        ("http://exa mple.com/", "blank"),
        ("http://example.com/\r\nHost: other", "control"),
        ("http://example.com/\x00", "control"),
        ("http://example.com:99999/", "port"),
        ("http://example.com:0/", "port"),
        ("http://[::1/", "host or port"),
        ("http://good.example\\@evil.example/", "no host"),
        ("http://example.com/" + "a" * 8192, "longer"),
    ],
)
def test_unusable_urls_are_refused_with_the_reason(url: str, fault: str) -> None:
    """Each fault is named without repeating the URL."""
    with pytest.raises(ValueError, match=fault) as caught:
        http_url.parse(url)
    assert "example" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@example.com/a?token=x&b", "https://***@example.com/a?token=***&b=***"),
        ("http://example.com/a#secret", "http://example.com/a"),
        ("http://[::1", "(unreadable url)"),
        ("", ""),
    ],
)
def test_shown_urls_hold_no_secrets(url: str, shown: str) -> None:
    """Neither credentials nor values of the query are shown."""
    assert http_url.shown(url) == shown


@given(st.text(max_size=80))
def test_nothing_but_value_error_escapes(text: str) -> None:
    """Any text is a URL or a ValueError, and can be shown."""
    http_url.shown(f"http://{text}")
    try:
        parsed = http_url.parse(f"http://{text}")
    except ValueError:
        return
    assert "@" not in parsed.bare.split("/")[2]
