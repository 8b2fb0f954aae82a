"""Makes the table of commands for people; their parameters are in /openapi.json, and on /docs."""

from __future__ import annotations

from collections.abc import Mapping

from callcontrol.command import Command
from callcontrol.registry import discover


def control_table(commands: Mapping[str, Command] | None = None) -> str:
    """Return a Markdown table: one row for each command, with what a token needs and which webhooks follow."""
    lines = ["| command | does | scope | webhooks |", "|---|---|---|---|"]
    for name, command in (commands or discover()).items():
        webhooks = ", ".join(f"`{one}`" for one in command.webhooks)
        lines.append(f"| `{name}` | {command.summary} | {command.scope.value} | {webhooks} |")
    return "\n".join(lines) + "\n"
