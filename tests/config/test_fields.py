"""Values of system_config: as forgiving as Kazoo, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from config.fields import (
    MAX_DEPTH,
    check_depth,
    flag,
    group,
    json_object,
    pattern,
    record,
    text,
    texts,
    whole,
)

WHOLE = whole(5, "doc", low=-10, high=10_800)
TEXT = text("", "doc")
WORD = text("a", "doc", one_of=("a", "b"))
SHAPED = text("x", "doc", like=r"[a-z]+|[0-9]+")
FLAG = flag("doc", default=False)
PATTERN = pattern("", "doc")
TEXTS = texts([], "doc")
OBJECT = json_object({}, "doc")
ALL = [WHOLE, TEXT, WORD, SHAPED, FLAG, PATTERN, TEXTS, OBJECT]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        (WHOLE, 7, 7),
        (WHOLE, "10800", 10800),
        (WHOLE, "-3", -3),
        (WHOLE, 60.0, 60),
        (TEXT, "a", "a"),
        (TEXT, 0, "0"),
        (WORD, "b", "b"),
        (SHAPED, "abc", "abc"),
        (SHAPED, 12, "12"),
        (FLAG, True, True),
        (FLAG, "true", True),
        (FLAG, "False", False),
        (PATTERN, r"^\+?1(\d{10})$", r"^\+?1(\d{10})$"),
        (TEXTS, ["a", 1], ["a", "1"]),
        (OBJECT, {"a": [1]}, {"a": [1]}),
    ],
)
def test_values_are_cast_as_kazoo_casts_them(field: Any, raw: object, value: object) -> None:
    """Numbers may be text and text may be numbers."""
    assert field.deserialize(raw) == value
    assert type(field.deserialize(raw)) is type(value)


@pytest.mark.parametrize(
    ("field", "raw", "reason"),
    [
        (WHOLE, "", "whole number"),
        (WHOLE, "5s", "whole number"),
        (WHOLE, 2.5, "whole number"),
        (WHOLE, float("nan"), "whole number"),
        (WHOLE, float("inf"), "whole number"),
        (WHOLE, True, "whole number"),
        (WHOLE, [1], "whole number"),
        (WHOLE, 10_801, "from -10 to 10800"),
        (WHOLE, "9" * 18, "from -10 to 10800"),
        (TEXT, True, "not text"),
        (TEXT, 1.5, "not text"),
        (TEXT, "a\nb", "control characters"),
        (TEXT, "x" * 5000, "longer"),
        (WORD, "c", 'one of "a", "b"'),
        (SHAPED, "ab1", "not like"),
        (SHAPED, "ab\n", "control"),
        (FLAG, 1, "neither"),
        (FLAG, "yes", "neither"),
        (PATTERN, "(", "RE2"),
        (PATTERN, r"(?=x)", "RE2"),
        (PATTERN, "(a{1000}){1000}", "RE2"),
        (TEXTS, "a", "not a list"),
        (TEXTS, [["a"]], "not text"),
        (OBJECT, [], "JSON object"),
    ],
)
def test_what_kazoo_would_misread_is_refused(field: Any, raw: object, reason: str) -> None:
    """The reason completes "the value ..."."""
    with pytest.raises(ValidationError, match=reason):
        field.deserialize(raw)


def test_a_nested_object_may_be_deep_but_not_bottomless() -> None:
    """Copying a value must not run out of stack."""
    nested: Any = {}
    for _ in range(MAX_DEPTH - 1):
        nested = {"a": nested}
    check_depth(nested)
    with pytest.raises(ValidationError, match="nested deeper"):
        check_depth([nested])


def test_a_group_may_have_any_name() -> None:
    """Groups are found by their data_key, records stay values."""

    class Inner(Schema):
        a = whole(1, "doc", low=0, high=9)

    assert group(Inner, any_name=True).data_key == "*"
    assert record(None, "doc", Inner).deserialize({"a": "3"}) == {"a": 3}


@given(st.sampled_from(ALL), JSON)
def test_no_json_breaks_a_field(field: Any, raw: object) -> None:
    """Any JSON is a value or a ValidationError."""
    try:
        field.deserialize(raw)
    except ValidationError:
        return


@given(st.sampled_from(ALL), JSON)
def test_a_value_read_is_read_the_same_again(field: Any, raw: object) -> None:
    """What a field makes of a value is a value it takes as it is."""
    try:
        value = field.deserialize(raw)
    except ValidationError:
        return
    if value is not None:
        assert field.deserialize(value) == value
