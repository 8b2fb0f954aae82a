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
from tests.callcontrol.place import Place

EXAMPLES = 25
COMMANDS = sorted(discover())


def is_about_the_call(response: Any) -> bool:
    """Whether a request was in order, and its call cannot do it: is over, not answered, or none at all."""
    return response.status_code == 422 and response.json()["errors"][0]["code"].startswith("900")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, str, Any]]:
    """A place, a key for everything, and the API as schemathesis reads it."""
    place = Place(Path(tmp_path_factory.mktemp("conformance")))
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
        spared = [positive_data_acceptance] if is_about_the_call(response) else []
        case.validate_response(response, excluded_checks=spared)

    send()
