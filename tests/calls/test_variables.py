"""Channel variables, Kazoo's families among them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.variables import (
    application_variables,
    set_custom_channel_variable,
    set_variable,
    set_variables,
)
from esl.errors import BadCommand
from esl.quoting import assignment
from tests.calls.scripted_switch import ScriptedSwitch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


def test_variables_are_set_in_one_round() -> None:
    """However many there are, nothing is waited for in between."""
    switch = ScriptedSwitch()
    call = switch.call()
    set_variables(call, {"a": "1", "b": "2"})
    set_variable(call, "c", "3", export=True)
    set_custom_channel_variable(call, "Group-ID", "g")
    call.execute("eval")
    assert [(app, arg) for app, arg, _ in switch.commands] == [
        ("set", "a=1"),
        ("set", "b=2"),
        ("export", "c=3"),
        ("set", "ecallmgr_Group-ID=g"),
        ("eval", ""),
    ]


def test_of_several_variables_none_is_set_if_one_cannot_be() -> None:
    """A batch is sent whole or not at all."""
    switch = ScriptedSwitch()
    call = switch.call()
    with pytest.raises(BadCommand):
        set_variables(call, {"good": "1", "bad name": "2"})
    assert call.variable("good") is None


@pytest.mark.parametrize(
    ("given", "expected", "refused"),
    [
        ({"a": "x"}, {"cav_a": "x"}, []),
        ({"a": 5, "b": True, "c": None}, {"cav_a": "5", "cav_b": "true", "cav_c": ""}, []),
        ({"a": {"b": [1]}}, {"json_cav_a": '{"b":[1]}'}, []),
        ({"a b": "x", "a": "1\n2", "ok": "y"}, {"cav_ok": "y"}, ["a b", "a"]),
        ({"a=b": "x", "${x}": "y", "": "z"}, {}, ["a=b", "${x}", ""]),
    ],
)
def test_application_variables_get_their_prefix(
    given: dict[str, Any], expected: dict[str, str], refused: list[str]
) -> None:
    """Objects are told from plain values by it; what cannot be a variable is named."""
    assert application_variables(given) == (expected, refused)


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_whatever_is_accepted_can_be_assigned(values: dict[str, Any]) -> None:
    """No name and no value that passes is refused by the wire later."""
    variables, refused = application_variables(values)
    assert len(variables) + len(refused) <= len(values)
    for name, value in variables.items():
        assert "\n" not in assignment(name, value)
