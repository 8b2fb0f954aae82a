"""Every page against its own description: requests of every kind, good and bad, by schemathesis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from callcontrol.registry import discover
from tests.callcontrol.controlled import CONNECTION_ID, prepare
from tests.callcontrol.place import Place

EXAMPLES = 25
COMMANDS = sorted(discover())


ABOUT_OTHERS = ("900", "10002", "10003", "10017")
"""What is refused of a request that is in order: a call that cannot do it (over, not answered, none), a
number or a URL that may not be reached, a thing that is not there."""

TOGETHER = (
    *("/link_to", "/audio_url", "/media_name", "/invalid_media_name", "/playback_content", "/overlay"),
    *("/target_legs", "/minimum_digits", "/payload", "/invalid_payload", "/payload_type", "/language"),
)
"""Parameters whose being there or not is a matter of others."""


def is_beyond_a_schema(response: Any) -> bool:
    """Whether a request was refused for what no schema can say."""
    if response.status_code == 404:
        return True
    if response.status_code != 422:
        return False
    error = response.json()["errors"][0]
    return error["code"].startswith(ABOUT_OTHERS) or error.get("source", {}).get("pointer") in TOGETHER


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str, Any]]:
    """A place, a key for everything, and the API as schemathesis reads it."""
    place = Place(Path(tmp_path_factory.mktemp("conformance")))
    prepare(place)
    key = place.key()
    yield place, key, schemathesis.openapi.from_url(f"{place.api.url}/openapi.json")
    place.close()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.timeout(180)
def test_a_command_keeps_to_its_description(described: tuple[Place, str, Any], name: str) -> None:
    """Whatever is sent, the answer is one that is described, and never a failure of ours."""
    place, key, schema = described
    command = discover()[name]
    path = f"/v2/calls/{{call_control_id}}/actions/{name}"
    operation = schema[path][command.method]
    call_control_id = place.id_of(place.call())

    @given(st.data())
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    def send(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        if data.draw(st.booleans()):
            case.path_parameters = {"call_control_id": call_control_id}
        response = case.call(headers={"Authorization": f"Bearer {key}"})
        assert response.status_code < 500, response.text
        spared = [positive_data_acceptance] if is_beyond_a_schema(response) else []
        case.validate_response(response, excluded_checks=spared)

    send()


@pytest.mark.parametrize(
    ("path", "method"),
    [("/v2/calls", "POST"), ("/v2/connections/{connection_id}/active_calls", "GET")],
)
@pytest.mark.timeout(180)
def test_pages_of_calls_keep_to_their_description(
    described: tuple[Place, str, Any], path: str, method: str
) -> None:
    """Making calls and finding them: the same."""
    _, key, schema = described
    operation = schema[path][method]

    @given(st.data())
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    def send(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        if data.draw(st.booleans()):
            if isinstance(case.body, dict):
                case.body["connection_id"] = CONNECTION_ID
            else:
                case.path_parameters = {"connection_id": CONNECTION_ID}
        response = case.call(headers={"Authorization": f"Bearer {key}"})
        assert response.status_code < 500, response.text
        spared = [positive_data_acceptance] if is_beyond_a_schema(response) else []
        case.validate_response(response, excluded_checks=spared)

    send()
