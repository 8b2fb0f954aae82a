"""CouchDB's order of keys (what servers themselves make of it is in the contract)."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.collation import collation_key

ORDERED = [
    None, False, True, -1e9, -1, 0, 0.5, 1, 10, 1e9,
    "", " ", "_", "-", ",", ";", ":", "!", "?", ".", "(", "@", "*", "*97", "/", "&", "#", "%", "+", "+1", "=",
    "$", "1", "10", "2", "a", "A", "a b", "aa", "ab", "Ab", "B", "e", "E", "é", "f", "z", "λ", "Ж",
    [], [None], [1], [1, 1], [2], ["a"], ["a", "b"], ["a", []], ["a", {}], [[]],
    {}, {"a": 1}, {"a": 2}, {"a": 2, "b": 1}, {"b": 1},
]  # fmt: skip

json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**6), 10**6),
        st.floats(allow_nan=False),
        st.text(max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def test_the_order() -> None:
    """As CouchDB's documentation has it, text by the Unicode collation."""
    for low, high in pairwise(ORDERED):
        assert collation_key(low) < collation_key(high), (low, high)


@given(st.lists(json_values, max_size=6))
def test_any_keys_can_be_ordered(keys: list[object]) -> None:
    """No two JSON values are incomparable."""
    ordered = sorted(keys, key=collation_key)
    assert sorted(map(json.dumps, ordered)) == sorted(map(json.dumps, keys))


@given(json_values, json_values)
def test_equal_keys_are_equal_values(left: object, right: object) -> None:
    """A lookup finds exactly its own key (a number is a number, with or without a point)."""
    if collation_key(left) == collation_key(right):
        assert left == right
    assert hash(collation_key(left)) == hash(collation_key(json.loads(json.dumps(left))))


def test_what_is_no_json() -> None:
    """A mistake of ours, not of a document's."""
    with pytest.raises(TypeError):
        collation_key({1, 2})
