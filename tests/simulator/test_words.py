"""Arguments taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.dialstring import DialString, dial_strings
from simulator.words import split_blanks, split_scope, variable_block


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a  b ", ["a", "b"]),
        ("'a b' c", ["a b", "c"]),
        (r"a\ b \d+ c\\d", ["a b", r"\d+", r"c\d"]),
        ("x '' y", ["x", "", "y"]),
    ],
)
def test_split_blanks(text: str, words: list[str]) -> None:
    """Quotes and backslashes hold blanks, other backslashes stay."""
    assert split_blanks(text) == words


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{a=1,b=2}", {"a": "1", "b": "2"}),
        ("{a=1,b=2", {}),
        ("a=1", {}),
        ("{^^:a=1,2:b=3}", {"a": "1,2", "b": "3"}),
        ("{a,b=,=c}", {"b": ""}),
    ],
)
def test_variable_block(text: str, variables: dict[str, str]) -> None:
    """Without its closing brace a block is nothing at all."""
    assert variable_block(text) == variables


@pytest.mark.parametrize(
    ("text", "scope", "rest"),
    [
        ("%[a=1,b=none]/x.wav", {"a": "1", "b": "none"}, "/x.wav"),
        ("%;[a=1,2;b=3]x", {"a": "1,2", "b": "3"}, "x"),
        ("%[a=1", None, "%[a=1"),
        ("100 %[a=1]", None, "100 %[a=1]"),
        ("%(250,0,1400)", None, "%(250,0,1400)"),
        ("", None, ""),
    ],
)
def test_split_scope(text: str, scope: dict[str, str] | None, rest: str) -> None:
    """Variables for one application stand in front of its argument."""
    assert split_scope(text) == (scope, rest)


def test_dial_strings() -> None:
    """Groups and simultaneous endpoints; what is said for all wins over what is said for one."""
    groups = dial_strings("{a=1}[b=2,c=x y]user/1@d,user/2@d|[a=9]sofia/gw/3")
    assert groups == [
        [DialString("user/1@d", {"a": "1", "b": "2", "c": "x y"}), DialString("user/2@d", {"a": "1"})],
        [DialString("sofia/gw/3", {"a": "1"})],
    ]


@given(st.text(max_size=60))
def test_nothing_crashes(text: str) -> None:
    """Arguments come from anywhere."""
    split_blanks(text)
    variable_block(text)
    dial_strings(text)


@given(st.lists(st.from_regex(r"[a-z0-9/.:]{1,8}", fullmatch=True), max_size=5))
def test_plain_words_come_back(words: list[str]) -> None:
    """Words without blanks are not changed."""
    assert split_blanks(" ".join(words)) == words
