"""Makes the table of methods and their properties for people, out of the methods' own schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, missing

from swml.compiling import schema_of
from swml.method import Method
from swml.properties import Many, Part
from swml.property import MethodData
from swml.registry import Registry, all_methods


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One row. Attributes: property: "" in the row of the method itself, where `description` is its summary,
    `support` how much of it there is, and `limits` what not; else of a property, dotted within others.
    """

    method: str
    property: str
    type: str
    default: str
    limits: str
    support: str
    description: str


COLUMNS = ("method", "property", "type", "default", "limits", "")


def method_table(registry: Registry | None = None) -> str:
    """Return a Markdown table of all methods: how much of each there is here, then its properties."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    lines += [_line(row) for row in method_rows(registry)]
    return "\n".join(lines) + "\n"


def _line(row: MethodRow) -> str:
    if row.property:
        name = row.property if row.property.startswith("(") else f"`{row.property}`"
        cells = ("", name, row.type, row.default, row.limits, row.description)
    else:
        told = f"{row.description} **{row.support}**" + (f": {row.limits}" if row.limits else "")
        cells = (f"**{row.method}**", "", "", "", "", told)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def method_rows(registry: Registry | None = None) -> list[MethodRow]:
    """Return all rows: each method, in the order of names, with its properties after it."""
    return [row for name, method in registry or all_methods() for row in _rows(name, method)]


def _rows(name: str, method: Method) -> Iterator[MethodRow]:
    yield MethodRow(name, "", "", "", method.limits, method.support.value, method.summary)
    for path, field in _fields(schema_of(method), ""):
        shown = "(its value)" if path == method.sole else path
        yield MethodRow(name, shown, kind_of(field), _default(field), _limits(field), "", _description(field))


def _fields(schema: MethodData, above: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    for attribute, field in schema.fields.items():
        key = field.data_key or attribute
        yield above + key, field
        inner, way = field, key
        while isinstance(inner, Many):
            inner, way = inner.inner, f"{way}[]"
        if isinstance(inner, Part):
            yield from _fields(inner.schema, f"{above}{way}.")


def kind_of(field: fields.Field[Any]) -> str:
    """Return the type of a property, for people."""
    if isinstance(field, Many):
        item = kind_of(field.inner)
        return f"{item} or {item}[]" if field.or_one else f"{item}[]"
    return str(getattr(field, "kind", "any"))


def _default(field: fields.Field[Any]) -> str:
    if field.required:
        return "(required)"
    value = field.load_default
    if value in (None, "", missing) or callable(value) or not isinstance(value, str | int | float | list):
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _limits(field: fields.Field[Any]) -> str:
    return str(field.metadata.get("limits", ""))


def _description(field: fields.Field[Any]) -> str:
    return str(field.metadata.get("description", ""))
