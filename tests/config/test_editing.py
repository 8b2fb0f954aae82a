"""Edits of documents as `config set` makes them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.editing import new_account_document, new_document, with_value
from config.errors import ConfigError


def test_a_value_is_set_in_its_section_and_nowhere_else() -> None:
    """All else, the revision included, stays as it was, and the original is untouched."""
    document = {"_id": "media", "_rev": "3-a", "default": {"record_min_sec": 1}, "fs1": {"record_min_sec": 2}}
    before = copy.deepcopy(document)
    changed = with_value(document, "default", ["call_recording", "extension"], "wav")
    assert changed == {**before, "default": {"record_min_sec": 1, "call_recording": {"extension": "wav"}}}
    assert document == before


def test_an_accounts_document_has_no_sections() -> None:
    """The empty section puts the key at the top."""
    document = new_account_document("callflow")
    assert with_value(document, "", ["max_branch_count"], 5) == {
        "_id": "configs_callflow",
        "pvt_type": "account_config",
        "max_branch_count": 5,
    }


def test_a_new_document_begins_as_kazoos() -> None:
    """It has the category's name and Kazoo's type."""
    assert new_document("callflow.park") == {"_id": "callflow.park", "pvt_type": "config"}


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("default", []),
        ("", []),
        ("_id", ["a"]),
        ("pvt_type", ["a"]),
        ("", ["_rev"]),
        ("default", ["a", ""]),
        ("x", [""]),
    ],
)
def test_what_is_no_place_is_refused(section: str, path: list[str]) -> None:
    """The store's own fields cannot be overwritten, nor can a section as a whole."""
    with pytest.raises(ConfigError, match="no section and key"):
        with_value({"_id": "media", "_rev": "1-a"}, section, path, 1)


def test_nothing_is_lost_on_the_way_to_a_key() -> None:
    """Where something else stands in the way, the operator decides."""
    with pytest.raises(ConfigError, match="call_recording is no JSON object"):
        with_value({"default": {"call_recording": "mp3"}}, "default", ["call_recording", "extension"], "wav")


NAMES = st.text("abc", min_size=1, max_size=2)
TREES: Any = st.recursive(
    st.integers(), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


def flat(tree: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return the leaves of nested objects by path."""
    if not isinstance(tree, dict):
        return {path: tree}
    found: dict[tuple[str, ...], Any] = {}
    for name, inner in tree.items():
        found |= flat(inner, (*path, name))
    return found


@given(
    st.dictionaries(NAMES, TREES, max_size=4),
    st.just("") | NAMES,
    st.lists(NAMES, min_size=1, max_size=3),
    st.integers(),
)
def test_exactly_one_key_changes(document: dict[str, Any], section: str, path: list[str], value: int) -> None:
    """Whatever the document holds, the key has the value afterwards and every other leaf is as it was."""
    before = copy.deepcopy(document)
    place = tuple(filter(None, [section, *path]))
    try:
        changed = with_value(document, section, path, value)
    except ConfigError:
        changed = {}
    assert document == before
    if changed:
        kept = {where: leaf for where, leaf in flat(before).items() if where[: len(place)] != place}
        assert flat(changed) == kept | {place: value}
