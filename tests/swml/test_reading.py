"""Text becomes plain data, as its author meant it; nothing else than BadDocument comes of bad text."""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from swml.errors import BadDocument
from swml.reading import MAX_BYTES, MAX_DEPTH, MAX_VALUES, read


def _values(*without: Literal["Cc", "Zl", "Zp"]) -> st.SearchStrategy[Any]:
    """JSON values, without some kinds of characters."""
    text = st.text(st.characters(exclude_categories=["Cs", *without]))
    numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=20,
    )


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("version: 1.0.0", {"version": "1.0.0"}),
        ("a: 1\nb: -2\nc: 1.5\nd: .5\ne: 1e3", {"a": 1, "b": -2, "c": 1.5, "d": 0.5, "e": 1000.0}),
        (
            "- +15551230000\n- 0123\n- 12:30:00\n- 1_000\n- 0x1f",
            ["+15551230000", "0123", "12:30:00", "1_000", "0x1f"],
        ),
        ("- yes\n- off\n- True\n- 'yes'", [True, False, True, "yes"]),
        ("- ~\n- null\n-\n- ''", [None, None, None, ""]),
        ("on: 1\nyes: 2\n5: 3\n~: 4\n2020-01-01: 5", {"on": 1, "yes": 2, "5": 3, "~": 4, "2020-01-01": 5}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
        ("d: {<<: [{a: 1}, {a: 2, b: 2}]}", {"d": {"a": 1, "b": 2}}),
        ("a: !!str 5", {"a": "5"}),
        ("a: 2020-01-01", {"a": "2020-01-01"}),
        ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
        ("{a: b, c: [1, 2]}", {"a": "b", "c": [1, 2]}),
        ('{"a": [1, 2.0, null, true]}', {"a": [1, 2.0, None, True]}),
        ('{"a": "\\u00fc"}', {"a": "ü"}),
        ('x: ${parseInt("42")}', {"x": '${parseInt("42")}'}),
        ("\ufeffa: 1", {"a": 1}),
        ("", None),
    ],
)
def test_text_is_read_as_it_was_meant(text: str, data: Any) -> None:
    """YAML's old surprises are none; JSON is JSON."""
    assert read(text) == data
    assert read(text.encode()) == data


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: the document has the key 'a' twice in one mapping"),
        ('{"a": 1, "a": 2}', "the document has the key 'a' twice in one mapping"),
        ("a: [1\nb: 2", "line 2: the document is no YAML: did not find expected ',' or ']'"),
        ('{\n"a": 1]', "line 2: the document is no JSON: Expecting ',' delimiter"),
        ("a: &x [*x]", "line 1: the document has no value named &x before this place"),
        ("a:\n  b: *nothing", "line 2: the document has no value named &nothing before this place"),
        ("? [a]\n: b", "line 1: the document has a key that is no text"),
        ("a: !!python/object:os.system {}", "line 1: the document has a tag where none may be"),
        ("a: !!binary aGk=", "line 1: the document has a tag where none may be"),
        ("a: {<<: 5}", "line 1: the document merges what is no mapping"),
        ("- .inf", "line 1: the document has a number that is none: .inf"),
        ('{"a": NaN}', "the document has a number that is none: NaN"),
        ('{"a": 1e999}', "the document has a number beyond all bounds"),
        ("a: 1e999", "line 1: the document has a number beyond all bounds"),
        ("a: " + "9" * 5000, "line 1: the document has a number beyond all bounds"),
        ("--- 1\n--- 2", "line 2: the document is followed by another one"),
        ("a: \x00", "line 1: the document is no YAML"),
        ('{"a": "\\ud800"}', "the document has half a character"),
        ('{"\\ud800": 1}', "the document has half a character"),
        ("a: \ud800", "line 1: the document is no YAML"),
        ("[" * 500 + "]" * 500, f"the document is deeper than {MAX_DEPTH}"),
        ("[" * 100_000, f"the document is deeper than {MAX_DEPTH}"),
        ("a: " + "[" * 500, f"line 1: the document is deeper than {MAX_DEPTH}"),
        ("- " * 500, f"line 1: the document is deeper than {MAX_DEPTH}"),
        ("[" + "1," * MAX_VALUES + "1]", f"the document has more than {MAX_VALUES} values"),
        ("- 1\n" * (MAX_VALUES + 1), f"the document has more than {MAX_VALUES} values"),
        ("a" * (MAX_BYTES + 1), f"the document is longer than {MAX_BYTES} bytes"),
    ],
)
def test_text_that_cannot_be_used_is_refused(text: str, told: str) -> None:
    """With its line, where there is one."""
    with pytest.raises(BadDocument) as refused:
        read(text)
    assert told in str(refused.value)
    assert refused.value.findings[0].code == "relay_script_parse_error"


def test_bytes_must_be_utf8() -> None:
    """The line is that of the first wrong byte."""
    with pytest.raises(BadDocument, match="line 2: the document is no UTF-8"):
        read(b"a: 1\nb: \xff")


def test_aliases_are_counted_as_often_as_they_are_used() -> None:
    """A billion laughs are refused before they are laughed."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    began_s = time.monotonic()
    with pytest.raises(BadDocument, match=f"more than {MAX_VALUES} values"):
        read("\n".join(lines))
    assert time.monotonic() - began_s < 1


def test_aliases_make_nothing_deeper_than_the_limit() -> None:
    """Each step of the ladder is flat; the ladder is not."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100)]
    with pytest.raises(BadDocument, match=f"deeper than {MAX_DEPTH}"):
        read("\n".join(lines))


@given(_values())
def test_json_is_read_as_python_reads_it(value: Any) -> None:
    """In all its forms."""
    assert read(json.dumps([value])) == [value]
    assert read(json.dumps({"a": value}, ensure_ascii=False)) == {"a": value}


@given(_values("Cc", "Zl", "Zp"))
def test_yaml_is_read_as_it_was_written(value: Any) -> None:
    """What a YAML library writes comes back, but for numbers it writes as no JSON library would."""
    text = yaml.safe_dump(value, allow_unicode=True)
    assert _loosened(read(text)) == _loosened(value)


def _loosened(value: Any) -> Any:
    """Numbers as texts: `1.0e+16` is one to YAML, and `1e-05` another."""
    if isinstance(value, dict):
        return {key: _loosened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_loosened(item) for item in value]
    if isinstance(value, float) and not isinstance(value, bool):
        return repr(value) if not value.is_integer() else repr(math.floor(value))
    return repr(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(st.text() | st.binary())
def test_any_text_is_read_or_refused(source: str | bytes) -> None:
    """Whatever it is."""
    with suppress(BadDocument):
        read(source)


@given(st.lists(st.sampled_from(list("{}[]:,-&*!|>'\"%@`#?~<. \nabc01\t\\u$")), max_size=60).map("".join))
def test_any_yaml_like_text_is_read_or_refused(source: str) -> None:
    """Made of the characters that mean something."""
    with suppress(BadDocument):
        read(source)
