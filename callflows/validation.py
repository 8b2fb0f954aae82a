"""Finds everything that is wrong or doubtful in a callflow document, each with its path.

What compiling a document finds (callflows.document) is completed by what only matters to whoever writes
it: the document's own fields, children that no action ever goes to, callflows that are not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields, validate

from callflows.action import Data
from callflows.document import Flow, Node, compile_flow
from callflows.errors import InvalidFlow
from callflows.finding import Finding, Severity, fault, join, warning
from callflows.lookup import compile_regex
from callflows.registry import Registry, discover

ProgramFindings = Callable[[Data, str], Iterable[Finding]]
"""Takes a node's data and its path in the document; yields what is wrong with the program in it."""

MAX_FINDINGS = 1000
"""Nobody reads more; a document that has more is no callflow."""


class _FeatureCode(Schema):
    class Meta:
        unknown = INCLUDE

    name = fields.String(validate=validate.Length(min=1, max=128))
    number = fields.String(validate=validate.Length(min=1, max=30))


class _Ringback(Schema):
    class Meta:
        unknown = INCLUDE

    early = fields.String()
    transfer = fields.String()


class _Document(Schema):
    """A callflow document around its flow. Source: Kazoo schema callflows."""

    class Meta:
        unknown = INCLUDE

    name = fields.String()
    numbers = fields.List(fields.String(validate=validate.Length(min=1, max=36)))
    patterns = fields.List(fields.String(validate=validate.Length(min=1)))
    flags = fields.List(fields.String())
    featurecode = fields.Nested(_FeatureCode)
    metaflow = fields.Dict()
    ringback = fields.Nested(_Ringback)


def validate_document(
    document: Any,
    registry: Registry | None = None,
    has_callflow: Callable[[str], bool] | None = None,
    program_findings: Mapping[str, ProgramFindings] | None = None,
) -> list[Finding]:
    """Return every finding of a callflow document, in the document's order; [] when it is in order.

    Args: document: any JSON value; registry: the actions, all of this project's when absent; has_callflow:
    whether a callflow of that id exists, for references to others; not asked when absent; program_findings:
    by action, what checks the programs of other languages that its nodes hold.
    """
    flow = compile_flow(document, registry or _all_actions())
    findings = list(flow.findings)
    if isinstance(document, dict):
        findings += _document_findings(document)
    findings += _tree_findings(flow.root, has_callflow, program_findings or {})
    return findings[:MAX_FINDINGS]


def require_valid(document: Any, registry: Registry | None = None) -> Flow:
    """Return a document's flow, for those who want it without faults or not at all.

    Raises: InvalidFlow: with every fault; warnings are none.
    """
    faults = [each for each in validate_document(document, registry) if each.severity is Severity.FAULT]
    flow = compile_flow(document, registry or _all_actions())
    if faults:
        raise InvalidFlow(flow.doc_id, faults)
    return flow


@cache
def _all_actions() -> Registry:
    return discover()


def _document_findings(document: dict[str, Any]) -> Iterator[Finding]:
    try:
        _Document().load(document)
    except ValidationError as exc:
        yield from _flattened("", exc.messages)
    numbers, patterns = document.get("numbers"), document.get("patterns")
    seen: set[str] = set()
    for index, number in enumerate(numbers if isinstance(numbers, list) else ()):
        if isinstance(number, str):
            if number in seen:
                yield fault(join("numbers", index), "is there twice")
            seen.add(number)
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
        if isinstance(pattern, str):
            try:
                compile_regex(pattern)
            except ValueError as exc:
                yield fault(join("patterns", index), f"is skipped, it cannot be run on RE2: {exc}")


def _flattened(path: str, messages: Any) -> Iterator[Finding]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flattened(path if key == "_schema" else join(path, key), below)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield fault(path, str(message))


def _tree_findings(
    root: Node, has_callflow: Callable[[str], bool] | None, programs: Mapping[str, ProgramFindings]
) -> Iterator[Finding]:
    pending = [root]
    while pending:
        node = pending.pop()
        pending.extend(reversed(tuple(node.children.values())))
        yield from _unreachable(node)
        if node.module in programs and not node.faults:
            yield from programs[node.module](node.data, join(node.path, "data"))
        if node.module == "callflow" and has_callflow is not None:
            callflow_id = node.data.get("id")
            if callflow_id and not has_callflow(callflow_id):
                yield warning(join(join(node.path, "data"), "id"), f"there is no callflow {callflow_id}")


def _unreachable(node: Node) -> Iterator[Finding]:
    """Children that no call will ever come to."""
    children = join(node.path, "children")
    for key, child in node.children.items():
        place = join(children, key)
        if node.module and (node.skip or node.action is None) and not node.remote:
            if key != "_":
                yield warning(place, "is never reached: the node is passed over, and only its _ runs")
        elif node.action is not None and not node.action.can_take(key):
            yield warning(place, f"is never reached: {node.module} does not go there")
        elif node.module == "menu" and child.is_empty and key != "_":
            yield warning(place, "is empty, and so no choice")
