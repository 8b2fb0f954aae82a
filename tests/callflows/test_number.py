"""Dialled numbers in the form callflows have them in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflows.number import normalise
from config.categories.number_manager import E164_CONVERTERS
from tests.calls.test_variables import JSON


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("3035551212", "+13035551212"),
        ("13035551212", "+13035551212"),
        ("+13035551212", "+13035551212"),
        ("+49301234567", "+49301234567"),
        ("01149301234567", "+49301234567"),
        ("0049301234567", "+49301234567"),
        ("49301234567", "+49301234567"),
        ("1000", "1000"),
        ("*97", "*97"),
        ("ada", "ada"),
        ("", ""),
    ],
)
def test_public_numbers_become_e164_and_others_stay(number: str, expected: str) -> None:
    """With the converters Kazoo has by default."""
    assert normalise(number, None, E164_CONVERTERS) == expected


def test_the_accounts_dial_plan_comes_first() -> None:
    """Seven digits are local to whoever dials them."""
    plan = {r"^(\d{7})$": {"prefix": "303"}, "note": "not a rule"}
    assert normalise("5551212", plan, E164_CONVERTERS) == "+13035551212"


@pytest.mark.parametrize("rules", [None, [], "x", {"(": {"prefix": "1"}}, {"^1": "x"}, {"^1": {"prefix": 5}}])
def test_rules_that_are_none_change_nothing(rules: Any) -> None:
    """A fault in configuration costs its own rule only."""
    assert normalise("100", rules, rules) in ("100", "1")


@given(st.text(max_size=40), JSON, JSON)
def test_any_number_and_any_rules_give_a_number(number: str, plan: Any, converters: Any) -> None:
    """Nothing a document holds makes it fail."""
    assert isinstance(normalise(number, plan, converters), str)
