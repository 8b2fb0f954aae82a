"""Variables are set, found and removed by their paths, and never become too many."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swml.errors import LimitReached, ScriptError
from swml.variables import MAX_DEPTH, MAX_INDEX, MAX_SIZE, Variables, parse_path

PATHS = st.lists(
    st.sampled_from(["a", "b", ".", "[0]", "[1]", "['x']", "vars", "call", "5", "-", " ", "ü"]), max_size=8
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ("a['b c'].d", ("a", "b c", "d")),
        ('a.["5"]', ("a", "5")),
        ("a.0", ("a", 0)),
        ("$x_1", ("$x_1",)),
        ("", None),
        ("a-b", None),
        ("a.", None),
        ("5", None),
        ("a b", None),
        ("a[b]", None),
        ("a()", None),
        ("a" * 1001, None),
    ],
)
def test_paths_are_plain(path: str, parts: tuple[str | int, ...] | None) -> None:
    """Whatever else is JavaScript's affair."""
    assert parse_path(path) == parts


def test_a_name_is_looked_up_in_the_scopes_in_their_order() -> None:
    """vars, envs, call; params only by their scope."""
    known = Variables(lambda: {"from": "c", "x": "call"}, params={"p": 1}, envs={"x": "env", "e": 1})
    assert [known.get(name) for name in ("x", "e", "from", "p", "params.p", "call.x")] == [
        "env",
        1,
        "c",
        None,
        1,
        "call",
    ]
    known.set("x", "var")
    assert [known.get(name) for name in ("x", "vars.x", "envs.x")] == ["var", "var", "env"]
    assert known.get("nothing", "default") == "default"


def test_paths_make_what_they_lead_through() -> None:
    """Mappings, and items of lists that are there."""
    known = Variables()
    known.set("a.b.c", 1)
    known.set("vars.list", [1, {"x": 2}])
    known.set("list[1].x", 3)
    known.set("list[3]", 4)
    known.set("new.list[1]", 5)
    known.set("a.b", [0])
    assert known.vars == {"a": {"b": [0]}, "list": [1, {"x": 3}, None, 4], "new": {"list": [None, 5]}}
    known.unset("new")
    known.unset("list[1].x")
    known.unset("list[0]")
    known.unset("a")
    known.unset("nothing.at.all")
    assert known.vars == {"list": [None, {}, None, 4]}


def test_what_is_set_is_a_copy_and_plain() -> None:
    """JSON values alone, which later changes of the original leave alone."""
    known = Variables()
    original = {"a": [1, math.nan, math.inf, 10**400, 10**30, (2, 3)], 5: object}
    known.set("x", original)
    original["a"] = None
    assert known.get("x.a") == [1, None, None, None, 1e30, [2, 3]]
    json.dumps(known.snapshot(), allow_nan=False)


@pytest.mark.parametrize("path", ["call", "call.from", "params.x", "envs.x", "vars"])
def test_other_scopes_are_only_read(path: str) -> None:
    """And the scope of variables is none itself."""
    known = Variables()
    with pytest.raises(ScriptError, match="read only"):
        known.set(path, 1)
    with pytest.raises(ScriptError, match="read only"):
        known.unset(path)


def test_there_is_an_end_to_them() -> None:
    """Of size, of depth, of lists; what was there before stays as it was."""
    known = Variables()
    known.set("half", "x" * (MAX_SIZE // 2))
    with pytest.raises(LimitReached, match="characters of variables"):
        known.set("other", "x" * (MAX_SIZE // 2))
    known.set("half", "x")
    known.set("other", "x" * (MAX_SIZE // 2))
    known.unset("other")
    known.set("third", "x" * (MAX_SIZE // 2))
    deep: Any = 1
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    with pytest.raises(LimitReached, match="deeper"):
        known.set("deep", deep)
    known.set("list", [])
    with pytest.raises(LimitReached, match="items"):
        known.set(f"list[{MAX_INDEX + 1}]", 1)
    with pytest.raises(ScriptError, match="no index"):
        known.set("list.name", 1)
    assert known.vars.keys() == {"half", "third", "list"}


def test_a_snapshot_stays_as_it_is() -> None:
    """The four scopes, as a server is told them."""
    known = Variables(lambda: {"from": "a"}, params={"p": [1]}, envs={"e": "1"}, given={"x": {"y": 1}})
    before = known.snapshot()
    known.set("x.y", 2)
    assert before == {
        "call": {"from": "a"},
        "vars": {"x": {"y": 1}},
        "params": {"p": [1]},
        "envs": {"e": "1"},
    }


@given(st.lists(st.tuples(PATHS.map("".join), VALUES), max_size=6))
def test_any_path_and_value_is_set_or_refused(pairs: list[tuple[str, Any]]) -> None:
    """With our own error; what was set is there under the same path, and JSON can say it."""
    known = Variables(lambda: {"a": 1})
    for path, value in pairs:
        with suppress(ScriptError):
            known.set(path, value)
            if isinstance(value, str):
                assert known.get(path) == value
    json.dumps(known.snapshot(), allow_nan=False)
    for path, _ in pairs:
        with suppress(ScriptError):
            known.unset(path)
            assert known.get(path) is None or path.partition(".")[0] in ("a", "call")
