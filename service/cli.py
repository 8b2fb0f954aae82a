"""The command `callflows`: finds its commands by file and turns our errors into exit codes.

A command is one file in service/commands/ with a click command named COMMAND; it is imported only when
it is called (or help lists it), so that `callflows dialplan` need not load an audio library.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from config.discovery import modules_of
from config.errors import CallflowsError
from config.logging import configure
from config.sections import LogFormat, LogLevel
from service import commands


class CommandsByFile(click.Group):
    """A click group whose members are the modules of service.commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names, sorted."""
        del ctx
        return sorted(name.replace("_", "-") for name in modules_of(commands))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None when there is no such file."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"service.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.COMMAND
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours is one line on standard error and exit code 1."""
        try:
            return super().invoke(ctx)
        except CallflowsError as exc:
            raise click.ClickException(str(exc)) from exc


@click.command(cls=CommandsByFile, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="callflows")
def cli() -> None:
    """A callflow engine beside FreeSWITCH that records calls and never loses a recording.

    Exit codes: 0 fine, 1 findings or failure, 2 usage.
    """
    configure(LogLevel.WARNING, LogFormat.CONSOLE, sys.stderr)
