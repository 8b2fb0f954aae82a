"""What `callflows validate` finds in a callflow document."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from callflows.errors import InvalidFlow
from callflows.finding import Severity
from callflows.validation import MAX_FINDINGS, require_valid, validate_document
from tests.callflows.kit import node
from tests.callflows.test_document import NODES
from tests.calls.test_variables import JSON

FAULT, WARNING = Severity.FAULT, Severity.WARNING


def found(document: Any, **options: Any) -> list[tuple[str, Severity]]:
    """Validate; (path, severity) of each finding."""
    return [(finding.path, finding.severity) for finding in validate_document(document, **options)]


def test_a_sound_document_has_no_findings() -> None:
    """Nothing is said where there is nothing to say."""
    document = {
        "_id": "x",
        "pvt_type": "callflow",
        "name": "Main",
        "numbers": ["+13035551212", "1000"],
        "patterns": [r"^\*5(\d+)$"],
        "flags": [],
        "featurecode": {"name": "park", "number": "5"},
        "metaflow": {},
        "ringback": {"early": "x"},
        "flow": node(
            "menu", {"id": "m"}, **{"1": node("noop"), "timeout": node("noop"), "_": node("hangup")}
        ),
    }
    assert validate_document(document) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": 5}, [("name", FAULT)]),
        ({"numbers": "1000"}, [("numbers", FAULT)]),
        (
            {"numbers": ["", 5, "x" * 37, "1"]},
            [("numbers.0", FAULT), ("numbers.1", FAULT), ("numbers.2", FAULT)],
        ),
        ({"numbers": ["1", "2", "1"]}, [("numbers.2", FAULT)]),
        (
            {"patterns": ["(", "(?=x)", "ok", ""]},
            [("patterns.3", FAULT), ("patterns.0", FAULT), ("patterns.1", FAULT)],
        ),
        ({"flags": [1]}, [("flags.0", FAULT)]),
        (
            {"featurecode": {"name": "", "number": "x" * 31}},
            [("featurecode.name", FAULT), ("featurecode.number", FAULT)],
        ),
        ({"ringback": {"early": 1}}, [("ringback.early", FAULT)]),
        ({"metaflow": []}, [("metaflow", FAULT)]),
    ],
)
def test_the_documents_own_fields_are_checked(
    fields: dict[str, Any], expected: list[tuple[str, Severity]]
) -> None:
    """As the published schema has them."""
    assert found({"flow": node("noop"), **fields}) == expected


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (node("play", {"id": "a/b"}, x=node("noop"), _=node("noop")), [("flow.children.x", WARNING)]),
        (node("hangup", {}, _=node("noop")), [("flow.children._", WARNING)]),
        (node("response", {"code": 486}, _=node("noop")), [("flow.children._", WARNING)]),
        (
            node("menu", {"id": "m"}, **{"1": {}, "#": node("noop"), "x": node("noop")}),
            [("flow.children.1", WARNING), ("flow.children.#", WARNING), ("flow.children.x", WARNING)],
        ),
        (node("branch_variable", {"variable": "a"}, any_key=node("noop"), _=node("noop")), []),
        (
            node("play", {"id": "x", "skip_module": True}, x=node("noop"), _=node("noop")),
            [("flow.children.x", WARNING)],
        ),
        (node("ply", {}, x=node("noop")), [("flow.module", WARNING), ("flow.children.x", WARNING)]),
        ({**node("ply", {}, x=node("noop")), "remote_execution": True}, [("flow.module", WARNING)]),
        (node("play", {"id": "shell_stream://x"}), [("flow.data.id", FAULT)]),
        (node("play", {"id": "x", "terminators": ["1", "X"]}), [("flow.data.terminators", WARNING)]),
        (node("record_call", {"action": "start", "url": "gopher://x"}), [("flow.data.url", FAULT)]),
        (
            node("record_call", {"action": "start", "record_min_sec": -1}),
            [("flow.data.record_min_sec", FAULT)],
        ),
        (
            node("record_call", {"action": "start", "record_sample_rate": 7}),
            [("flow.data.record_sample_rate", FAULT)],
        ),
        (node("record_call", {"action": "start", "record_on_answer": True, "record_on_bridge": True}), []),
        (
            node("record_call", {"action": "start", "silence_final_timeout": 3000, "silence_threshold": 100}),
            [("flow.data.silence_final_timeout", WARNING), ("flow.data.silence_threshold", WARNING)],
        ),
        (
            node(
                "record_call",
                {
                    "action": "start",
                    "silence_initial_timeout": 0,
                    "silence_final_timeout": 5,
                    "silence_threshold": 200,
                },
            ),
            [],
        ),
        (
            node("record_call", {"action": "start", "silence_detection": True, "silence_final_timeout": 5}),
            [("flow.data.silence_final_timeout", WARNING)],
        ),
        (
            node("record_call", {"action": "start", "silence_detection": True, "silence_final_timeout": 200}),
            [],
        ),
        (
            node(
                "record_call",
                {
                    "action": "start",
                    "silence_detection": True,
                    "silence_initial_timeout": 60000,
                    "silence_final_timeout": 60,
                    "time_limit": 60,
                },
            ),
            [("flow.data.silence_initial_timeout", WARNING), ("flow.data.silence_final_timeout", WARNING)],
        ),
        (
            node(
                "record_call",
                {"action": "start", "silence_initial_timeout": -1, "silence_threshold": 40000},
            ),
            [
                ("flow.data.silence_initial_timeout", FAULT),
                ("flow.data.silence_threshold", FAULT),
                ("flow.data.silence_initial_timeout", WARNING),
                ("flow.data.silence_threshold", WARNING),
            ],
        ),
        (
            node("record_call", {"action": "start", "media_id": "../x"}),
            [("flow.data.media_id", FAULT)],
        ),
        (
            node("record_call", {"action": "start", "media_name": "a/../b.wav"}),
            [("flow.data.media_name", WARNING)],
        ),
        (node("record_call", {"action": "start", "beep_every_s": -1}), [("flow.data.beep_every_s", FAULT)]),
        (
            node("record_call", {"action": "start", "announcement": "system://x"}),
            [("flow.data.announcement", FAULT)],
        ),
        (node("record_call", {"action": "erase"}), [("flow.data.action", FAULT)]),
        (node("record_caller", {}), []),
        (
            node("record_caller", {"url": "gopher://x", "time_limit": 3, "terminators": ["X"]}),
            [
                ("flow.data.terminators", WARNING),
                ("flow.data.time_limit", FAULT),
                ("flow.data.url", FAULT),
            ],
        ),
        (
            node("record_caller", {"silence_initial_timeout": 3, "silence_final_timeout": 2000}),
            [("flow.data.silence_initial_timeout", WARNING)],
        ),
        (node("noop", {"sensitive": True}), []),
        (node("set_variable", {"variable": "colour", "value": "red"}), [("flow.data.variable", WARNING)]),
        (
            node("set_variables", {"custom_application_vars": {"a b": 1}}),
            [("flow.data.custom_application_vars", WARNING)],
        ),
        (
            node("tts", {"text": "x", "engine": "google", "language": "de", "voice": "a b"}),
            [("flow.data.engine", WARNING), ("flow.data.language", WARNING), ("flow.data.voice", WARNING)],
        ),
        (
            node("collect_dtmf", {"terminator": "#", "terminators": ["*"], "max_digits": 999}),
            [("flow.data.terminators", WARNING), ("flow.data.max_digits", WARNING)],
        ),
        (
            node("send_dtmf", {"digits": "12x", "duration_ms": "5"}),
            [("flow.data.digits", WARNING), ("flow.data.duration_ms", WARNING)],
        ),
        (node("response", {"code": 42}), [("flow.data.code", WARNING)]),
    ],
)
def test_what_cannot_have_been_meant_is_told(flow: Any, expected: list[tuple[str, Severity]]) -> None:
    """Children no call comes to, values that do nothing, parameters not in force."""
    assert found({"flow": flow}) == expected


def test_references_to_callflows_are_checked_where_a_store_is_given() -> None:
    """Without one, nothing is known of them."""
    document = {"flow": node("callflow", {"id": "there"}, _=node("callflow", {"id": "gone"}))}
    assert found(document) == []
    assert found(document, has_callflow=lambda doc_id: doc_id == "there") == [
        ("flow.children._.data.id", WARNING)
    ]


def test_a_flow_may_be_had_without_faults_or_not_at_all() -> None:
    """The error lists every fault; warnings are none."""
    flow = require_valid({"_id": "main", "flow": node("play", {"id": "a/b", "colour": "red"})})
    assert flow.doc_id == "main"
    with pytest.raises(InvalidFlow) as caught:
        require_valid({"_id": "main", "name": 5, "flow": node("sleep", {"duration": -1, "colour": "red"})})
    assert [finding.path for finding in caught.value.findings] == ["flow.data.duration", "name"]
    assert str(caught.value).startswith("callflow main: flow.data.duration: ")


@settings(max_examples=200)
@given(NODES | JSON)
def test_any_json_is_validated(document: Any) -> None:
    """As a document, and as the flow of one."""
    for candidate in (document, {"flow": document, "numbers": document, "patterns": [document]}):
        findings = validate_document(candidate)
        assert len(findings) <= MAX_FINDINGS
        assert all(isinstance(str(finding), str) for finding in findings)
