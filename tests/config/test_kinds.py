"""Kinds of settings: what they take, refuse, and never give away."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.address import Address
from config.kinds import (
    AbsolutePath,
    Choice,
    DocumentsUrl,
    ListenAddress,
    Networks,
    OptionalAddress,
    PublicUrl,
    Seconds,
    Text,
    Whole,
    Words,
    toml_literal,
)
from config.sections import LogLevel

WHOLE = Whole(1, 64, "calls")
SECONDS = Seconds(0.5, 60)
ALL_KINDS: list[Any] = [
    Text(),
    Text("a name", "[a-z]*"),
    Choice(LogLevel),
    WHOLE,
    SECONDS,
    ListenAddress(),
    OptionalAddress(),
    AbsolutePath(),
    AbsolutePath(plain=True),
    PublicUrl(),
    Networks(),
    Words("names", "[a-z]+"),
    DocumentsUrl(),
]


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Text(), "Zoë ☎", "Zoë ☎"),
        (Choice(LogLevel), "debug", LogLevel.DEBUG),
        (WHOLE, 64, 64),
        (SECONDS, 1, 1.0),
        (SECONDS, 0.5, 0.5),
        (ListenAddress(), "[::1]:80", Address("::1", 80)),
        (OptionalAddress(), "", None),
        (AbsolutePath(), "/var/lib/my calls", Path("/var/lib/my calls")),
        (AbsolutePath(plain=True), "/var/lib/calls-1/x_y.z", Path("/var/lib/calls-1/x_y.z")),
        (Networks(), ["10.0.0.0/8", "fd00::/8"], (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))),
        (Networks(), [], ()),
        (Words("names", "[A-Z]+"), ["A", "BC"], ("A", "BC")),
        (DocumentsUrl(), "file:///srv/documents/", "file:///srv/documents"),
        (DocumentsUrl(), "http://u:p%40@couch:5984/", "http://u:p%40@couch:5984"),
        (DocumentsUrl(), "https://[::1]:6984/prefix", "https://[::1]:6984/prefix"),
        (PublicUrl(), "", ""),
        (PublicUrl(), "https://calls.example.com/", "https://calls.example.com"),
        (PublicUrl(), "http://[::1]:8080/phone/calls", "http://[::1]:8080/phone/calls"),
    ],
)
def test_toml_values_become_what_the_program_uses(kind: Any, raw: object, value: object) -> None:
    """Each kind makes its own type of a good TOML value."""
    assert kind.from_toml(raw) == value
    assert type(kind.from_toml(raw)) is type(value)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Text(), 5),
        (Text(), "two\nlines"),
        (Text(), "bell\a"),
        (Text(), "\udc80"),
        (Text(), "x" * 5000),
        (Choice(LogLevel), "loud"),
        (Choice(LogLevel), ["debug"]),
        (WHOLE, True),
        (WHOLE, "5"),
        (WHOLE, 5.0),
        (WHOLE, 0),
        (WHOLE, 65),
        (SECONDS, float("nan")),
        (SECONDS, float("inf")),
        (SECONDS, False),
        (SECONDS, 61),
        (SECONDS, "1"),
        (ListenAddress(), ""),
        (ListenAddress(), 8084),
        (OptionalAddress(), False),
        (AbsolutePath(), "relative/path"),
        (AbsolutePath(), "/a/../b"),
        (AbsolutePath(), "/nul\0"),
        (AbsolutePath(), 1),
        (AbsolutePath(plain=True), "/with blank"),
        (AbsolutePath(plain=True), "/with,comma"),
        (AbsolutePath(plain=True), "/with{brace}"),
        (Networks(), "10.0.0.0/8"),
        (Words("names", "[A-Z]+"), "A"),
        (Words("names", "[A-Z]+"), ["A", "b"]),
        (Words("names", "[A-Z]+"), ["A", 1]),
        (Networks(), ["10.0.0.1/8"]),
        (Networks(), [10]),
        (DocumentsUrl(), "ftp://host/"),
        (DocumentsUrl(), "file://host/folder"),
        (DocumentsUrl(), "file:///"),
        (DocumentsUrl(), "file:///a/../b"),
        (DocumentsUrl(), "http://"),
        (DocumentsUrl(), "http://host:0"),
        (DocumentsUrl(), "http://host:port"),
        (DocumentsUrl(), "http://host/?q=1"),
        (DocumentsUrl(), "http://host/#"),
        (DocumentsUrl(), "http://ho st"),
        (DocumentsUrl(), "http://[::1"),
        (DocumentsUrl(), None),
        (PublicUrl(), "ftp://host/"),
        (PublicUrl(), "calls.example.com"),
        (PublicUrl(), "https://user:password@host/"),
        (PublicUrl(), "https://host/?a=b"),
        (PublicUrl(), "https://host/#a"),
        (PublicUrl(), "https://host/a/../b"),
        (PublicUrl(), "https://host/%2e%2e"),
        (PublicUrl(), "https://host:0"),
        (PublicUrl(), "https://[::1"),
        (PublicUrl(), "https://"),
        (PublicUrl(), 1),
    ],
)
def test_what_does_not_fit_is_refused(kind: Any, raw: object) -> None:
    """A wrong type or a value out of range is a ValueError that says what is right."""
    with pytest.raises(ValueError, match=r"\w"):
        kind.from_toml(raw)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (WHOLE, "+7", 7),
        (SECONDS, "1.25", 1.25),
        (Networks(), " 10.0.0.0/8 , fd00::/8", (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))),
        (Networks(), "", ()),
        (Words("names", "[A-Z]+"), "A, BC", ("A", "BC")),
        (Words("names", "[A-Z]+"), "", ()),
        (OptionalAddress(), "", None),
        (Choice(LogLevel), "error", LogLevel.ERROR),
    ],
)
def test_text_of_the_environment_becomes_the_same(kind: Any, text: str, value: object) -> None:
    """Numbers are digits, lists are separated by commas."""
    assert kind.from_text(text) == value


@pytest.mark.parametrize("text", ["", " 5", "5 ", "0x5", "1e3", "५", "5" * 30, "-5"])
def test_numbers_in_text_are_plain_digits(text: str) -> None:
    """Nothing that only some programs take for a number passes."""
    for kind in (WHOLE, SECONDS):
        with pytest.raises(ValueError, match="number from"):
            kind.from_text(text)


@given(st.sampled_from(ALL_KINDS), st.text(max_size=60))
def test_no_text_breaks_a_kind(kind: Any, text: str) -> None:
    """Any text gives a value or a ValueError, from both sources alike."""
    for parse in (kind.from_text, kind.from_toml):
        try:
            parse(text)
        except ValueError:
            continue


@given(st.sampled_from(ALL_KINDS), st.text(st.characters(min_codepoint=0x100), min_size=12, max_size=40))
def test_refusals_never_repeat_the_value(kind: Any, text: str) -> None:
    """A value may be a secret, so no reason holds it."""
    refusal = ""
    try:
        kind.from_text(text)
    except ValueError as exc:
        refusal = str(exc)
    assert text not in refusal


@given(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
        st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_literals_are_read_back_by_toml(raw: object) -> None:
    """Whatever the sample file writes, TOML reads the same."""
    assert tomllib.loads(f"x = {toml_literal(raw)}") == {"x": raw}
