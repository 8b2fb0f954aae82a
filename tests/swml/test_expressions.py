"""Variables in texts become values, and conditions hold or do not."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swml.errors import ExpressionFailed, LimitReached, ScriptError
from swml.expressions import MAX_LENGTH, MAX_PLACEHOLDERS, MAX_TEXT, Expressions
from swml.variables import Variables

EXPRESSIONS = Expressions()
CALL = {"from": "+15551230000", "to": "100", "type": "phone", "direction": "inbound", "headers": []}


def variables() -> Variables:
    """A call's, with some things set."""
    known = Variables(lambda: CALL, params={"a": "2", "b": 3}, envs={"key": "env", "both": "env"})
    for name, value in {
        "n": 5,
        "items": ["a", "b"],
        "user": {"name": "Alice", "odd key": 1},
        "both": "var",
        "price": 2.5,
        "yes": True,
        "prompt_value": "1",
    }.items():
        known.set(name, value)
    return known


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("say: from ${call.from} to %{call.to}", "say: from +15551230000 to 100"),
        ("${n}", 5),
        ("%{n}", 5),
        ("${yes}", True),
        ("${items}", ["a", "b"]),
        ("${items} and ${yes} ${price}", '["a","b"] and true 2.5'),
        ("${items[1]}", "b"),
        ("${items[7]}", ""),
        ("${user.name}", "Alice"),
        ("${user['odd key']}", 1),
        ("%{user.['odd key']}", 1),
        ("${vars.both} ${envs.both} ${both} ${key} ${from}", "var env var env +15551230000"),
        ("${nothing} ${call.nothing.at.all}", " "),
        ("${nothing}", ""),
        ("${params.b}", 3),
        ("${n + 1}", 6),
        ("${vars.n * parseInt(params.a)}", 10),
        ("${call.from.substring(0, 3)}", "+15"),
        ("${(items.length)}", 2),
        ("${items.length}", ""),
        ("${items.join(', ')}", "a, b"),
        ("${price > 2 ? 'dear' : 'cheap'}", "dear"),
        ("${nothing == undefined}", True),
        ("${price.toFixed(2)}", "2.50"),
        ("${'a' + `${n}`}", "a5"),
        ("${true}", True),
        ("${null}", None),
        ("${}", ""),
        ("${unfinished", "${unfinished"),
        ("$n {n} n", "$n {n} n"),
        ({"a": ["${n}", {"${user.name}": "${items[0]}"}], "b": 1}, {"a": [5, {"Alice": "a"}], "b": 1}),
        (17, 17),
    ],
)
def test_values_are_expanded(written: Any, value: Any) -> None:
    """A text that is one placeholder keeps the type of what it stands for; what is not set is empty."""
    assert EXPRESSIONS.expand(written, variables()) == value


@pytest.mark.parametrize(
    ("code", "holds"),
    [
        ("call.type.toLowerCase() == 'phone'", True),
        ("prompt_value == 1", True),
        ("${prompt_value} == 1", True),
        ("${nothing} == 1", False),
        ("'${call.type}' == 'phone'", True),
        ("vars.n", True),
        ("items", True),
        ("items.length", True),
        ("nothing", False),
        ("!nothing", True),
        ("nothing === undefined", True),
        ("typeof nothing == 'undefined'", True),
        ("do_loop === true", False),
        ("true", True),
        ("false", False),
        ("", False),
        ("undefined", False),
        ("vars['n'] > 4 && envs.key == 'env'", True),
        ("Object.keys(vars).length", True),
        ("eval('n') == 5", True),
    ],
)
def test_conditions_hold_as_javascript_has_it(code: str, holds: bool) -> None:
    """With what is set by any of its names; a name that is not set is undefined."""
    assert EXPRESSIONS.holds(code, variables()) is holds


def test_an_expression_that_fails_is_shown() -> None:
    """Cut, if it is long."""
    with pytest.raises(ExpressionFailed, match=r"cannot read property 'b' of undefined, in 'a\.b\.c\(\)'"):
        EXPRESSIONS.expand("x ${a.b.c()}", variables())
    with pytest.raises(ExpressionFailed, match=r"longer than 4096 characters: '1 \+ 1 \+ .*\.\.\.'"):
        EXPRESSIONS.expand("${" + "1 + " * MAX_LENGTH + "1}", variables())


def test_what_is_expanded_is_bounded() -> None:
    """In number and in length."""
    known = variables()
    known.set("long", "x" * (MAX_TEXT // 2))
    with pytest.raises(LimitReached, match="characters"):
        EXPRESSIONS.expand("${long}${long}x", known)
    with pytest.raises(LimitReached, match="variables and expressions"):
        EXPRESSIONS.expand(["${n}"] * (MAX_PLACEHOLDERS + 1), known)


def test_variables_are_not_changed_by_expressions() -> None:
    """What JavaScript assigns is gone with it."""
    known = variables()
    EXPRESSIONS.expand("${n = 7, vars.n = 8, call.from = 9}", known)
    assert (known.get("n"), known.get("call.from")) == (5, "+15551230000")


@settings(max_examples=60)
@given(
    st.text(max_size=60) | st.lists(st.sampled_from(list("${}%'\"`\\n.()[]+ =>")), max_size=30).map("".join)
)
def test_any_text_is_expanded_or_fails(text: str) -> None:
    """With our own error."""
    with suppress(ScriptError):
        EXPRESSIONS.expand(text, variables())
    with suppress(ScriptError):
        EXPRESSIONS.expand("${" + text + "}", variables())


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_any_condition_holds_or_not_or_fails(text: str) -> None:
    """With our own error."""
    with suppress(ScriptError):
        assert EXPRESSIONS.holds(text, variables()) in (True, False)
