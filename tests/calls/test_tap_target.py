"""Targets of taps are taken apart, and what is none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import TapFailed
from calls.tap_target import SCHEMES, parse_target


@pytest.mark.parametrize(
    ("uri", "host", "port"),
    [
        ("rtp://192.0.2.1:4000", "192.0.2.1", 4000),
        ("rtp://[2001:db8::1]:4000", "2001:db8::1", 4000),
        ("rtp://tap.example.com:65535/", "tap.example.com", 65535),
        ("ws://example.com", "example.com", 80),
        ("wss://example.com/tap?a=1", "example.com", 443),
        ("wss://user:secret@example.com:8443/tap", "example.com", 8443),
        ("wss://bücher.example/", "xn--bcher-kva.example", 443),
    ],
)
def test_good_ones(uri: str, host: str, port: int) -> None:
    """Host and port, as resolvers take them."""
    target = parse_target(uri)
    assert (target.host, target.port, target.uri) == (host, port, uri)
    assert target.is_rtp is uri.startswith("rtp")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "rtp://192.0.2.1",
        "rtp://192.0.2.1:0",
        "rtp://192.0.2.1:70000",
        "rtp://:4000",
        "rtp://a:4000/path",
        "rtp://user@a:4000",
        "rtp://a:4000?x=1",
        "http://example.com",
        "ws://",
        "wss://exa mple.com",
        "wss://a..b/",
        "rtp://[::1:4000",
        "ws://example.com\r\nHost: evil",
        "file:///etc/passwd",
    ],
)
def test_bad_ones(uri: str) -> None:
    """Each is refused with our own error."""
    with pytest.raises(TapFailed):
        parse_target(uri)


@given(
    uri=st.text(max_size=60) | st.sampled_from(SCHEMES).flatmap(lambda s: st.text().map((s + "://").__add__))
)
def test_nothing_else_escapes(uri: str) -> None:
    """Whatever stands there, it is a target or TapFailed."""
    try:
        target = parse_target(uri)
    except TapFailed:
        return
    assert target.scheme in SCHEMES
    assert 0 < target.port < 65_536
    assert target.host
