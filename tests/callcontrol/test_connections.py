"""Connections: found by id and by number, in a folder, and faulty ones told and passed over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callcontrol.connections import Connections, read_connection
from tests.callcontrol.place import Place
from tests.recording.samples import ACCOUNT_ID

DOCUMENT = {
    "_id": "crm",
    "pvt_type": "connection",
    "application_name": "CRM",
    "webhook_event_url": "https://crm.example/hooks",
    "numbers": ["+15550100", "100"],
}


@pytest.fixture
def connections(place: Place) -> Connections:
    """Those of a folder with two accounts."""
    place.write(DOCUMENT)
    place.write(DOCUMENT | {"_id": "off", "active": False, "numbers": ["200"]})
    place.write(DOCUMENT | {"_id": "device", "pvt_type": "device"})
    place.write(DOCUMENT | {"_id": "theirs"}, account_id="stranger")
    return place.api.control.facilities.connections


def test_found_by_id(connections: Connections) -> None:
    """Within its account only; what is no connection is none."""
    found = connections.of_id(ACCOUNT_ID, "crm")
    assert found is not None
    assert (found.name, found.url, found.failover_url) == ("CRM", "https://crm.example/hooks", "")
    for name in ("theirs", "device", "nothing", "../crm", "", "x" * 500):
        assert connections.of_id(ACCOUNT_ID, name) is None
    assert connections.of_id("no account!", "crm") is None


def test_found_by_number(connections: Connections) -> None:
    """The active one that owns it."""
    found = connections.of_number(ACCOUNT_ID, "+15550100")
    assert found is not None
    assert found.id == "crm"
    for number in ("200", "300", ""):
        assert connections.of_number(ACCOUNT_ID, number) is None


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_event_url": "ftp://x"},
        {"webhook_event_url": None},
        {"webhook_api_version": "1"},
        {"numbers": "100"},
        {"active": "perhaps"},
    ],
)
def test_a_faulty_one_is_told(change: dict[str, Any]) -> None:
    """What cannot be used is logged with its faults."""
    with capture_logs() as lines:
        assert read_connection("demo", DOCUMENT | change) is None
    assert [one["event"] for one in lines] == ["connection_faulty"]


@given(
    st.dictionaries(
        st.sampled_from([*DOCUMENT, "pvt_deleted", "active"]),
        st.none() | st.text() | st.integers() | st.lists(st.text(), max_size=2),
    )
)
def test_no_document_breaks_it(change: dict[str, Any]) -> None:
    """Whatever stands in a document, it is a connection or none."""
    read_connection("demo", {**DOCUMENT, **change, "_id": "x"})
