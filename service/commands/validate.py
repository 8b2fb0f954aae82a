"""callflows validate: every fault of documents, each with its file and its path inside."""

from __future__ import annotations

import json
import sys

import click

from callflows.finding import Severity
from callflows.registry import discover
from service.document_findings import files_of, findings_of


@click.command(
    help="Check callflows, SWML, configuration, scripts of simulate; exit 1 when there is a fault."
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def COMMAND(paths: tuple[str, ...], *, as_json: bool) -> None:  # noqa: N802 - found by this name
    """Check files, and all *.json, *.yaml and *.yml below directories."""
    registry = discover()
    files = list(files_of(paths))
    known = {path.stem for path in files}
    faults = warnings = 0
    for path in files:
        for finding in findings_of(path, registry, known):
            is_fault = finding.severity is Severity.FAULT
            faults, warnings = faults + is_fault, warnings + (not is_fault)
            if as_json:
                line = {"file": str(path), "path": finding.path, "severity": finding.severity.value}
                click.echo(json.dumps({**line, "message": finding.message}))
            else:
                click.echo(
                    f"{path}: {finding.severity.value}: {finding.path or '(document)'}: {finding.message}"
                )
    if not as_json:
        click.echo(f"{len(files)} files, {faults} faults, {warnings} warnings")
    sys.exit(1 if faults else 0)
