"""Finding categories, keys and values by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import Categories, discover, split_path
from config.category import Category
from config.errors import ConfigError

CATEGORIES = discover()


def test_categories_are_found_by_their_files() -> None:
    """Every file of config.categories is a category; dots of names are underscores of files."""
    files = {path.stem for path in (Path(sys.modules["config.categories"].__path__[0])).glob("[a-z]*.py")}
    named = {name.replace("callflow.", "callflow_") for name in CATEGORIES.names()}
    assert files == named
    assert {"media", "ecallmgr", "callflow", "call_command", "call_response"} <= named


@pytest.mark.parametrize(("content", "reason"), [("CATEGORY = 5\n", "no CATEGORY"), ("", "no CATEGORY")])
def test_a_file_without_category_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, reason: str
) -> None:
    """A file that defines nothing is noticed at the start, private ones excepted."""
    package = tmp_path / "sample_categories"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_private.py").write_text("raise RuntimeError")
    (package / "one.py").write_text(content)
    monkeypatch.syspath_prepend(str(tmp_path))
    import sample_categories  # type: ignore[import-not-found]

    with pytest.raises(ConfigError, match=reason):
        discover(sample_categories)
    for name in [each for each in sys.modules if each.startswith("sample_categories")]:
        monkeypatch.delitem(sys.modules, name)


def test_two_categories_of_one_name_are_refused() -> None:
    """Which of them would count would be chance."""
    media = CATEGORIES.category("media")
    with pytest.raises(ConfigError, match="two files"):
        Categories([media, Category("media", type(media._schema), "again")])


@pytest.mark.parametrize(
    ("category", "path", "reason"),
    [
        ("calflow", ["max_branch_count"], "is no category; the nearest is callflow"),
        ("zzz", ["a"], "is no category"),
        ("callflow", ["max_branch_cuont"], "is no key of this category; the nearest is max_branch_count"),
        ("media", ["call_recording"], "is a group of keys: call_recording.extension, "),
        ("callflow", [""], "is no key"),
        ("callflow", [], "is a group of keys"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(category: str, path: list[str], reason: str) -> None:
    """The error helps whoever mistyped."""
    with pytest.raises(ConfigError, match=reason):
        CATEGORIES.key(category, path)


@pytest.mark.parametrize(
    ("category", "dotted", "text", "stored"),
    [
        ("callflow", "max_branch_count", "20", 20),
        ("callflow", "operator_key", "0", "0"),
        ("callflow", "authz_contexts", '["a", "b"]', ["a", "b"]),
        ("media", "store_recordings", "true", True),
        ("media", "call_recording.extension", "wav", "wav"),
        ("call_command", "store_file.ecallmgr.retries", "7", 7),
        ("call_response", "USER_BUSY", '{"code": 480, "message": "Busy"}', {"Code": 480, "Message": "Busy"}),
        ("kazoo_endpoint", "default_caller_id_name", "Bob's", "Bob's"),
    ],
)
def test_values_of_a_command_line_are_parsed_as_they_are_stored(
    category: str, dotted: str, text: str, stored: object
) -> None:
    """Text needs no quotes, lists and objects are JSON, names are spelt as Kazoo spells them."""
    value = CATEGORIES.parse_value(category, split_path(dotted), text)
    assert value == stored
    assert type(value) is type(stored)


@pytest.mark.parametrize(
    ("category", "dotted", "text", "reason"),
    [
        ("callflow", "max_branch_count", "many", "not a whole number"),
        ("callflow", "max_branch_count", "0", "is not from 1"),
        ("callflow", "authz_contexts", "a, b", "is not JSON"),
        ("callflow", "authz_contexts", "NaN", "is not JSON"),
        ("callflow", "authz_contexts", "[" * 10_000, "is n"),
        ("media", "store_recordings", "yes", "neither true nor false"),
    ],
)
def test_values_that_do_not_fit_are_refused(category: str, dotted: str, text: str, reason: str) -> None:
    """Nothing bad is ever written by the command line."""
    with pytest.raises(ConfigError, match=reason):
        CATEGORIES.parse_value(category, split_path(dotted), text)


ALL_KEYS: list[Any] = [key for name in CATEGORIES.names() for key in CATEGORIES.keys(name)]


@given(
    st.sampled_from(ALL_KEYS), st.text(max_size=20) | st.from_regex(r"[\[{\"0-9-][\[\]{}\":,0-9a-z ]{0,12}")
)
def test_what_is_parsed_is_good_when_read(key: Any, text: str) -> None:
    """Any text is refused, or gives a value that its key takes from a document."""
    try:
        stored = CATEGORIES.parse_value(key.category, key.path, text)
    except ConfigError:
        return
    if stored is not None:
        key.read(stored)
