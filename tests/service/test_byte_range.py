"""Range headers: which bytes they ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.byte_range import Span, Unsatisfiable, span_of


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-499", Span(0, 500)),
        ("bytes=500-999", Span(500, 1000)),
        ("bytes=500-", Span(500, 1000)),
        ("bytes=-200", Span(800, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("bytes=999-999999", Span(999, 1000)),
        ("BYTES= 0-0 ", Span(0, 1)),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=5-1", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=0-1\n", None),
        ("bytes=\u0663-\u0665", None),
    ],
)
def test_what_headers_ask_for(header: str, span: Span | None) -> None:
    """Of a file of a thousand bytes; what is no single range of bytes asks for all of it."""
    assert span_of(header, 1000) == span


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0"])
def test_what_is_not_there_is_refused(header: str) -> None:
    """A range that begins behind the end."""
    with pytest.raises(Unsatisfiable):
        span_of(header, 1000)


def test_a_file_without_a_byte_has_no_ranges() -> None:
    """Whichever is asked for."""
    for header in ("bytes=0-", "bytes=-1"):
        with pytest.raises(Unsatisfiable):
            span_of(header, 0)


@given(st.text(max_size=40) | st.from_regex(r"\Abytes=[0-9]*-[0-9]*\Z"), st.integers(0, 2**60))
def test_a_range_lies_within_the_file(header: str, size: int) -> None:
    """Whatever is asked for."""
    try:
        span = span_of(header, size)
    except Unsatisfiable:
        return
    assert span is None or (0 <= span.start < span.end <= size)
