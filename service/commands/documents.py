"""callflows documents: copies documents and media between the store and a directory of JSON files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from service.options import load_settings, settings_option
from storage.open_store import open_store
from storage.transfer import TransferReport, export, import_

Transfer = Callable[..., TransferReport]


@click.group(help="Import and export documents and their media.")
def COMMAND() -> None:  # noqa: N802 - found by this name
    """Documents of the store."""


def _transfer(
    transfer: Transfer, settings_file: str | None, directory: str, databases: tuple[str, ...]
) -> None:
    store = open_store(load_settings(settings_file).documents.url, cache=False)
    try:
        report = transfer(store, Path(directory), databases or None)
    finally:
        store.close()
    for fault in report.faults:
        click.echo(fault, err=True)
    click.echo(
        f"{report.databases} databases: {report.created} documents created, {report.updated} updated, "
        f"{report.unchanged} unchanged, {report.media} media copied, {report.fault_count} faults"
    )
    sys.exit(1 if report.fault_count else 0)


def _with_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--database", "databases", multiple=True, help="Only this one (slash form); may be repeated."
    )(command)
    command = click.argument("directory", type=click.Path(file_okay=False))(command)
    return settings_option(command)


@COMMAND.command("export")
@_with_arguments
def export_(settings_file: str | None, directory: str, databases: tuple[str, ...]) -> None:
    """Copy from the store into DIRECTORY; what is there already and unchanged is skipped."""
    _transfer(export, settings_file, directory, databases)


@COMMAND.command("import")
@_with_arguments
def import_command(settings_file: str | None, directory: str, databases: tuple[str, ...]) -> None:
    """Copy from DIRECTORY into the store; what the store has beyond it stays."""
    if not Path(directory).is_dir():
        raise click.UsageError(f"{directory}: no such directory")
    _transfer(import_, settings_file, directory, databases)
