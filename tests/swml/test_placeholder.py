"""Placeholders are found where they are, and conditions become JavaScript alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swml.placeholder import Part, Placeholder, condition, parts_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain {text} $ %", ("plain {text} $ %",)),
        ("${a}", (Placeholder("a"),)),
        ("%{ a.b }", (Placeholder("a.b"),)),
        ("x ${a} y %{b} z", ("x ", Placeholder("a"), " y ", Placeholder("b"), " z")),
        ("${a}${b}", (Placeholder("a"), Placeholder("b"))),
        ("${ {a: {b: 1}}.a.b }", (Placeholder("{a: {b: 1}}.a.b"),)),
        ("${a ? '}' : \"{\"}!", (Placeholder("a ? '}' : \"{\""), "!")),
        (r"${'\'}'}", (Placeholder(r"'\'}'"),)),
        ("${`a${b}`}", (Placeholder("`a${b}`"),)),
        ("it's ${a} o'clock", ("it's ", Placeholder("a"), " o'clock")),
        ("${it's}", (Placeholder("it's"),)),
        ("${a", ("${a",)),
        ("x ${a} ${b", ("x ", Placeholder("a"), " ${b")),
        ("${}", (Placeholder(""),)),
    ],
)
def test_placeholders_are_found(text: str, parts: tuple[Part, ...]) -> None:
    """One ends at the brace that closes it."""
    assert parts_of(text) == parts


@given(st.lists(st.sampled_from(["${", "%{", "}", "{", "'", '"', "`", "\\", "a", " "])).map("".join))
def test_no_text_is_lost(text: str) -> None:
    """What is no placeholder is text; together they are as long as before, blanks within braces aside."""
    parts = parts_of(text)
    assert all(part for part in parts if isinstance(part, str))
    plain = "".join(part if isinstance(part, str) else "${" + part.code + "}" for part in parts)
    assert plain.replace("%{", "${").replace(" ", "") == text.replace("%{", "${").replace(" ", "")


@pytest.mark.parametrize(
    "hostile", ["${" * 50_000, "${'" * 50_000, "${" + "\\'" * 50_000, "${" + "'\"" * 50_000]
)
def test_hostile_texts_take_no_time(hostile: str) -> None:
    """However many things are begun and not ended."""
    began_s = time.monotonic()
    parts_of(hostile)
    assert time.monotonic() - began_s < 1


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("call.type == 'sip'", "call.type == 'sip'"),
        ("${prompt_value} == 1", "(prompt_value) == 1"),
        ("${call.type == 'sip'}", "(call.type == 'sip')"),
        ("'${call.type}' == 'sip'", "'<call.type>' == 'sip'"),
        ('"it\'s ${a}" == ${b}', '"it\'s <a>" == (b)'),
        (r"'\'${a}' == ${b}", r"'\'<a>' == (b)"),
        ("${} == ''", "\"\" == ''"),
    ],
)
def test_conditions_may_have_placeholders(written: str, code: str) -> None:
    """An expression where a value is meant, a text within a text."""
    assert condition(written, lambda inner: f"<{inner}>") == code


@given(st.text())
def test_what_a_caller_says_is_never_code(said: str) -> None:
    """Whatever it is, it stays within its quotes."""
    for quote in "'\"`":
        code = condition(f"{quote}${{x}}{quote} == 1", lambda _inner: said)
        inner = code.removesuffix(f"{quote} == 1").removeprefix(quote)
        unescaped = inner.replace("\\\\", "").replace(f"\\{quote}", "")
        assert quote not in unescaped
        assert "\n" not in inner
        assert "${" not in inner
