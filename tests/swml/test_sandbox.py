"""JavaScript is evaluated somewhere else, and whatever it does, the answer comes in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from swml.errors import ExpressionFailed
from swml.sandbox import DEADLINE_S, Sandbox
from tests.waiting import eventually

SPINNING_S = 1.5
"""Well above the processor time an expression has, and below the deadline."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Two processes at most."""
    sandbox = Sandbox(workers=2)
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 1", 2),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("'a' + x", "a5"),
        ("undefined", None),
        ("null", None),
        ("true && x", 5),
        ("({a: [x, null, undefined], b: undefined})", {"a": [5, None, None]}),
        ("{a: 1}", {"a": 1}),
        ("[1, 2] // a comment", [1, 2]),
        ("0 / 0", "NaN"),
        ("10n ** 20n", "100000000000000000000"),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("let y = x; y * 2", 10),
        ("[1, 2, 3].reduce((a, b) => a + b, 0)", 6),
        ("'\\ud83d\\ude00'", "😀"),
        ("'\\ud83d'", "\N{REPLACEMENT CHARACTER}"),
        ("JSON = Object = String = null, {a: 1}", {"a": 1}),
        ("missing === undefined", True),
        ("typeof Math", "object"),
    ],
)
def test_values_come_back_as_they_are(sandbox: Sandbox, code: str, value: Any) -> None:
    """What JSON has, as JSON has it; the rest as texts; half characters as none."""
    assert sandbox.evaluate(code, {"x": 5}, unset=["missing", "Math"]) == value


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("for (;;) {}", "InternalError: interrupted"),
        ("(function f() { f() })()", "stack overflow"),
        ("'x'.repeat(1e9)", "out of memory"),
        ("new Array(1e9).fill(0)", "out of memory"),
        ("'x'.repeat(2e6)", "the value is too large"),
        ("throw new Error('no')", "Error: no"),
        ("a.b", "ReferenceError: 'a' is not defined"),
        ("}", "SyntaxError"),
        ("Symbol()", "a symbol is no value"),
        ("() => 1", "a function is no value"),
        ("let o = {}; o.o = o; o", "circular"),
        ("({toJSON() { for (;;) {} }})", "interrupted"),
        ("({toString() { throw 1 }}) + ''", "1"),
    ],
)
def test_what_cannot_be_a_value_fails(sandbox: Sandbox, code: str, told: str) -> None:
    """With JavaScript's own word for it; and the next expression fares better."""
    with pytest.raises(ExpressionFailed) as failed:
        sandbox.evaluate(code, {})
    assert told in str(failed.value)
    assert sandbox.evaluate("1", {}) == 1


def test_a_regular_expression_that_spins_is_killed(sandbox: Sandbox) -> None:
    """QuickJS never interrupts one; the kernel does."""
    sandbox.evaluate("1", {})
    began_s = time.monotonic()
    with pytest.raises(ExpressionFailed, match="took too long or too much"):
        sandbox.evaluate("/(a+)+$/.test('a'.repeat(50) + 'b')", {})
    assert time.monotonic() - began_s < DEADLINE_S + SPINNING_S
    assert sandbox.evaluate("2", {}) == 2


def test_nothing_is_left_of_an_expression(sandbox: Sandbox) -> None:
    """Each begins in a fresh world."""
    sandbox.evaluate("globalThis.left = 1; Array.prototype.left = 2; 0", {})
    assert sandbox.evaluate("typeof left + [].left", {}) == "undefinedundefined"


def test_the_hub_goes_on_while_an_expression_spins(sandbox: Sandbox) -> None:
    """Calls do not hear of it."""
    sandbox.evaluate("1", {})
    longest_s = 0.0

    def watch() -> None:
        nonlocal longest_s
        while True:
            before_s = time.monotonic()
            gevent.sleep(0.005)
            longest_s = max(longest_s, time.monotonic() - before_s)

    watching = gevent.spawn(watch)
    gevent.sleep(0)
    with pytest.raises(ExpressionFailed):
        sandbox.evaluate("for (;;) {}", {})
    watching.kill()
    assert longest_s < 0.1  # it spins for 0.15 s


def test_expressions_of_several_calls_take_turns(sandbox: Sandbox) -> None:
    """There are fewer processes than calls."""
    asked = [gevent.spawn(sandbox.evaluate, f"{number} * 2", {}) for number in range(20)]
    assert [each.get(timeout=10) for each in asked] == [number * 2 for number in range(20)]


def test_a_call_that_is_killed_leaves_no_half_an_answer(sandbox: Sandbox) -> None:
    """The next to ask is not given it."""
    sandbox.evaluate("1", {})
    asking = gevent.spawn(sandbox.evaluate, "for (;;) {}", {})
    eventually(lambda: not sandbox._idle, what="that a process has it")
    asking.kill()
    assert sandbox.evaluate("'mine'", {}) == "mine"


def test_truth_is_javascripts(sandbox: Sandbox) -> None:
    """An empty list is true, an empty text is not."""
    cases = {"[]": True, "({})": True, "''": False, "0": False, "'0'": True, "NaN": False, "null": False}
    assert {code: sandbox.evaluate(code, {}, truth=True) for code in cases} == cases


def test_the_process_is_given_nothing_of_ours(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither environment nor open files; and it is gone when it is told to go."""
    monkeypatch.setenv("CALLFLOWS_DOCUMENTS_PASSWORD", "secret")
    sandbox.evaluate("1", {})
    (worker,) = sandbox._idle
    process = Path(f"/proc/{worker._pid}")
    assert b"secret" not in (process / "environ").read_bytes()
    assert sorted(file.name for file in (process / "fd").iterdir()) == ["0", "1", "2"]
    sandbox.close()
    assert not process.exists()
