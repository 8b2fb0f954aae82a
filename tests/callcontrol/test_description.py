"""The API's description: it says what the pages do, and the page that renders it runs nothing foreign."""

from __future__ import annotations

import re

import httpx
import pytest

from callcontrol.registry import discover
from tests.callcontrol.place import Place

FIRST_COMMANDS = {"answer", "hangup", "client_state_update", "record_start", "record_stop"}


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
        assert {"4XX", "5XX", "200"} <= set(page["responses"])
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
    assert described["security"] == [{"bearer": []}]


def test_every_parameter_of_record_start_is_there(place: Place) -> None:
    """Those of Telnyx' package, and no other."""
    from telnyx.types.calls import ActionStartRecordingParams

    described = httpx.get(f"{place.api.url}/openapi.json").json()
    told = set(described["components"]["schemas"]["RecordStartData"]["properties"])
    assert told == set(ActionStartRecordingParams.__annotations__)


def test_the_page_is_our_own(place: Place) -> None:
    """No script, style or picture comes from elsewhere, and the browser is told to refuse any."""
    answer = httpx.get(f"{place.api.url}/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"https?://|//[a-z]", answer.text)


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_anybody_may_read_it(place: Place, path: str) -> None:
    """What the API is, is no secret."""
    assert httpx.get(f"{place.api.url}{path}").status_code == 200
