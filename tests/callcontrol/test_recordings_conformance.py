"""The pages of recordings against their own description: requests of every kind, good and bad."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from callcontrol import description
from callcontrol.access import Access
from callcontrol.rate_limit import RateLimit
from callcontrol.recordings import SCOPES
from service.call_recordings import Recordings, recording_pages
from tests.callcontrol.recordings_place import Library

EXAMPLES = 25
PAGES = (
    ("/v2/recordings", "GET"),
    ("/v2/recordings/{recording_id}", "GET"),
    ("/v2/recordings/{recording_id}", "DELETE"),
    ("/v2/recordings/actions/delete", "POST"),
    ("/v2/recording_transcriptions", "GET"),
    ("/v2/recording_transcriptions/{transcription_id}", "GET"),
    ("/v2/recording_transcriptions/{transcription_id}", "DELETE"),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, str, Any]]:
    """A library with some recordings, a key for everything, and the API as schemathesis reads it."""
    library = Library(tmp_path_factory.mktemp("conformance"))
    said = {"text": "hello", "failed": ""}
    for _ in range(40):
        library.saved(library.document(ours={"transcript": said}))
    access = Access(library.tokens, RateLimit(0, 0), SCOPES)
    where = Recordings(library.outbox, {}, Path("/nowhere"), lambda _: None)
    pages = recording_pages(where, library.store, library.ids, library.links, access)
    schema = schemathesis.openapi.from_dict(description.describe(pages))
    schema.config.update(base_url=library.url)
    yield library, library.key(), schema
    library.close()


@pytest.mark.parametrize(("path", "method"), PAGES)
@pytest.mark.timeout(180)
def test_a_page_keeps_to_its_description(described: tuple[Library, str, Any], path: str, method: str) -> None:
    """Whatever is asked, the answer is one that is described, and never a failure of ours."""
    _, key, schema = described
    operation = schema[path][method]
    known = iter(range(1, 10_000))

    @given(st.data())
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None, deadline=None)
    def send(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        if "{" in path and data.draw(st.booleans()):
            case.path_parameters = dict.fromkeys(case.path_parameters, f"{next(known) % 40 + 1:032x}")
        response = case.call(headers={"Authorization": f"Bearer {key}"})
        assert response.status_code < 500, response.text
        spared = [positive_data_acceptance] if is_about_what_is_there(response) else []
        case.validate_response(response, excluded_checks=spared)

    send()


def is_about_what_is_there(response: Any) -> bool:
    """Whether a request was in order, and there is no such recording."""
    return response.status_code == 404 or (
        response.status_code == 422 and response.json()["errors"][0]["code"] == "10005"
    )
