"""What a method is, and the ways in which it hands the call back to the interpreter.

A method's file holds a schema, a function and `METHOD`, which joins them; see swml/methods. The file bears
the method's name (a trailing underscore where that is a Python keyword, as `return_`). The function is given
properties that are loaded and whose expressions are expanded; it returns where to go, None to go on.
Source: SignalWire's SWML reference, one page a method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # these name Method and Outcome in turn
    from swml.document import Step
    from swml.properties import MethodData
    from swml.run import ScriptRun

Data = Mapping[str, Any]
"""A method's properties as its schema loaded them, by their names in the document; only read."""


class Way(Enum):
    """The kinds of outcome."""

    NEXT = auto()  # the step that follows
    INLINE = auto()  # `steps` first, then the step that follows
    GOTO = auto()  # the label `dest` of this section
    EXECUTE = auto()  # the section, or the document at the URL, `dest`; then the step that follows
    TRANSFER = auto()  # the same, instead of all that is left here
    RETURN = auto()  # back to who executed this section, with `value`
    END = auto()  # the script is over; the call is hung up unless others have it
    LEFT = auto()  # the channel goes elsewhere: leave it alone


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome.

    Attributes: dest, params, meta: of EXECUTE and TRANSFER; steps: of INLINE; value: of RETURN; on_return:
    called with the value that comes back from EXECUTE, and returns the steps to run then; cause: FreeSWITCH's
    hangup cause, of END, "" for the usual one; limit: how many times a GOTO may jump, while its section runs.
    """

    way: Way
    dest: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    value: Any = None
    on_return: Callable[[Any], tuple[Step, ...]] | None = None
    cause: str = ""
    limit: int = 0


NEXT = Outcome(Way.NEXT)
END = Outcome(Way.END)
LEFT = Outcome(Way.LEFT)


def inline(steps: tuple[Step, ...]) -> Outcome:
    """Run these steps, then go on."""
    return Outcome(Way.INLINE, steps=steps) if steps else NEXT


class Support(StrEnum):
    """How much of a method there is here."""

    WHOLE = "yes"
    PARTLY = "in part"  # `limits` says what not
    CLOUD = "no"  # needs the maker's cloud: it ends the document with an error that names it


@dataclass(frozen=True, slots=True)
class Names:
    """What a step may name. Attributes: labels: it can go to; sections: of its document; faults_in: tells
    what is wrong with a document written within it, "" for nothing.
    """

    labels: frozenset[str]
    sections: frozenset[str]
    faults_in: Callable[[str], str] = lambda _source: ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a method finds wrong with its own step. `path`: the property; `code`: see Finding."""

    path: str
    message: str
    is_fault: bool = True
    code: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Attributes:
        schema: of its properties (swml.properties). run: see the module; blocks as long as the method does.
        summary: one line for people. bare: the property that a value which is no mapping stands for
        (`sleep: 500`), "" where there is none. support, limits: see Support; limits is one line for people.
        keeps: properties handed over as they stand, expressions and all (`when`); nested steps always are.
        sole: the property that whatever is written stands for, a mapping too (`return`, `set`).
        check: given the properties as written, yields what is wrong with them beside their types.
    """

    schema: type[MethodData]
    run: Callable[[ScriptRun, Data], Outcome | None]
    summary: str
    bare: str = ""
    support: Support = Support.WHOLE
    limits: str = ""
    keeps: frozenset[str] = frozenset()
    sole: str = ""
    check: Callable[[Data, Names], Iterable[Fault]] | None = None
