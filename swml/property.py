"""A property of a method, and the two ways in which its values are read.

A schema is loaded twice. When the document is compiled, values stand there as written: of the type the
language's JSON schema demands, or a SWML variable (`${…}`, `%{…}`) in their place, and nested steps become
compiled ones. When the step is run, variables have become values, perhaps of a neighbouring type (a number
made of digits pressed), and are converted. Which of the two it is `reading` says.
Source: SignalWire's JSON schema of SWML (draft 2020-12), SWMLVar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, missing, post_load

from swml.value import is_variable

if TYPE_CHECKING:  # that names MethodData in turn
    from swml.document import Step

StepCompiler = Callable[[list[Any], str, frozenset[str]], "tuple[Step, ...]"]
"""Makes steps of a list as written, given its path in the step's properties, and the methods allowed there
(none: all). Faults of theirs it keeps to itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are read. `compile_steps`: of a document being compiled; None when a step is run."""

    compile_steps: StepCompiler | None = None

    @property
    def is_written(self) -> bool:
        """Whether values stand there as they were written."""
        return self.compile_steps is not None


RUNNING: Final = Reading()

reading: ContextVar[Reading] = ContextVar("swml_reading", default=RUNNING)
"""Set around a load, which never waits: each greenlet and each thread has its own."""

_place: ContextVar[str] = ContextVar("swml_place", default="")


def place() -> str:
    """Return the path, within the step's properties, of what is being read now."""
    return _place.get()


@contextmanager
def within(part: str | int) -> Iterator[None]:
    """Go down to a key or an index for a while."""
    above = _place.get()
    below = f"{above}[{part}]" if isinstance(part, int) else f"{above}.{part}" if above else part
    token = _place.set(below)
    try:
        yield
    finally:
        _place.reset(token)


@contextmanager
def compiling(compile_steps: StepCompiler) -> Iterator[None]:
    """Read values as they are written, for a while, from the top of a step's properties."""
    mode, top = reading.set(Reading(compile_steps)), _place.set("")
    try:
        yield
    finally:
        _place.reset(top)
        reading.reset(mode)


class MethodData(Schema):
    """The base of every method's schema; a property nobody knows is a fault.

    What is loaded is a mapping by the properties' names in documents, `from` and `else` among them.
    """

    class Meta:
        """As the language's JSON schema has it."""

        unknown = RAISE

    @post_load
    def _named(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        keys = {name: field.data_key for name, field in self.fields.items() if field.data_key}
        return {keys.get(name, name): value for name, value in data.items()}


class Property(fields.Field[Any]):
    """A property. Subclasses say what is accepted as written, and what a value at run time is made into.

    Attributes: kind: its type, for people; takes_variable: a SWML variable may stand in its place.
    """

    kind = "any"
    takes_variable = True

    def __init__(
        self,
        description: str = "",
        *,
        default: Any = None,
        required: bool = False,
        limits: str = "",
        name: str | None = None,
    ) -> None:
        """Args: limits: for people; name: in documents, where it cannot be the attribute's."""
        metadata = {"description": description, "limits": limits}
        if required:
            super().__init__(required=True, allow_none=False, data_key=name, metadata=metadata)
        else:
            super().__init__(load_default=default, allow_none=False, data_key=name, metadata=metadata)

    def written(self, value: Any) -> Any:
        """Check a value as written. Raises: ValidationError."""
        return value

    def given(self, value: Any) -> Any:
        """Convert a value at run time. Raises: ValidationError."""
        return self.written(value)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """Read one value; see the module."""
        if value is None and not reading.get().is_written:
            value = missing  # a variable that was not set
        if attr is None:
            return super().deserialize(value, attr, data, **kwargs)
        with within(attr):
            return super().deserialize(value, attr, data, **kwargs)

    def _deserialize(  # marshmallow's, and called by it
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Any:
        if not reading.get().is_written:
            return self.given(value)
        return value if self.takes_variable and is_variable(value) else self.written(value)


class Compiled(Property):
    """A property made of steps: what is compiled once comes to the method as it is."""

    takes_variable = False

    def given(self, value: Any) -> Any:
        """It is compiled already."""
        return value


def each(items: Mapping[Any, Any] | list[Any], read: Callable[[Any], Any]) -> list[tuple[Any, Any]]:
    """Read every item, below its key or index, and return (key, what came of it) in order.

    Raises: ValidationError: with all items' faults.
    """
    loaded: list[tuple[Any, Any]] = []
    faults: dict[Any, Any] = {}
    for key, item in items.items() if isinstance(items, Mapping) else enumerate(items):
        try:
            with within(key):
                loaded.append((key, read(item)))
        except ValidationError as exc:
            faults[key] = exc.messages
    if faults:
        raise ValidationError(faults)
    return loaded
