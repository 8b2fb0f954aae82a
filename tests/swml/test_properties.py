"""Properties take what is written as the schema has it, and what variables became as it can be used."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from swml.branching import Branches
from swml.properties import (
    MethodData,
    anything,
    flag,
    many,
    mapping,
    number,
    one_or_many,
    part,
    result,
    steps,
    text,
    web_url,
    whole,
)
from swml.property import compiling


class Inner(MethodData):
    """Within."""

    name = text("Its name.", required=True)
    origin = text("Where from.", name="from", default="here")


class Data(MethodData):
    """One of each."""

    word = text("A word.", one_of=("a", "b"), default="a")
    form = text("A form.", pattern=r"^x\d+$")
    count = whole("How many.", minimum=0, maximum=10, default=3)
    ratio = number("How much.")
    is_on = flag("Whether.", default=True)
    url = web_url("Where.")
    data = mapping("Anything by name.")
    any = anything("Anything.")
    names = many(text("A name."), "Names.")
    urls = one_or_many(web_url(""), "URLs.")
    inner = part(Inner, "Within.")
    inners = many(many(part(Inner)), "Within within.")
    then = steps("Steps.", only=("play",))
    confirm = steps("Steps or a URL.", or_text=True)
    result = result("What then.")


compiled: list[tuple[list[Any], str, frozenset[str]]] = []


def written(**values: Any) -> dict[str, Any]:
    """Read values as a document has them."""
    compiled.clear()

    def note(steps: list[Any], path: str, only: frozenset[str]) -> tuple[Any, ...]:
        compiled.append((steps, path, only))
        return tuple(steps)

    with compiling(note):
        return dict(Data().load(values))


def given_at_run_time(**values: Any) -> dict[str, Any]:
    """Read values that variables became."""
    return dict(Data().load(values))


def refused(values: dict[str, Any], *, at_run_time: bool = False) -> Any:
    """What is said of values that are refused."""
    with pytest.raises(ValidationError) as fault:
        (given_at_run_time if at_run_time else written)(**values)
    return fault.value.messages


def test_what_is_not_written_is_filled_in() -> None:
    """With the language's default."""
    data = written()
    assert (data["word"], data["count"], data["is_on"], data["url"], data["data"]) == ("a", 3, True, None, {})
    assert (data["result"], data["then"], data["names"]) == (Branches(), (), None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("word", "b"),
        ("form", "x12"),
        ("count", 0),
        ("ratio", -1.5),
        ("is_on", False),
        ("url", "https://user:pass@example.test:8443/a?b=c"),
        ("url", "https://example.test/${call.from}"),
        ("data", {"a": [1]}),
        ("any", None),
        ("names", ["x", "${y}"]),
        ("confirm", "https://example.test"),
        *((key, "${x}") for key in ("word", "form", "count", "ratio", "is_on", "url")),
    ],
)
def test_what_is_written_is_taken_as_it_is(key: str, value: Any) -> None:
    """A variable in place of any value that is no mapping or list."""
    assert written(**{key: value})[key] == value


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("word", "c", "must be one of a, b"),
        ("word", 5, "must be a string"),
        ("form", "y", "is none of the forms it may have"),
        ("count", "5", "must be a whole number"),
        ("count", True, "must be a whole number"),
        ("count", 1.5, "must be a whole number"),
        ("count", -1, "must be at least 0"),
        ("count", 11, "must be at most 10"),
        ("count", "a ${x}", "must be a whole number"),
        ("ratio", 10**400, "must be a number that can be reckoned with"),
        ("is_on", "true", "must be true or false"),
        ("is_on", 1, "must be true or false"),
        ("url", "ftp://example.test", "must be a URL that begins with http:// or https://"),
        ("url", "https://", "must be a URL that begins with http:// or https://"),
        ("data", "${x}", "must be a mapping"),
        ("names", "x", "must be a list"),
        ("then", {}, "must be a list of steps"),
        ("result", 5, "must be a list of mappings with when and then, or else"),
        ("count", None, "Field may not be null."),
    ],
)
def test_what_is_not_of_its_type_is_refused(key: str, value: Any, fault: str) -> None:
    """As the schema refuses it."""
    assert refused({key: value}) == {key: [fault]}


@pytest.mark.parametrize(
    ("key", "value", "taken"),
    [
        ("word", "b", "b"),
        ("count", "7", 7),
        ("count", " 7.0 ", 7),
        ("count", 7.0, 7),
        ("count", "", 3),
        ("count", None, 3),
        ("ratio", "1e2", 100.0),
        ("is_on", "False", False),
        ("is_on", 0, False),
        ("is_on", "", True),
        ("url", "", None),
        ("names", ["x", 5, True, 1.0, [1]], ["x", "5", "true", "1", "[1]"]),
        ("urls", "http://a.test", ["http://a.test"]),
    ],
)
def test_what_a_variable_became_is_converted(key: str, value: Any, taken: Any) -> None:
    """A number of digits, a word for a truth; what was not set leaves the default."""
    assert given_at_run_time(**{key: value})[key] == taken


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("count", "many"),
        ("count", "nan"),
        ("count", "1.5"),
        ("is_on", "maybe"),
        ("url", "no"),
        ("word", "c"),
        ("form", 5),
    ],
)
def test_what_a_variable_became_may_be_of_no_use(key: str, value: Any) -> None:
    """Then the step fails."""
    assert key in refused({key: value}, at_run_time=True)


def test_parts_and_lists_tell_all_their_faults() -> None:
    """With the way to each; names are those of the document."""
    data = written(inner={"name": "n", "from": "f"}, inners=[[{"name": "a"}], []], urls=["http://a"])
    assert data["inner"] == {"name": "n", "from": "f"}
    assert data["inners"] == [[{"name": "a", "from": "here"}], []]
    faults = refused({"inner": {"from": 5}, "inners": [[{}, 5], {}], "names": [5, "x", None]})
    assert faults == {
        "inner": {"name": ["Missing data for required field."], "from": ["must be a string"]},
        "inners": {
            0: {0: {"name": ["Missing data for required field."]}, 1: ["must be a mapping"]},
            1: ["must be a list"],
        },
        "names": {0: ["must be a string"], 2: ["Field may not be null."]},
    }


def test_steps_are_compiled_with_their_place() -> None:
    """In a result of either form, too; and come as they are at run time."""
    data = written(
        then=[1],
        result={"variable": "x", "case": {"5": [2]}, "default": [3]},
        confirm=[4],
    )
    assert compiled == [
        ([1], "then", frozenset({"play"})),
        ([4], "confirm", frozenset()),
        ([2], "result.case.5", frozenset()),
        ([3], "result.default", frozenset()),
    ]
    assert data["result"] == Branches("x", {"5": (2,)}, (3,))  # type: ignore[arg-type,dict-item]
    again = given_at_run_time(**{key: data[key] for key in ("then", "result", "confirm")})
    assert (again["then"], again["result"], again["confirm"]) == ((1,), data["result"], (4,))
    written(result=[{"when": "a", "then": [5], "else": [6]}, {"else": [7]}])
    assert [path for _, path, _ in compiled] == ["result[0].then", "result[0].else", "result[1].else"]


@given(
    st.dictionaries(
        st.sampled_from(sorted(Data().fields)), st.text() | st.floats() | st.none() | st.booleans()
    )
)
def test_any_value_is_taken_or_refused(values: dict[str, Any]) -> None:
    """Written or given."""
    for read in (written, given_at_run_time):
        with suppress(ValidationError):
            read(**values)
