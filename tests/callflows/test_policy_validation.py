"""What `callflows validate` finds in recording settings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from callflows.finding import Severity
from callflows.policy_validation import policy_findings
from tests.calls.test_variables import JSON

FAULT, WARNING = Severity.FAULT, Severity.WARNING


def found(document: dict[str, Any]) -> list[tuple[str, Severity]]:
    """Path and severity of each finding."""
    return [(finding.path, finding.severity) for finding in policy_findings(document)]


def of_user(**parameters: Any) -> dict[str, Any]:
    """A user whose outbound calls to the inside are recorded with these parameters."""
    return {"pvt_type": "user", "call_recording": {"outbound": {"onnet": {"enabled": True, **parameters}}}}


PLACE = "call_recording.outbound.onnet"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"pvt_type": "user"}, []),
        (of_user(), []),
        (of_user(format="wav", time_limit=60, url="https://example.com/", method="post", label="x"), []),
        (of_user(enabled="true"), []),
        (of_user(enabled="perhaps"), [(f"{PLACE}.enabled", FAULT)]),
        (of_user(format="ogg"), [(f"{PLACE}.format", FAULT)]),
        (of_user(time_limit=3), [(f"{PLACE}.time_limit", FAULT)]),
        (of_user(time_limit="long"), [(f"{PLACE}.time_limit", FAULT)]),
        (of_user(url="gopher://x/"), [(f"{PLACE}.url", FAULT)]),
        (of_user(colour="red"), [(f"{PLACE}.colour", WARNING)]),
        (
            of_user(silence_detection=True, silence_final_timeout=3),
            [(f"{PLACE}.silence_final_timeout", WARNING)],
        ),
        ({"call_recording": []}, [("call_recording", FAULT)]),
        ({"call_recording": {"sideways": {}}}, [("call_recording.sideways", WARNING)]),
        ({"call_recording": {"any": {"moonnet": {}}}}, [("call_recording.any.moonnet", WARNING)]),
        ({"call_recording": {"any": {"any": True}}}, [("call_recording.any.any", FAULT)]),
        (
            {"pvt_type": "account", "call_recording": {"account": {"any": {"any": {"format": 5}}}}},
            [("call_recording.account.any.any.format", FAULT)],
        ),
        (
            {"pvt_type": "account", "call_recording": {"any": {"any": {"enabled": True}}}},
            [("call_recording.any", WARNING)],
        ),
        ({"record_call": True}, []),
        ({"record_call": {"format": "ogg"}}, [("record_call.format", FAULT)]),
        ({"record_call": 5}, [("record_call", FAULT)]),
        ({**of_user(), "record_call": True}, [("record_call", WARNING)]),
    ],
)
def test_settings_are_checked(document: dict[str, Any], expected: list[tuple[str, Severity]]) -> None:
    """Like the data of record_call, at their own path."""
    assert found(document) == expected


@settings(max_examples=200)
@given(JSON, JSON)
def test_any_json_is_checked(said: Any, legacy: Any) -> None:
    """At every depth."""
    for document in (
        {"call_recording": said, "record_call": legacy},
        {"call_recording": {"any": said, "inbound": {"any": said}}},
        {"pvt_type": "account", "call_recording": {"account": {"any": {"onnet": said}}}},
    ):
        assert all(str(finding) for finding in policy_findings(document))
