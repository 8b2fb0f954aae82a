"""Expands `${…}` and `%{…}` in properties, and evaluates conditions.

A placeholder that is a plain path is looked up here; everything else is JavaScript, evaluated in the
sandbox. Both see `call`, `params`, `vars` and `envs`, and what is in `vars`, `envs` and `call` by bare names,
in this order. What is not set is "" in a text and undefined in JavaScript, whatever it is called: a script
that asks about a key that was not pressed does not fail.
Source: SignalWire's SWML reference, Variables, Expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from swml.errors import ExpressionFailed, LimitReached
from swml.placeholder import Placeholder, condition, parts_of
from swml.sandbox import Sandbox, shared
from swml.value import as_text
from swml.variables import Variables, parse_path

MAX_LENGTH: Final = 4096
"""Of an expression; the language asks for less than 1024."""

MAX_TEXT: Final = 100_000
"""Of a text that was expanded: no prompt, URL or request body of a script is longer."""

MAX_PLACEHOLDERS: Final = 1000
"""In one step's properties."""

_WORDS: Final = frozenset({"true", "false", "null", "undefined", "NaN", "Infinity", "this"})
_IDENTIFIER = re.compile(r"(?<![\w$.])[A-Za-z_$][\w$]*")
_DYNAMIC = re.compile(r"\\|\beval\b|\bthis\b|\bglobalThis\b|\bFunction\b|\bconstructor\b")


class Expressions:
    """Expands and evaluates. Args: sandbox: the engine's own when absent."""

    __slots__ = ("_sandbox",)

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox

    def expand(self, value: Any, variables: Variables) -> Any:
        """Return a value with everything in it expanded; keys of mappings too.

        A text that is one placeholder and nothing else becomes what that stands for, of whatever type.
        Raises: ExpressionFailed, LimitReached.
        """
        return _Expansion(self, variables).expand(value)

    def holds(self, code: str, variables: Variables) -> bool:
        """Whether a condition is true, as JavaScript has it. Raises: ExpressionFailed."""
        code = condition(code, lambda inner: as_text(self.value_of(inner, variables)))
        parts = parse_path(code.strip())
        if parts is not None and parts[0] not in _WORDS:
            value = variables.look_up(parts, _ABSENT)
            if value is not _ABSENT:  # else it may be a property that only JavaScript knows (`items.length`)
                return _is_true(value)
        return bool(self._evaluate(code, variables, truth=True))

    def value_of(self, code: str, variables: Variables) -> Any:
        """Return what the code of a placeholder stands for. Raises: ExpressionFailed."""
        parts = parse_path(code)
        if parts is not None and parts[0] not in _WORDS:
            return variables.look_up(parts, "")
        return self._evaluate(code, variables) if code else ""

    def _evaluate(self, code: str, variables: Variables, *, truth: bool = False) -> Any:
        if len(code) > MAX_LENGTH:
            raise ExpressionFailed(f"longer than {MAX_LENGTH} characters: {_shown(code)}")
        sandbox = self._sandbox or shared()
        names, unset = _globals(code, variables)
        try:
            return sandbox.evaluate(code, names, unset=unset, truth=truth)
        except ExpressionFailed as exc:
            raise ExpressionFailed(f"{exc.message}, in {_shown(code)}") from exc


class _Expansion:
    """Of one value. Counts what it does."""

    def __init__(self, expressions: Expressions, variables: Variables) -> None:
        self._expressions = expressions
        self._variables = variables
        self._left = MAX_PLACEHOLDERS

    def expand(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._key(key): self.expand(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.expand(item) for item in value]
        return value  # numbers, and steps, which are expanded when they are run

    def _key(self, key: Any) -> Any:
        return as_text(self._text(key)) if isinstance(key, str) else key

    def _text(self, text: str) -> Any:
        if "{" not in text:
            return text
        parts = parts_of(text)
        if len(parts) == 1 and isinstance(parts[0], Placeholder):
            return self._value(parts[0])
        expanded = "".join(part if isinstance(part, str) else as_text(self._value(part)) for part in parts)
        if len(expanded) > MAX_TEXT:
            raise LimitReached(f"a text of more than {MAX_TEXT} characters comes of {_shown(text)}")
        return expanded

    def _value(self, placeholder: Placeholder) -> Any:
        self._left -= 1
        if self._left < 0:
            raise LimitReached(f"more than {MAX_PLACEHOLDERS} variables and expressions in one step")
        return self._expressions.value_of(placeholder.code, self._variables)


def _globals(code: str, variables: Variables) -> tuple[dict[str, Any], set[str]]:
    """Return what an expression sees of what it names (all, if that cannot be told), and the names unset."""
    named = set(_IDENTIFIER.findall(code))
    all_of_it = _DYNAMIC.search(code) is not None
    seen: dict[str, Any] = {}
    for scope in (variables.call, variables.envs, variables.vars, variables.scopes()):
        seen.update(scope if all_of_it else {name: scope[name] for name in named & scope.keys()})
    return seen, named - seen.keys()


_ABSENT: Final = object()


def _is_true(value: Any) -> bool:
    """Whether JavaScript takes a value for true: empty lists and mappings are."""
    return isinstance(value, dict | list) or bool(value)


def _shown(code: str) -> str:
    line = " ".join(code.split())
    return repr(line if len(line) <= 80 else line[:77] + "...")
