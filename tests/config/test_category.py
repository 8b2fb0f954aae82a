"""Reading sections of a category."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from config.category import BadValue, Category
from config.errors import ConfigError
from config.fields import flag, group, record, text, whole


class Leaf(Schema):
    """A group of any name."""

    retries = whole(5, "How often.", low=0, high=10)


class Leaves(Schema):
    """Groups of any name."""

    any_name = group(Leaf, any_name=True)


class Whole(Schema):
    """Taken as a whole."""

    code = whole(None, "A code.", low=1, high=9)


class Sample(Schema):
    """Keys of every kind."""

    limit = whole(50, "A limit.", low=1, high=100, unit="s")
    password = text("", "A secret.", secret=True)
    idle = flag("Of Kazoo.", default=True, kazoo_only=True)
    files = group(Leaves)
    answer = record({"code": 1}, "An answer.", Whole)


CATEGORY = Category("sample", Sample, "A sample.")


def test_keys_are_listed_in_the_order_of_their_declaration() -> None:
    """Groups are opened, records are not, and `*` stands for any name."""
    dotted = [key.dotted for key in CATEGORY.keys]
    assert dotted == ["limit", "password", "idle", "files.*.retries", "answer"]


def test_a_key_knows_what_it_was_declared_with() -> None:
    """Documentation and validation come from one place."""
    limit, password, idle, *_ = CATEGORY.keys
    assert (limit.doc, limit.kind, limit.unit, limit.default) == (
        "A limit.",
        "whole number, 1 to 100",
        "s",
        50,
    )
    assert (limit.is_secret, password.is_secret, idle.is_kazoo_only, limit.is_kazoo_only) == (
        False,
        True,
        True,
        False,
    )


def test_paths_find_keys_and_groups() -> None:
    """A name that its group does not know is any name, where there may be one."""
    assert CATEGORY.find(("files", "tts", "retries")) is CATEGORY.find(("files", "*", "retries"))
    assert CATEGORY.find(("files", "tts")) is None
    assert CATEGORY.find(("nothing",)) is None
    assert CATEGORY.find(("limit", "deeper")) is None
    assert CATEGORY.is_group(())
    assert CATEGORY.is_group(("files", "tts"))
    assert not CATEGORY.is_group(("answer",))
    assert not CATEGORY.is_group(("nothing",))


def test_children_are_the_known_names() -> None:
    """`*` is no name."""
    assert CATEGORY.children(()) == ["limit", "password", "idle", "files", "answer"]
    assert CATEGORY.children(("files",)) == []
    assert CATEGORY.children(("files", "tts")) == ["retries"]


def test_a_section_is_read_key_by_key() -> None:
    """Good values, bad values and unknown keys are told apart; null and private names are passed over."""
    reading = CATEGORY.read_section(
        {
            "_id": "sample",
            "pvt_type": "config",
            "limit": "7",
            "password": None,
            "idle": "maybe",
            "files": {"tts": {"retries": 3, "colour": 1}, "fax": 5},
            "answer": {"code": "2"},
            "other": {"deep": 1},
        }
    )
    assert reading.values == {("limit",): 7, ("files", "tts", "retries"): 3, ("answer",): {"code": 2}}
    assert reading.bad == {
        ("idle",): BadValue("maybe", "is neither true nor false"),
        ("files", "fax"): BadValue(5, "is not a JSON object"),
    }
    assert reading.unknown == [("files", "tts", "colour"), ("other",)]


@pytest.mark.parametrize("raw", [[], "text", 5, True])
def test_a_section_that_is_no_object_is_bad_as_a_whole(raw: object) -> None:
    """The empty path stands for the section."""
    assert CATEGORY.read_section(raw).bad == {(): BadValue(raw, "is not a JSON object")}


def test_reasons_name_the_place_within_a_value() -> None:
    """A record says which of its names is wrong."""
    with pytest.raises(ConfigError, match="code is not from 1 to 9") as refused:
        CATEGORY.keys[-1].read({"code": 10})
    assert (refused.value.category, refused.value.path) == ("sample", "answer")


def test_defaults_are_copies() -> None:
    """Whoever changes a value it got changes nobody else's."""
    CATEGORY.keys[-1].default["code"] = 9
    assert CATEGORY.keys[-1].default == {"code": 1}


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["limit", "password", "idle", "files", "answer", "retries", "code", "*"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_no_section_breaks_reading(raw: object) -> None:
    """Every path is good, bad or unknown, never two of them, and nothing is raised."""
    reading = CATEGORY.read_section(raw)
    assert not reading.values.keys() & reading.bad.keys()
    assert all(CATEGORY.find(path) for path in reading.values)
    assert not any(CATEGORY.find(path) for path in reading.unknown)
