"""Compiling callflow documents: every fault with its path, and never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflows.document import MAX_NODES, FlowCompiler, compile_flow
from callflows.finding import Severity
from tests.callflows.kit import REGISTRY, node
from tests.calls.test_variables import JSON


def findings_of(flow: Any, **fields: Any) -> list[tuple[str, str]]:
    """Compile a document and return (path, severity) of what was found."""
    compiled = compile_flow({"_id": "x", "flow": flow, **fields}, REGISTRY)
    return [(finding.path, finding.severity.value) for finding in compiled.findings]


def test_a_sound_document_compiles_without_findings() -> None:
    """Its nodes know their actions, their data and their children."""
    flow = node("menu", {"id": "m"}, **{"1": node("play", {"id": "a/b.wav"}), "_": node("hangup")})
    compiled = compile_flow(
        {"_id": "x", "_rev": "1-a", "name": "Main", "numbers": ["1", "no_match"], "flow": flow}, REGISTRY
    )
    assert (compiled.doc_id, compiled.rev, compiled.name, compiled.is_no_match) == ("x", "1-a", "Main", True)
    assert compiled.findings == ()
    assert sorted(compiled.root.children) == ["1", "_"]
    assert compiled.root.children["1"].data["loop_count"] == 1
    assert compiled.root.children["1"].path == "flow.children.1"


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (node("record_call", {"action": "start", "time_limit": 99999}), [("flow.data.time_limit", "fault")]),
        (
            node("noop", {}, **{"1": node("record_call", {"action": "start", "time_limit": "long"})}),
            [("flow.children.1.data.time_limit", "fault")],
        ),
        (node("noop", {}, **{"a.b": node("tts")}), [('flow.children["a.b"].data.text', "fault")]),
        (
            node("sleep", {"unit": "d", "duration": -1}),
            [("flow.data.duration", "fault"), ("flow.data.unit", "fault")],
        ),
        (
            node("collect_dtmf", {"terminators": ["1", "x"]}),
            [("flow.data.terminators.1", "fault")],
        ),
        (node("plya"), [("flow.module", "warning")]),
        (node("play", {"id": "x", "colour": "red"}), [("flow.data.colour", "warning")]),
        ({"data": {}}, [("flow.module", "fault")]),
        ({"module": "noop"}, [("flow.data", "fault")]),
        ({"module": "noop", "data": []}, [("flow.data", "fault")]),
        ({"module": 5, "data": {}}, [("flow.module", "fault")]),
        ({"module": "x" * 65, "data": {}}, [("flow.module", "fault"), ("flow.module", "warning")]),
        ({"module": "noop", "data": {}, "children": []}, [("flow.children", "fault")]),
        (node("noop", {}, a=5), [("flow.children.a", "fault")]),
        (node("noop", {}, a=None, b={}), []),
        (None, [("flow", "fault")]),
        ([], [("flow", "fault")]),
        ({}, []),
    ],
)
def test_each_fault_has_its_path(flow: Any, expected: list[tuple[str, str]]) -> None:
    """So that whoever wrote it finds it."""
    assert findings_of(flow) == expected


def test_a_document_without_flow_or_that_is_none_says_so() -> None:
    """`flow` is required."""
    assert [str(finding) for finding in compile_flow({}, REGISTRY).findings] == [
        "flow: missing: a callflow needs its root node here"
    ]
    assert [finding.path for finding in compile_flow([], REGISTRY).findings] == [""]
    assert compile_flow([], REGISTRY).root.is_empty


def test_an_unknown_module_suggests_the_nearest() -> None:
    """A slip of the pen is recognised."""
    (finding,) = compile_flow({"flow": node("colect_dtmf")}, REGISTRY).findings
    assert "did you mean collect_dtmf?" in finding.message
    assert finding.severity is Severity.WARNING


def test_null_is_an_absent_value() -> None:
    """As in Kazoo: a key that is null is not there."""
    compiled = compile_flow({"flow": node("play", {"id": None, "loop_count": None})}, REGISTRY)
    assert compiled.root.data["loop_count"] == 1


def test_values_the_schema_refuses_and_kazoo_takes_are_repaired_and_told() -> None:
    """A recording is not lost over a parameter, nor a refusal over its code."""
    flow = node("record_call", {"action": "begin", "format": "ogg", "url": 5}, _=node("response", {}))
    compiled = compile_flow({"flow": flow}, REGISTRY)
    assert [finding.path for finding in compiled.faults] == [
        "flow.data.action",
        "flow.data.format",
        "flow.data.url",
        "flow.children._.data.code",
    ]
    assert compiled.root.faults == ()
    assert compiled.root.data["action"] == "start"
    assert compiled.root.children["_"].data["code"] == 486


def test_a_revision_is_compiled_once() -> None:
    """The next call finds the tree as it is."""
    compiler = FlowCompiler(REGISTRY)
    document = {"_id": "x", "_rev": "1-a", "flow": node("noop")}
    first = compiler.compile("account/a", document)
    assert compiler.compile("account/a", dict(document)) is first
    assert compiler.compile("account/b", document) is not first
    assert compiler.compile("account/a", {**document, "_rev": "2-b"}) is not first
    assert compiler.compile("account/a", {"flow": {}}) is not compiler.compile("account/a", {"flow": {}})


def test_the_compiler_forgets_the_least_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory has an end."""
    monkeypatch.setattr(FlowCompiler, "MAX_KEPT", 2)
    compiler = FlowCompiler(REGISTRY)
    documents = [{"_id": str(index), "_rev": "1-a", "flow": node("noop")} for index in range(3)]
    flows = [compiler.compile("a", document) for document in documents]
    assert compiler.compile("a", documents[2]) is flows[2]
    assert compiler.compile("a", documents[0]) is not flows[0]


def test_a_tree_of_too_many_nodes_is_cut() -> None:
    """With a fault that says so."""
    flow = node("noop", {}, **{str(index): node("noop") for index in range(MAX_NODES)})
    compiled = compile_flow({"flow": flow}, REGISTRY)
    assert [finding.path for finding in compiled.findings] == [f"flow.children.{MAX_NODES - 1}"]


def test_a_tree_deeper_than_python_calls_compiles() -> None:
    """Nothing here recurses into what a document holds."""
    flow: dict[str, Any] = node("noop")
    for _ in range(5000):
        flow = node("noop", {}, _=flow)
    assert compile_flow({"flow": flow}, REGISTRY).findings == ()


MODULES = st.sampled_from([name for name, _ in REGISTRY]) | JSON
KEYS = st.sampled_from(
    [
        "id",
        "time_limit",
        "terminators",
        "text",
        "variable",
        "custom_application_vars",
        "duration",
        "code",
        "url",
    ]
)
NODES = st.recursive(
    JSON,
    lambda below: st.fixed_dictionaries(
        {},
        optional={
            "module": MODULES,
            "data": st.dictionaries(KEYS | st.text(max_size=5), JSON, max_size=4) | JSON,
            "children": st.dictionaries(st.sampled_from(["_", "1", "timeout", "é.\n"]), below, max_size=3),
        },
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.fixed_dictionaries({}, optional={"_id": JSON, "name": JSON, "numbers": JSON, "flow": NODES}) | JSON)
def test_any_json_compiles(document: Any) -> None:
    """Whatever stands in a document, there is a flow, and its faults are findings."""
    compiled = compile_flow(document, REGISTRY)
    assert all(finding.message for finding in compiled.findings)
    pending = [compiled.root]
    while pending:
        current = pending.pop()
        pending.extend(current.children.values())
        assert current.action is None or current.faults or "skip_module" in current.data
