"""Steps within steps: lists of them, conditions, cases, and the choice among them when the script runs.

Source: SignalWire's JSON schema of SWML: CondParams, CondReg, CondElse, ExecuteSwitch, ConnectSwitch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from swml.property import Compiled, MethodData, Property, each, place, reading
from swml.value import as_text, is_variable

if TYPE_CHECKING:  # these name methods' schemas in turn
    from swml.document import Step
    from swml.run import ScriptRun


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `when`: JavaScript, None for an `else` alone."""

    when: str | None
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Branches:
    """Steps to choose from, in the form of `switch` or, where there are conditions, in that of `cond`.

    Attributes: variable: whose value chooses, "" for the value given; cases, default: of the switch.
    """

    variable: str = ""
    cases: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    default: tuple[Step, ...] = ()
    conditions: tuple[Condition, ...] = ()

    def __call__(self, run: ScriptRun, value: Any = None) -> tuple[Step, ...]:
        """Return the steps that are to be run. Args: value: what came out of the method.

        Raises: ScriptError: a condition cannot be evaluated.
        """
        if not self.conditions:
            chosen = value_named(run, self.variable) if self.variable else value
            return self.cases.get(as_text(chosen), self.default)
        for condition in self.conditions:
            if condition.when is None:
                return condition.otherwise
            if run.holds(condition.when):
                return condition.then
            if condition.otherwise:
                return condition.otherwise
        return ()


def value_named(run: ScriptRun, name: str) -> Any:
    """Return a variable's value, by its name or, as some write it, by `${name}`. Raises: ScriptError."""
    return run.expand(name) if is_variable(name) else run.variables.get(name)


class Steps(Compiled):
    """A list of steps; they come to the method compiled, and are expanded when they are run."""

    kind = "steps"

    def __init__(
        self,
        description: str = "",
        *,
        only: Iterable[str] = (),
        or_text: bool = False,
        required: bool = False,
        default: Any = (),
        name: str | None = None,
    ) -> None:
        """Args: only: the methods there may be, none: all; or_text: a string will do (a URL, a section)."""
        self.only, self.or_text = frozenset(only), or_text
        if or_text:
            self.kind = "string or steps"
        limits = ", ".join(sorted(self.only))
        super().__init__(description, default=default, required=required, limits=limits, name=name)

    def written(self, value: Any) -> Any:
        """Have them compiled; their faults are told by the compiler, each with its own place."""
        return value if self.or_text and isinstance(value, str) else _compile(value, self.only)


class Conditions(Compiled):
    """The list of `cond`: mappings with `when` and `then`, perhaps `else`, or with `else` alone."""

    kind = "conditions"

    def written(self, value: Any) -> Any:
        """Make Branches of it."""
        if not isinstance(value, list):
            raise ValidationError("must be a list of mappings with when and then, or else")
        return Branches(conditions=tuple(condition for _, condition in each(value, _condition)))


class Cases(Compiled):
    """The `case` of `switch`: steps by the value they are for."""

    kind = "cases"

    def written(self, value: Any) -> Any:
        """Have each case compiled."""
        if not isinstance(value, Mapping):
            raise ValidationError("must be a mapping of values to steps")
        return {str(key): steps for key, steps in each(value, _compile)}


class Result(Compiled):
    """What is to be run for what came out of a method: the form of `switch`, or that of `cond`."""

    kind = "switch or conditions"

    def __init__(
        self, description: str = "", *, needs_variable: bool = False, name: str | None = None
    ) -> None:
        """Args: needs_variable: `variable` must be there in the form of `switch`."""
        self.schema = _NamedSwitch() if needs_variable else _Switch()
        super().__init__(description, default=Branches, name=name)  # the class: marshmallow calls it

    def written(self, value: Any) -> Any:
        """Make Branches of it."""
        if not isinstance(value, Mapping):
            return Conditions().written(value)
        loaded = self.schema.load(dict(value))
        return Branches(loaded["variable"], loaded["case"], loaded["default"])


class _Expression(Property):
    """A text that is kept as it is: the name of a variable, or JavaScript."""

    takes_variable = False

    def written(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("must be a string")
        return value


class _When(MethodData):
    when = _Expression(required=True)
    then = Steps(required=True)
    otherwise = Steps(name="else")


class _Else(MethodData):
    otherwise = Steps(name="else", required=True)


class _Switch(MethodData):
    variable = _Expression(default="")
    case = Cases(required=True)
    default = Steps()


class _NamedSwitch(_Switch):
    variable = _Expression(required=True)


def _condition(item: Any) -> Condition:
    if not isinstance(item, Mapping):
        raise ValidationError("must be a mapping with when and then, or else")
    is_else = "else" in item and "when" not in item and "then" not in item
    loaded = (_Else() if is_else else _When()).load(dict(item))
    return Condition(loaded.get("when"), loaded.get("then", ()), loaded["else"])


def _compile(value: Any, only: frozenset[str] = frozenset()) -> tuple[Step, ...]:
    compiler = reading.get().compile_steps
    if not isinstance(value, list) or compiler is None:
        raise ValidationError("must be a list of steps")
    return compiler(value, place(), only)
