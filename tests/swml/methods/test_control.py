"""Methods that set variables and choose among steps; where scripts go is the interpreter's tests' affair."""

from __future__ import annotations

from typing import Any

import pytest

from tests.swml.scripts import Scripts, main


def test_set_sees_what_it_has_set(scripts: Scripts) -> None:
    """One after the other; keys may be paths, and may have variables in them."""
    document = main(
        "set: {unit_price: 5, quantity: '3', subtotal: '${vars.unit_price * parseInt(vars.quantity)}'}",
        "set: {tax: '${subtotal * 0.1}', total: '${subtotal + tax}'}",
        "set: {'order.items[0]': x, 'n_${quantity}': {deep: ['${total}']}}",
        "return: ['${total}', '${order}', '${n_3.deep[0]}']",
    )
    assert scripts.value(document) == [16.5, {"items": ["x"]}, 16.5]


def test_unset_removes_one_or_several(scripts: Scripts) -> None:
    """What is not there is removed already."""
    document = main(
        "set: {a: 1, b: 2, c: {d: 3, e: 4}}", "unset: a", "unset: [b, c.d, nothing]", "return: '${vars}'"
    )
    assert scripts.value(document) == {"c": {"e": 4}}


@pytest.mark.parametrize(
    ("value", "chosen"), [("5", "five"), ("'5'", "five"), ("true", "yes"), ("x", "other"), ("[1]", "list")]
)
def test_switch_chooses_by_what_the_value_looks_like(scripts: Scripts, value: str, chosen: str) -> None:
    """Numbers and truths as they are written; cases in YAML, too."""
    cases = "5: [{set: {r: five}}], true: [{set: {r: yes}}], '[1]': [{set: {r: list}}]"
    document = main(
        f"set: {{v: {value}}}",
        f"switch: {{variable: v, case: {{{cases}}}, default: [{{set: {{r: other}}}}]}}",
        "return: '${r}'",
    )
    expected: Any = True if chosen == "yes" else chosen
    assert scripts.value(document) == expected


def test_switch_takes_a_variable_in_braces(scripts: Scripts) -> None:
    """As some write it; and a default with nothing in it is one."""
    document = main(
        "set: {v: a}",
        "switch: {variable: '${v}', case: {a: [{set: {r: 1}}]}}",
        "switch: {variable: v, case: {}, default: []}",
        "return: '${r}'",
    )
    assert scripts.value(document) == 1


@pytest.mark.parametrize(("n", "chosen"), [(1, "first"), (2, "second"), (3, "else"), (4, "third")])
def test_cond_runs_the_first_that_holds(scripts: Scripts, n: int, chosen: str) -> None:
    """An else beside a when ends the search; one alone is for the rest."""
    document = f"""
    sections:
      main:
        - set: {{n: {n}}}
        - cond:
            - {{when: n == 1, then: [{{return: first}}]}}
            - {{when: n == 2, then: [{{return: second}}]}}
            - {{when: n == 4, then: [{{return: third}}], else: [{{return: else}}]}}
            - {{when: 'true', then: [{{return: never}}]}}
        - return: after
    """
    assert scripts.value(document) == chosen


def test_cond_without_a_match_goes_on(scripts: Scripts) -> None:
    """There need not be an else."""
    assert scripts.value(main("cond: [{when: 'false', then: [{return: 1}]}]", "return: 2")) == 2
    assert scripts.value(main("cond: []", "return: 2")) == 2


def test_if_goes_either_way(scripts: Scripts) -> None:
    """With an else or without."""
    document = main("if: {when: 'params.x', then: [{return: yes}], else: [{return: no}]}")
    assert [scripts.value(document, params={"x": x}) for x in (1, 0)] == [True, False]
    assert scripts.value(main("if: {when: '0', then: [{return: 1}]}", "return: 2")) == 2
