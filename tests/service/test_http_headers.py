"""service.http_headers: what is read, what is refused, and that nothing else can come of any bytes."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http_headers import MAX_BYTES, MAX_FIELDS, Headers, Refused, read_headers

TOKENS = st.text("!#$%&'*+.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-", min_size=1)
VALUES = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",))).map(
    lambda text: text.strip(" \t")
)
FRAMING = {"content-length", "transfer-encoding", "host"}


def read(text: bytes, **options: str) -> Headers:
    """Read what stands before the empty line."""
    return read_headers(BytesIO(text + b"\r\n"), **options)


def test_values_are_what_was_sent() -> None:
    """Names in any case, blanks around values left out; of several the first, and all in order."""
    headers = read(
        b"Host:  a \t\r\nX-One:1\r\nx-one: 2: 3\r\nEmpty:\r\nJ: \xfc\nContent-Type: text/plain\r\n"
    )
    assert headers.get("HOST") == "a"
    assert (headers.get("x-one"), headers.get_all("x-one")) == ("1", ["1", "2: 3"])
    assert (headers.get("empty"), headers.get("gone"), headers.getheader("gone", "-")) == ("", None, "-")
    assert headers.get("j") == "ü"
    assert headers.typeheader == "text/plain"
    del headers["X-One"]
    assert headers.get("x-one") is None


def test_a_name_cannot_pass_for_another() -> None:
    """WSGI writes `-` as `_`, so a name that has a `_` is not passed on."""
    headers = read(b"X-Real-IP: 1\r\nX_Real_IP: 2\r\nContent-Length: 3\r\n")
    assert list(headers.environ()) == [("HTTP_X_REAL_IP", "1")]


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length : 5",
        b" Content-Length: 5",
        b"X Y: z",
        b"no colon",
        b": nameless",
        b"N\xe4me: a",
        b"A: a\rB: b",
        b"A: \x00",
        b"A: a\x0b",
        b"A: a\r\n folded",
        b"A: a\r\n\tfolded",
        b"Transfer-Encoding:\r\n chunked",
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5, 5",
        b"Content-Length: +5",
        b"Content-Length: -5",
        b"Content-Length: 0x5",
        b"Content-Length: \xb2",
        b"Content-Length:",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Host: a\r\nHost: b",
        b"\r\n".join([b"A: a"] * MAX_FIELDS),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(line: bytes) -> None:
    """Whatever stands around it."""
    with pytest.raises(Refused) as refused:
        read(b"A: a\r\n" + line + b"\r\n")
    assert refused.value.status.startswith("400")


@pytest.mark.parametrize(
    "value", [b"gzip", b"gzip, chunked", b"chunked, chunked", b"xchunked", b"identity", b""]
)
def test_other_encodings_are_not_implemented(value: bytes) -> None:
    """Chunks alone, in any case, with blanks or without."""
    with pytest.raises(Refused) as refused:
        read(b"Transfer-Encoding: " + value + b"\r\n")
    assert refused.value.status.startswith("501")
    assert read(b"Transfer-Encoding:  Chunked \r\n").get("transfer-encoding") == "Chunked"
    with pytest.raises(Refused):
        read(b"Transfer-Encoding: chunked\r\n", version="HTTP/1.0")


def test_its_length_has_a_limit() -> None:
    """In one line or in many; and a header that does not end is none."""
    for text in (b"A: " + b"a" * MAX_BYTES, b"A: " + b"a" * 1000 + b"\r\n"):
        with pytest.raises(Refused) as refused:
            read(text * 50 + b"\r\n")
        assert refused.value.status.startswith("431")
    with pytest.raises(Refused):
        read_headers(BytesIO(b"A: a\r\n"))


@given(st.lists(st.tuples(TOKENS.filter(lambda name: name.lower() not in FRAMING), VALUES), max_size=20))
def test_fields_come_back(fields: list[tuple[str, str]]) -> None:
    """Any names and values that may be."""
    text = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")
    assert read(text).fields == [(name.lower(), value) for name, value in fields]


@given(st.binary(max_size=400))
def test_nothing_but_refusals_comes_of_any_bytes(text: bytes) -> None:
    """And what is read has nothing in it that could end a line."""
    try:
        headers = read(text)
    except Refused:
        return
    assert not any(char in name + value for name, value in headers.fields for char in "\r\n\0")
