"""One declaration per setting: its kind, default and reason, from which everything else is derived.

A section is a frozen dataclass whose fields are made by `setting`. Validation, the name of the environment
variable, the reference table and the sample file all read these declarations; nothing is said twice.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from config.kinds import Kind

T = TypeVar("T")

ENVIRONMENT_PREFIX = "CALLFLOWS_"
FILE_SUFFIX = "_FILE"
"""`CALLFLOWS_<SECTION>_<KEY>_FILE` names a file that holds the value, as Docker hands secrets over."""

_DECLARATION = "callflows.setting"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a field of a section was declared with.

    Attributes: default: as TOML would give it; doc: sentences for the operator, the reason of the default
    and of the limits among them; secret: never shown.
    """

    kind: Kind[Any]
    default: str | float | tuple[str, ...]
    doc: str
    secret: bool


@dataclass(frozen=True, slots=True)
class SettingKey:
    """One setting by its place: `[section] name`."""

    section: str
    name: str
    declared: Declaration

    @property
    def dotted(self) -> str:
        """`section.name`, as messages and the reference call it."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return f"{ENVIRONMENT_PREFIX}{self.section.upper()}_{self.name.upper()}"


def setting(kind: Kind[T], default: str | float | tuple[str, ...], *, doc: str, secret: bool = False) -> T:
    """Declare a field of a section; its annotation must be what `kind` makes of the default."""
    raw = list(default) if isinstance(default, tuple) else default
    field: Any = dataclasses.field(
        default=kind.from_toml(raw),
        repr=not secret,
        metadata={_DECLARATION: Declaration(kind, default, doc, secret)},
    )
    return cast("T", field)


@cache
def declared_keys(settings_type: type) -> tuple[SettingKey, ...]:
    """Return every key of a dataclass of sections, in the order of their declaration."""
    return tuple(
        SettingKey(section.name, field.name, field.metadata[_DECLARATION])
        for section in dataclasses.fields(settings_type)
        for field in dataclasses.fields(cast("type", section.default_factory))
    )


def section_doc(settings_type: type, section: str) -> str:
    """Return the first sentence of a section's docstring."""
    field = next(each for each in dataclasses.fields(settings_type) if each.name == section)
    return (cast("type", field.default_factory).__doc__ or "").strip().splitlines()[0]
