"""The API's description: it says what the pages do, and the page that renders it runs nothing foreign."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis

from callcontrol.described_errors import ERRORS
from callcontrol.examples import EXAMPLES
from callcontrol.registry import discover
from callcontrol.webhook_fields import MAX_EVENT_TYPES
from tests.callcontrol.place import Place

FIRST_COMMANDS = {"answer", "hangup", "client_state_update", "record_start", "record_stop"}


def operations(described: dict[str, Any]) -> list[dict[str, Any]]:
    """All of them."""
    return [
        one
        for methods in described["paths"].values()
        for method, one in methods.items()
        if method != "parameters"
    ]


def test_every_command_is_described(place: Place) -> None:
    """With its parameters, their limits, its scope and its webhooks; errors of every page too."""
    described = httpx.get(f"{place.api.url}/openapi.json").json()
    assert described["openapi"].startswith("3.")
    commands = discover()
    assert set(commands) >= FIRST_COMMANDS
    for name, command in commands.items():
        page = described["paths"][f"/v2/calls/{{call_control_id}}/actions/{name}"][command.method.lower()]
        assert command.summary == page["summary"]
        assert command.scope.value in page["description"]
        assert set(page["responses"]) == {"200", *ERRORS}
    schema = described["components"]["schemas"]["RecordStartData"]
    assert set(schema["required"]) == {"format", "channels"}
    assert schema["properties"]["max_length"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 14_400,
        "default": 0,
        "description": schema["properties"]["max_length"]["description"],
    }
    assert len(schema["properties"]["transcription_language"]["enum"]) > 200
    urls = described["components"]["schemas"]["AnswerData"]["properties"]["webhook_urls"]
    assert (urls["maxProperties"], "maxLength" in urls) == (MAX_EVENT_TYPES, False)
    assert described["security"] == [{"bearer": []}]


def test_every_parameter_of_record_start_is_there(place: Place) -> None:
    """Those of Telnyx' package, and no other."""
    from telnyx.types.calls import ActionStartRecordingParams

    described = httpx.get(f"{place.api.url}/openapi.json").json()
    told = set(described["components"]["schemas"]["RecordStartData"]["properties"])
    assert told == set(ActionStartRecordingParams.__annotations__)


def test_it_is_openapi(place: Place) -> None:
    """By OpenAPI's own schema; and generators of clients find a name for each operation."""
    described = httpx.get(f"{place.api.url}/openapi.json").json()
    schemathesis.openapi.from_dict(described).validate()
    ids = [one["operationId"] for one in operations(described)]
    assert len(ids) == len(set(ids))
    assert {"commands_record_start", "calls_retrieve", "dial_dial"} <= set(ids)
    named = [one for path in described["paths"].values() for one in path.get("parameters", ())]
    assert all(parameter["description"] for parameter in named)
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_examples_are_in_order(place: Place) -> None:
    """Every body has one, and every one is taken by the schema that it illustrates."""
    described = httpx.get(f"{place.api.url}/openapi.json").json()
    bodies = [
        one["requestBody"]["content"]["application/json"]
        for one in operations(described)
        if "requestBody" in one
    ]
    for body in bodies:
        jsonschema.validate(body["example"], {**body["schema"], "components": described["components"]})
    for name, command in discover().items():
        command.schema().load(dict(EXAMPLES[name]))
    assert len(EXAMPLES) == len(bodies)


def test_every_page_says_how_it_may_fail(place: Place) -> None:
    """With each status by itself: a page without a body cannot be sent a bad one."""
    described = httpx.get(f"{place.api.url}/openapi.json").json()
    active = described["paths"]["/v2/connections/{connection_id}/active_calls"]["get"]["responses"]
    assert set(active) == {"200", "401", "403", "404", "422", "429", "500", "503"}
    assert set(described["components"]["responses"]) == {one.name for one in ERRORS.values()}
    assert described["components"]["responses"]["RateLimited"]["headers"]["Retry-After"]


def test_the_page_is_our_own(place: Place) -> None:
    """No script, style or picture comes from elsewhere, and the browser is told to refuse any."""
    answer = httpx.get(f"{place.api.url}/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"https?://|//[a-z]", answer.text)
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_anybody_may_read_it(place: Place, path: str) -> None:
    """What the API is, is no secret."""
    assert httpx.get(f"{place.api.url}{path}").status_code == 200
