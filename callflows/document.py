"""A callflow document compiled once into an immutable tree: validated, its data loaded, its actions found.

Nothing here raises on what a document holds. A fault is a finding with its path, and the node it is in
takes the engine's rule when a call comes to it: invalid data is a crash of the module (the call goes on
at `_`), a node without a module hangs up, as does a callflow without a flow.
Source: Kazoo schema callflows and callflows.action; cf_exe find_cf_module (reference sections 1.1, 1.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from marshmallow import Schema, ValidationError

from callflows.action import Action, Data
from callflows.finding import Finding, Severity, fault, join, warning
from callflows.registry import Registry

NO_MATCH = "no_match"
"""The number of the callflow that takes every number nothing else takes."""

MAX_NODES = 10_000
"""Of one document; a tree that people edit has tens. Nodes beyond are treated as absent."""

MAX_MODULE_LENGTH = 64

_NO_DATA: Data = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a flow.

    Attributes: path: of the node in its document; module: its action's name, "" when it has none; action:
    None when there is no action of that name; data: as loaded by the action's schema; children: by key;
    is_empty: the node is exactly `{}`; skip: `skip_module` is true; remote: it asks for another program;
    faults: why its data cannot be used, () when it can.
    """

    path: str
    module: str
    action: Action | None
    data: Data
    children: Mapping[str, Node]
    is_empty: bool = False
    skip: bool = False
    remote: bool = False
    faults: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """One callflow, ready to run.

    Attributes: doc_id, rev: of its document, "" when it has none; name: for people; root: the first node;
    is_no_match: whether it is (also) the account's callflow for numbers nothing else takes; findings:
    everything compiling found, faults and warnings.
    """

    doc_id: str
    rev: str
    name: str
    root: Node
    is_no_match: bool
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> list[Finding]:
        """The findings that are faults."""
        return [finding for finding in self.findings if finding.severity is Severity.FAULT]


def compile_flow(document: Any, registry: Registry) -> Flow:
    """Compile one callflow document, whatever it holds.

    Args: document: any JSON value. Returns: a flow; its root is empty when the document has no usable one.
    """
    findings: list[Finding] = []
    if not isinstance(document, dict):
        findings.append(fault("", "a callflow document must be an object"))
        document = {}
    elif "flow" not in document:
        findings.append(fault("flow", "missing: a callflow needs its root node here"))
    elif not isinstance(document["flow"], dict):
        findings.append(fault("flow", "must be an object (the root node)"))
    numbers = document.get("numbers")
    return Flow(
        doc_id=_text(document.get("_id")) or _text(document.get("id")),
        rev=_text(document.get("_rev")),
        name=_text(document.get("name")),
        root=_compile_tree(document.get("flow"), registry, findings),
        is_no_match=isinstance(numbers, list) and NO_MATCH in numbers,
        findings=tuple(findings),
    )


class FlowCompiler:
    """Compiles each revision of a document once; the least recently used fall out."""

    MAX_KEPT = 4000

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._kept: dict[tuple[str, str, str], Flow] = {}

    def compile(self, database: str, document: Mapping[str, Any]) -> Flow:
        """Return a document's flow; compiled anew only when its revision was not seen before."""
        key = (database, _text(document.get("_id")), _text(document.get("_rev")))
        flow = self._kept.pop(key, None)
        if flow is None:
            flow = compile_flow(document, self.registry)
        if key[2]:
            self._kept[key] = flow
            if len(self._kept) > self.MAX_KEPT:
                del self._kept[next(iter(self._kept))]
        return flow


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _compile_tree(root: Any, registry: Registry, findings: list[Finding]) -> Node:
    """Compile without recursion: a document may nest deeper than Python likes to call."""
    top: dict[str, Node] = {}
    pending: list[tuple[str, Any, dict[str, Node], str]] = [("flow", root, top, "flow")]
    count = 0
    while pending:
        path, raw, siblings, key = pending.pop()
        count += 1
        if count > MAX_NODES:
            findings.append(fault(path, f"more than {MAX_NODES} nodes in one callflow"))
            break
        children: dict[str, Node] = {}
        siblings[key] = _compile_node(path, raw, children, registry, findings)
        below = _children(path, raw, findings)
        pending.extend((place, child, children, name) for name, place, child in reversed(below))
    return top["flow"]


def _children(path: str, raw: Any, findings: list[Finding]) -> list[tuple[str, str, Any]]:
    """Return (key, path, value) of each child; JSON's null is an absent child."""
    if not isinstance(raw, dict) or raw.get("children") is None:
        return []
    children, place = raw["children"], join(path, "children")
    if not isinstance(children, dict):
        findings.append(fault(place, "must be an object (child key -> node)"))
        return []
    found = [(str(key), join(place, key), child) for key, child in children.items() if child is not None]
    findings.extend(
        fault(where, "must be an object (a node)") for _, where, child in found if not isinstance(child, dict)
    )
    return found


def _compile_node(
    path: str, raw: Any, children: dict[str, Node], registry: Registry, findings: list[Finding]
) -> Node:
    if not isinstance(raw, dict) or not raw:
        is_empty = raw == {} or path == "flow"  # a root that is no node is none: Kazoo takes {} for it
        return Node(path, "", None, _NO_DATA, children, is_empty=is_empty)
    module = _module(path, raw, findings)
    action = registry.get(module)
    if module and action is None:
        findings.append(warning(join(path, "module"), _unknown(module, registry)))
    raw_data = _raw_data(path, raw, findings)
    skip = raw_data.get("skip_module") in (True, "true")
    data: Data = _NO_DATA
    faults: tuple[Finding, ...] = ()
    if action is not None:
        data, faults = _load(action, raw_data, join(path, "data"), findings)
    return Node(
        path=path,
        module=module,
        action=action,
        data=data,
        children=MappingProxyType(children),
        skip=skip,
        remote=raw.get("remote_execution") in (True, "true"),
        faults=faults,
    )


def _module(path: str, raw: Mapping[str, Any], findings: list[Finding]) -> str:
    """Return the module's name, "" when there is none: Kazoo's executor dies of that, and hangs up."""
    module = raw.get("module")
    if isinstance(module, str) and 0 < len(module) <= MAX_MODULE_LENGTH:
        return module
    what = "missing" if module is None else f"must be a string of 1 to {MAX_MODULE_LENGTH} characters"
    findings.append(fault(join(path, "module"), f"{what}; a call that comes here is hung up"))
    return module if isinstance(module, str) else ""


def _unknown(module: str, registry: Registry) -> str:
    nearest = registry.nearest(module)
    hint = f"; did you mean {nearest}?" if nearest else ""
    return f"there is no action {module[:MAX_MODULE_LENGTH]}, the node is passed over{hint}"


def _raw_data(path: str, raw: Mapping[str, Any], findings: list[Finding]) -> dict[str, Any]:
    data = raw.get("data")
    if isinstance(data, dict):
        return data
    what = "missing, it may be {}" if data is None else "must be an object"
    findings.append(fault(join(path, "data"), what))
    return {}


def _load(
    action: Action, raw: dict[str, Any], path: str, findings: list[Finding]
) -> tuple[Data, tuple[Finding, ...]]:
    """Load a node's data. Returns: it, and () or the faults for which it cannot be used."""
    schema = schema_of(action)
    raw = {key: value for key, value in raw.items() if value is not None}  # null is an absent value
    try:
        data: Data = MappingProxyType(schema.load(raw))
        faults: tuple[Finding, ...] = ()
    except ValidationError as exc:
        data = _NO_DATA
        faults = tuple(faults_of(path, exc.messages))
        findings.extend(faults)
        if action.repair is not None:
            with suppress(ValidationError):
                data, faults = MappingProxyType(schema.load(action.repair(dict(raw), refused_keys(exc)))), ()
    known = {field.data_key or name for name, field in schema.fields.items()}
    findings.extend(
        warning(join(path, key), "is not a parameter of this action") for key in raw if key not in known
    )
    if action.doubts is not None and not faults:
        findings.extend(
            (fault if doubt.is_fault else warning)(join(path, doubt.key), doubt.message)
            for doubt in action.doubts(data)
        )
    return data, faults


def refused_keys(exc: ValidationError) -> set[str]:
    """Return the keys of the data that were refused."""
    return {str(key) for key in exc.messages} if isinstance(exc.messages, dict) else set()


def faults_of(path: str, messages: Any) -> Iterable[Finding]:
    """Turn marshmallow's nested messages about what is at `path` into findings."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from faults_of(path if key == "_schema" else join(path, key), below)
    elif isinstance(messages, list):
        for below in messages:
            yield from faults_of(path, below)
    else:
        yield fault(path, str(messages))


@cache
def schema_of(action: Action) -> Schema:
    """Return the one instance of an action's schema; loading does not change it."""
    return action.schema()
