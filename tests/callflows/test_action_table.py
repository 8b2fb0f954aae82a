"""The actions' parameters are those that Kazoo publishes, and the table for people shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import fields, missing, validate

from callflows.action_table import COMMON, TYPES, action_table
from callflows.document import schema_of
from tests.callflows.kit import REGISTRY

TWELVE = list("123456789*0#")
PUBLISHED: dict[str, dict[str, dict[str, Any]]] = {
    "answer": {},
    "swml": {},  # not Kazoo's
    "call_control": {},  # not Kazoo's
    "hangup": {},
    "noop": {},
    "play": {
        "answer": {"type": "boolean"},
        "endless_playback": {"type": "boolean", "default": False},
        "id": {"type": "string"},
        "loop_count": {"type": "integer", "low": 1},
        "terminators": {"type": "array", "default": TWELVE},
    },
    "tts": {
        "endless_playback": {"type": "boolean"},
        "engine": {"type": "string", "one_of": ["flite", "google", "ispeech", "voicefabric"]},
        "language": {"type": "string"},
        "terminators": {"type": "array", "default": TWELVE},
        "text": {"type": "string", "low": 1, "high": 1000, "required": True},
        "voice": {"type": "string"},
    },
    "sleep": {
        "duration": {"type": "integer", "default": 0, "low": 0, "high": 86400000},
        "unit": {"type": "string", "default": "s", "one_of": ["ms", "s", "m", "h"]},
    },
    "response": {
        "code": {"type": "integer", "default": 486, "required": True},
        "media": {"type": "string"},
        "message": {"type": "string"},
    },
    "menu": {"id": {"type": "string"}, "interdigit_timeout": {"type": "integer"}},
    "collect_dtmf": {
        "collection_name": {"type": "string"},
        "interdigit_timeout": {"type": "integer", "low": 1},
        "max_digits": {"type": "integer", "default": 1, "low": 1},
        "terminator": {"type": "string", "default": "#", "one_of": TWELVE},
        "terminators": {"type": "array"},
        "timeout": {"type": "integer", "default": 5000, "low": 1},
    },
    "flush_dtmf": {"collection_name": {"type": "string", "default": "default"}},
    "send_dtmf": {
        "digits": {"type": "string", "required": True},
        "duration_ms": {"type": "integer", "default": 2000},
    },
    "set_variable": {
        "channel": {"type": "string", "default": "a", "one_of": ["a", "both"]},
        "value": {"type": "string"},
        "variable": {"type": "string"},
    },
    "set_variables": {
        "custom_application_vars": {"type": "object", "default": {}, "required": True},
        "export": {"type": "boolean"},
    },
    "branch_variable": {
        "scope": {
            "type": "string",
            "default": "custom_channel_vars",
            "one_of": ["account", "custom_channel_vars", "device", "merged", "user"],
        },
        "variable": {"type": "string or array", "default": "", "required": True},
    },
    "callflow": {"id": {"type": "string"}},
    "language": {"language": {"type": "string", "required": True}},
    "record_call": {
        "action": {"type": "string", "default": "start", "one_of": ["start", "stop"], "required": True},
        "format": {"type": "string", "one_of": ["mp3", "wav"]},
        "label": {"type": "string"},
        "media_id": {"type": "string"},
        "media_name": {"type": "string"},
        "method": {"type": "string", "default": "put", "one_of": ["put", "post"]},
        "origin": {"type": "string"},
        "record_min_sec": {"type": "integer"},
        "record_on_answer": {"type": "boolean", "default": False},
        "record_on_bridge": {"type": "boolean", "default": False},
        "record_sample_rate": {"type": "integer"},
        "should_follow_transfer": {"type": "boolean", "default": True},
        "silence_detection": {"type": "boolean"},
        "silence_final_timeout": {"type": "integer", "default": 5},
        "silence_initial_timeout": {"type": "integer", "default": 0},
        "silence_threshold": {"type": "integer", "default": 200},
        "time_limit": {"type": "integer", "default": 3600, "low": 5, "high": 10800},
        "url": {"type": "string"},
    },
    "record_caller": {
        "format": {"type": "string", "one_of": ["mp3", "wav"]},
        "method": {"type": "string", "default": "put", "one_of": ["put", "post"]},
        "time_limit": {"type": "integer", "default": 3600, "low": 5, "high": 10800},
        "url": {"type": "string"},
    },
}
"""What Kazoo publishes of each action's data: types, defaults, limits, what must be there."""

OURS: dict[str, set[str]] = {
    "record_call": {"announcement", "beep_every_s"},
    "record_caller": {
        "beep",
        "label",
        "media_id",
        "media_name",
        "prompt",
        "record_min_sec",
        "record_sample_rate",
        "review",
        "silence_detection",
        "silence_final_timeout",
        "silence_initial_timeout",
        "silence_threshold",
        "terminators",
    },
    "swml": {"document", "url"},
    "call_control": {"client_state", "connection_id", "hold", "timeout"},
}
"""What actions take here beyond that."""

MORE_CHOICES = {
    ("record_call", "action"): {"mask", "pause", "resume", "toggle", "unmask"},
    ("record_call", "format"): {"mp4"},
    ("record_caller", "format"): {"mp4"},
}
"""Values of published parameters that are taken here only."""


def parameters_of(action: str) -> dict[str, fields.Field[Any]]:
    """The fields of an action's data by their names in documents."""
    found = REGISTRY.get(action)
    assert found is not None
    named = {field.data_key or name: field for name, field in schema_of(found).fields.items()}
    assert set(named) >= COMMON == {"skip_module", "sensitive"}
    return {name: field for name, field in named.items() if name not in COMMON}


def limits_of(field: fields.Field[Any]) -> dict[str, Any]:
    """Limits and choices of a field."""
    limits: dict[str, Any] = {}
    if "limits" in field.metadata:
        limits["low"], limits["high"] = field.metadata["limits"]
    for check in field.validators:
        if isinstance(check, validate.OneOf):
            limits["one_of"] = sorted(check.choices)
        elif isinstance(check, validate.Range | validate.Length):
            limits |= {
                key: bound for key, bound in (("low", check.min), ("high", check.max)) if bound is not None
            }
    return limits


@pytest.mark.parametrize("action", sorted(PUBLISHED))
def test_an_action_has_exactly_the_published_parameters(action: str) -> None:
    """None is missing, and those of our own are known."""
    assert sorted(parameters_of(action)) == sorted({*PUBLISHED[action], *OURS.get(action, ())})


@pytest.mark.parametrize(
    ("action", "key"), [(action, key) for action, keys in sorted(PUBLISHED.items()) for key in sorted(keys)]
)
def test_a_parameter_is_as_published(action: str, key: str) -> None:
    """Its type, its default, its limits, and whether it must be there."""
    field, facts = parameters_of(action)[key], PUBLISHED[action][key]
    assert next(name for kind, name in TYPES.items() if isinstance(field, kind)) == facts["type"]
    assert field.required == facts.get("required", False)
    if "default" in facts:
        default = field.metadata.get("default", field.load_default)
        default = default() if callable(default) else default
        assert default in (facts["default"], "all twelve")
        if default == "all twelve":
            assert field.load_default() == TWELVE
    expected = {name: facts[name] for name in ("low", "high", "one_of") if name in facts}
    if "one_of" in expected:
        expected["one_of"] = sorted({*expected["one_of"], *MORE_CHOICES.get((action, key), ())})
    if key != "media":
        assert limits_of(field) == expected
    assert field.metadata["description"].endswith(".")
    assert field.load_default is not missing or field.required


def test_every_action_of_this_project_is_among_them() -> None:
    """A new action brings its facts along."""
    assert sorted(PUBLISHED) == [name for name, _ in REGISTRY]


def test_the_table_has_a_row_for_each() -> None:
    """As Markdown, made from the schemas."""
    table = action_table(REGISTRY)
    lines = table.splitlines()
    for action, keys in PUBLISHED.items():
        assert any(line.startswith(f"| **{action}** |") for line in lines)
        assert all(f"| | `{key}` |" in table for key in keys)
    assert "5..10800" in table
    assert "486 (required)" in table
    assert json.dumps({}) in table
    width = {line.replace("\\|", "").count("|") for line in lines if line.startswith("|")}
    assert width == {7}
