"""Makes the tables of commands for people; their parameters are in /openapi.json, and on /docs."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema

from callcontrol.command import Command
from callcontrol.dial import DialData
from callcontrol.registry import discover
from callcontrol.unused import unused_of


def unused_table(commands: Mapping[str, Command] | None = None) -> str:
    """Return a Markdown table of the parameters that are accepted and do nothing, and whose they are."""
    schemas: dict[str, type[Schema]] = {"dial": DialData}
    schemas |= {name: command.schema for name, command in (commands or discover()).items()}
    found: dict[str, list[str]] = {}
    for command_name, schema in schemas.items():
        for name in unused_of(schema):
            found.setdefault(name, []).append(command_name)
    lines = ["| parameter | of |", "|---|---|"]
    lines += [f"| `{name}` | {', '.join(found[name])} |" for name in sorted(found)]
    return "\n".join(lines) + "\n"


def control_table(commands: Mapping[str, Command] | None = None) -> str:
    """Return a Markdown table: one row for each command, with its scope and the webhooks that follow."""
    lines = ["| command | does | scope | webhooks |", "|---|---|---|---|"]
    for name, command in (commands or discover()).items():
        webhooks = ", ".join(f"`{one}`" for one in command.webhooks)
        lines.append(f"| `{name}` | {command.summary} | {command.scope.value} | {webhooks} |")
    return "\n".join(lines) + "\n"
