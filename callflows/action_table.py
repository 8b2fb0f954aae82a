"""Makes the table of actions and their parameters for people, out of the actions' own schemas."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import fields, missing, validate

from callflows.action import ActionData
from callflows.document import schema_of
from callflows.registry import Registry, discover

TYPES: dict[type[fields.Field[Any]], str] = {
    fields.Boolean: "boolean",
    fields.Integer: "integer",
    fields.String: "string",
    fields.List: "array",
    fields.Dict: "object",
    fields.Function: "string or array",
    fields.Raw: "string or object",
}

COMMON = frozenset(ActionData().fields)
"""What every action takes; told once."""


def action_table(registry: Registry | None = None) -> str:
    """Return a Markdown table: one row per action, then one per parameter of its data."""
    lines = ["| action | parameter | type | default | limits | |", "|---|---|---|---|---|---|"]
    for name, action in registry or discover():
        lines.append(f"| **{name}** | | | | | {_cell(action.summary)} |")
        for attribute, field in schema_of(action).fields.items():
            if attribute not in COMMON:
                lines.append(_row(field.data_key or attribute, field))
    lines.append("")
    lines.append(
        "Every action also takes `skip_module` (boolean): the node is passed over, its `_` runs; and"
    )
    lines.append(
        "`sensitive` (boolean, not Kazoo's): recordings of the call hold silence while the node runs."
    )
    return "\n".join(lines) + "\n"


def _row(key: str, field: fields.Field[Any]) -> str:
    description = str(field.metadata.get("description", ""))
    cells = (f"`{key}`", _type(field), _default(field), limits_of(field), description)
    return "| | " + " | ".join(map(_cell, cells)) + " |"


def _type(field: fields.Field[Any]) -> str:
    for kind, name in TYPES.items():
        if isinstance(field, kind):
            return name
    return "any"


def _default(field: fields.Field[Any]) -> str:
    """What holds when the key is absent; Kazoo's published default where the configuration decides."""
    shown = field.metadata.get("default", missing)
    if shown is missing:
        shown = field.load_default
    if shown is missing:
        return "(required)"
    if shown is None or shown == "" or callable(shown):
        return "(required)" if field.required else ""
    text = shown if isinstance(shown, str) else json.dumps(shown)
    return f"{text} (required)" if field.required else text


def limits_of(field: fields.Field[Any]) -> str:
    """Return the limits of a field's values as text, "" for none."""
    told: list[str] = []
    if "limits" in field.metadata:
        told.append("{}..{}".format(*field.metadata["limits"]))
    for check in field.validators:
        if isinstance(check, validate.OneOf):
            told.append(" \\| ".join(map(str, check.choices)))
        elif isinstance(check, validate.Range):
            told.append(f"{'' if check.min is None else check.min}..{'' if check.max is None else check.max}")
        elif isinstance(check, validate.Length):
            told.append(f"{check.min or 0}..{'' if check.max is None else check.max} characters")
    return ", ".join(told)


def _cell(text: str) -> str:
    return text.replace("\n", " ")
