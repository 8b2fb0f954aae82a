"""Finds what is wrong in files of documents: callflows, SWML, configuration, scripts of `simulate` ..."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from callcontrol import connections
from callflows.action import Data
from callflows.finding import Finding, Severity, fault, join, warning
from callflows.policy_validation import policy_findings
from callflows.registry import Registry
from callflows.validation import validate_document
from config import catalogue, checking
from simulator.errors import ScriptError
from simulator.script import read_script
from storage import plan
from swml.finding import Finding as ScriptFinding
from swml.validation import validate as validate_script

ACCOUNT_PREFIX = "configs_"
SYSTEM_DATA = "system_data"  # storage plans
CONNECTION = connections.DOCUMENT_TYPE
WITH_POLICY = frozenset({"account", "user", "device"})
YAML = frozenset({".yaml", ".yml"})
KINDS = frozenset({".json", *YAML})


def files_of(paths: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files among the paths, and the JSON and YAML files below the directories, in order."""
    for text in paths:
        path = Path(text)
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.suffix in KINDS and one.is_file())
        else:
            yield path


def findings_of(path: Path, registry: Registry, known: set[str]) -> list[Finding]:
    """Return what is wrong with one file: a callflow, a system_config category, recording settings of an
    account, user or device, a storage plan, a connection, an SWML document (YAML, or with `sections`), a
    script of `simulate`; or that it is none.

    Args: known: ids of the callflows beside it, for references.
    """
    try:
        text = path.read_bytes()
        if path.suffix in YAML:
            return _of_script(text, "")
        document = json.loads(text.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        return [fault("", f"cannot be read: {exc}")]
    except (ValueError, RecursionError) as exc:
        return [fault("", f"is no JSON: {exc}")]
    if path.parent.name == "system_config" or (_type(document) == "config"):
        return _of_config(path.stem, document, is_account=False)
    if path.stem.startswith(ACCOUNT_PREFIX):
        return _of_config(path.stem.removeprefix(ACCOUNT_PREFIX), document, is_account=True)
    if _type(document) == "callflow" or (
        _type(document) == "" and isinstance(document, dict) and "flow" in document
    ):
        return validate_document(document, registry, known.__contains__, {"swml": script_findings})
    if _type(document) == "" and isinstance(document, dict) and "sections" in document:
        return _of_script(text, "")
    return _of_others(path, document)


def _of_others(path: Path, document: Any) -> list[Finding]:
    if _is_far_end(document):
        return _of_far_end(document)
    if not isinstance(document, dict):
        return [fault("", "is no JSON object")]
    if path.parent.name == SYSTEM_DATA:
        return [fault("", sentence) for sentence in plan.faults_of(document)]
    if _type(document) == CONNECTION:
        return [fault(path, sentence) for path, sentence in connections.faults_of(document)]
    return policy_findings(document) if _type(document) in WITH_POLICY else []


def _is_far_end(document: Any) -> bool:
    """Whether it is what a caller does: steps, each at a moment, or an object that has them."""
    if isinstance(document, dict):
        return _type(document) == "" and isinstance(document.get("steps"), list)
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(step, dict) and not {"at", "after"}.isdisjoint(step) for step in document)
    )


def _of_far_end(document: Any) -> list[Finding]:
    try:
        read_script(document)
    except ScriptError as exc:
        return [fault(*sentence.split(": ", 1)) for sentence in exc.faults]
    return []


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


def script_findings(data: Data, path: str) -> Iterator[Finding]:
    """Yield what is wrong with the SWML document in a node. Args: path: of the node's data."""
    document = data.get("document")
    if document is not None:
        text = document if isinstance(document, str) else json.dumps(document)
        yield from _of_script(text, join(path, "document"))


def _of_script(text: str | bytes, path: str) -> list[Finding]:
    return [_as_ours(finding, path) for finding in validate_script(text)]


def _as_ours(finding: ScriptFinding, path: str) -> Finding:
    severity = Severity.FAULT if finding.is_fault else Severity.WARNING
    return Finding(":".join(filter(None, (path, finding.where))), severity, finding.message)
