"""callflows validate: every fault of documents, each with its file and its path inside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from callflows.finding import Finding, Severity, fault, warning
from callflows.policy_validation import policy_findings
from callflows.registry import Registry, discover
from callflows.validation import validate_document
from config import catalogue, checking
from storage import plan

ACCOUNT_PREFIX = "configs_"
SYSTEM_DATA = "system_data"  # storage plans
WITH_POLICY = frozenset({"account", "user", "device"})


def files_of(paths: tuple[str, ...]) -> Iterator[Path]:
    """Yield the JSON files among the paths and below the directories among them, in order."""
    for text in paths:
        path = Path(text)
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*.json") if one.is_file())
        else:
            yield path


def findings_of(path: Path, registry: Registry, known: set[str]) -> list[Finding]:
    """Return what is wrong with one file: a callflow, a system_config category, recording settings of an
    account, user or device, a storage plan; or that it is no JSON document.

    Args: known: ids of the callflows beside it, for references.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        return [fault("", f"cannot be read: {exc}")]
    except (json.JSONDecodeError, RecursionError) as exc:
        return [fault("", f"is no JSON: {exc}")]
    if path.parent.name == "system_config" or (_type(document) == "config"):
        return _of_config(path.stem, document, is_account=False)
    if path.stem.startswith(ACCOUNT_PREFIX):
        return _of_config(path.stem.removeprefix(ACCOUNT_PREFIX), document, is_account=True)
    if _type(document) == "callflow" or (
        _type(document) == "" and isinstance(document, dict) and "flow" in document
    ):
        return validate_document(document, registry, known.__contains__)
    return _of_others(path, document)


def _of_others(path: Path, document: Any) -> list[Finding]:
    if not isinstance(document, dict):
        return [fault("", "is no JSON object")]
    if path.parent.name == SYSTEM_DATA:
        return [fault("", sentence) for sentence in plan.faults_of(document)]
    return policy_findings(document) if _type(document) in WITH_POLICY else []


def _type(document: Any) -> str:
    return str(document.get("pvt_type", "")) if isinstance(document, dict) else ""


def _of_config(name: str, document: Any, *, is_account: bool) -> list[Finding]:
    if not isinstance(document, dict):
        return [fault("", "is no JSON object")]
    categories = catalogue.discover()
    if name not in categories.names():
        return [warning("", f"{name} is no category this engine reads")]
    check = checking.check_account_document if is_account else checking.check_document
    return [
        Finding(one.path, Severity.FAULT if one.is_fault else Severity.WARNING, one.message)
        for one in check(categories.category(name), document)
    ]


@click.command(help="Check callflows and configuration documents; exit 1 when there is a fault.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def COMMAND(paths: tuple[str, ...], *, as_json: bool) -> None:  # noqa: N802 - found by this name
    """Check files, and all *.json below directories."""
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
