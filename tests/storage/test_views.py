"""Each view's rows, said in plain words; that CouchDB's maps agree is in the contract."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import NotFound
from storage.names import DatabaseKind
from storage.views import VIEWS, design_documents, is_ours, known_view, views_of
from tests.storage.corpus import ODD_DOCUMENTS

ROWS: list[tuple[str, dict[str, Any], list[tuple[Any, Any]]]] = [
    (
        "callflows/listing_by_number",
        {"pvt_type": "callflow", "numbers": ["1", "*97"]},
        [("1", {"name": "d"}), ("*97", {"name": "d"})],
    ),
    (
        "callflows/listing_by_pattern",
        {"pvt_type": "callflow", "patterns": ["^9"], "name": "n"},
        [("^9", {"name": "n"})],
    ),
    (
        "attributes/sip_username",
        {"sip": {"username": "u", "method": "password"}, "owner_id": "o"},
        [("u", ["o"])],
    ),
    (
        "attributes/sip_username",
        {"sip": {"username": "u", "method": "password"}, "owner_id": "o", "hotdesk": {"users": {"h": {}}}},
        [("u", ["h"])],
    ),
    ("attributes/sip_username", {"sip": {"username": "u", "method": "ip"}}, []),
    ("attributes/owned", {"pvt_type": "device", "owner_id": "o"}, [(["o", "device"], "d")]),
    (
        "attributes/owned",
        {"pvt_type": "device", "owner_id": "o", "hotdesk": {"users": {"h": {}}}},
        [(["h", "device"], "d")],
    ),
    ("attributes/owner", {"pvt_type": "vmbox", "owner_id": "o"}, [("d", "o")]),
    ("attributes/groups", {"pvt_type": "group", "endpoints": {"e": {}}}, [(None, {"e": {}})]),
    ("attributes/hotdesk_users", {"hotdesk": {"users": {"h": {}, "i": {}}}}, [("h", None), ("i", None)]),
    ("attributes/hotdesk_id", {"hotdesk": {"id": "55"}}, [("55", None)]),
    ("attributes/mailbox_number", {"pvt_type": "vmbox", "mailbox": "0100"}, [("0100", None)]),
    ("vmboxes/listing_by_mailbox", {"pvt_type": "vmbox", "mailbox": "0100"}, [(100, None)]),
    ("vmboxes/listing_by_mailbox", {"pvt_type": "vmbox", "mailbox": "x"}, [(None, None)]),
    (
        "lists/entries",
        {"pvt_type": "list_entry", "list_id": "l", "number": "5", "other": 1},
        [("l", {"number": "5"})],
    ),
    (
        "lists/entries",
        {"pvt_type": "list", "entries": {"k": {"cid_number": "5"}}},
        [("d", {"capture_group_key": "k", "number": "5"})],
    ),
    (
        "lists/match_prefix_in_list",
        {"pvt_type": "list_entry", "list_id": "l", "prefix": "+1"},
        [(["l", "+1"], None)],
    ),
    ("lists/regexps_in_list", {"pvt_type": "list_entry", "list_id": "l", "pattern": "^1"}, [("l", "^1")]),
    ("directories/users_listing", {"directories": {"x": "flow"}}, [(["x", "d"], "flow")]),
    ("parking/parked_calls", {"pvt_type": "parked_call", "slot": {"Call-ID": "c"}}, [("d", None)]),
    ("parking/parked_call", {"pvt_type": "parked_call", "slot": {"Call-ID": "c"}}, [("c", None)]),
    ("parking/parked_calls", {"pvt_type": "parked_call"}, []),
    (
        "media/listing_by_prompt",
        {"pvt_type": "media", "prompt_id": "menu-invalid", "language": "en-US"},
        [
            (
                ["menu-invalid", "en-us"],
                {"id": "d", "prompt_id": "menu-invalid", "language": "en-us", "is_prompt": True},
            )
        ],
    ),
    (
        "accounts/listing_by_realm",
        {"pvt_type": "account", "realm": "A.Example", "pvt_account_id": "i", "pvt_account_db": "b"},
        [("a.example", {"account_id": "i", "account_db": "b"})],
    ),
    (
        "credentials/lookup",
        {"pvt_type": "device", "sip": {"username": "U", "realm": "R"}, "pvt_account_id": "i"},
        [
            (
                ["r", "u"],
                {
                    "username": "U",
                    "realm": "R",
                    "id": "d",
                    "authorizing_id": "d",
                    "authorizing_type": "device",
                    "account_id": "i",
                },
            )
        ],
    ),
    ("recordings/crossbar_listing", {"pvt_type": "call_recording", "pvt_created": 5}, [([5, "d"], None)]),
    (
        "recordings/listing_by_user",
        {"pvt_type": "call_recording", "pvt_created": 5, "owner_id": "o"},
        [(["o", 5, "d"], None)],
    ),
    ("recordings/listing_by_user", {"pvt_type": "call_recording", "pvt_created": 5}, []),
    (
        "connections/listing_by_number",
        {"pvt_type": "connection", "numbers": ["+15550100", "100"]},
        [("+15550100", None), ("100", None)],
    ),
    ("connections/listing_by_number", {"pvt_type": "connection", "numbers": "100"}, []),
    ("connections/listing", {"pvt_type": "connection"}, [("d", None)]),
    ("callcontrol_media/listing_by_name", {"pvt_type": "media", "name": "hi"}, [("hi", None)]),
    ("callcontrol_media/listing_by_name", {"pvt_type": "media", "name": 5}, []),
    ("callcontrol_media/listing_by_name", {"pvt_type": "media", "name": "hi", "pvt_deleted": True}, []),
    (
        "callcontrol_recordings/listing",
        {
            "pvt_type": "call_recording",
            "pvt_created": 5,
            "call_id": "old",
            "caller_id_number": "+1555",
            "to": "100@a.example",
            "duration_ms": 1500,
            "callflows": {
                "recording_id": "r",
                "uuid": "leg",
                "sip_call_id": "c@a",
                "tags": {"call_session_id": "s", "connection_id": "crm"},
                "started_at_us": 7_000_000,
                "transcript": {"text": "", "failed": ""},
            },
        },
        [
            (["all", "", 5, "d"], None),
            (["id", "r", 5, "d"], None),
            (["leg", "leg", 5, "d"], None),
            (["session", "s", 5, "d"], None),
            (["connection", "crm", 5, "d"], None),
            (["from", "+1555", 5, "d"], None),
            (["to", "100", 5, "d"], None),
            (["sip", "c@a", 5, "d"], None),
            (["started", "", 7_000_000, "d"], None),
            (["ended", "", 8_500_000, "d"], None),
            (["transcript", "", 5, "d"], None),
        ],
    ),
    ("callcontrol_recordings/listing", {"pvt_type": "call_recording", "call_id": "c", "pvt_created": 5}, []),
    (
        "callcontrol_recordings/listing",
        {
            "pvt_type": "call_recording",
            "pvt_created": 5,
            "duration_ms": 1500,
            "callflows": {
                "recording_id": "r",
                "started_at_us": 7_000_000,
                "timeline": [
                    {"at_us": 7_500_000, "what": "ended", "segment": "1"},
                    {"at_us": 9_900_000, "what": "ended", "segment": "2"},
                    {"at_us": 9_900_000, "what": "trimmed"},
                ],
            },
        },
        [
            (["all", "", 5, "d"], None),
            (["id", "r", 5, "d"], None),
            (["started", "", 7_000_000, "d"], None),
            (["ended", "", 9_900_000, "d"], None),
        ],
    ),
]


@pytest.mark.parametrize(("view", "document", "rows"), ROWS)
def test_rows(view: str, document: dict[str, Any], rows: list[tuple[Any, Any]]) -> None:
    """What a document says, and that a softly deleted one says nothing."""
    assert VIEWS[view].rows({"_id": "d", **document}) == rows
    assert VIEWS[view].rows({"_id": "d", **document, "pvt_deleted": True}) == []


def test_every_view_is_tried() -> None:
    """A new view comes with its words."""
    assert {view for view, _, _ in ROWS} == set(VIEWS)


@given(st.sampled_from(ODD_DOCUMENTS), st.sampled_from(ODD_DOCUMENTS))
def test_no_document_breaks_a_view(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Whatever was mixed up in it."""
    for view in VIEWS.values():
        json.dumps(view.rows({**one, **other, "_id": "d"}), allow_nan=False)


def test_design_documents_of_an_account() -> None:
    """One for each design, marked as ours, in a language every CouchDB speaks."""
    designs = {design["_id"]: design for design in design_documents(DatabaseKind.ACCOUNT)}
    assert set(designs["_design/callflows"]["views"]) == {"listing_by_number", "listing_by_pattern"}
    assert all(is_ours(design) for design in designs.values())
    assert not is_ours({"_id": "_design/callflows", "views": {}})
    for design in designs.values():
        for view in design["views"].values():
            assert "=>" not in view["map"]
            assert "let " not in view["map"]


def test_databases_without_views() -> None:
    """Configuration and numbers are read by id only."""
    assert views_of(DatabaseKind.SYSTEM_CONFIG) == []
    assert design_documents(DatabaseKind.NUMBERS) == []


def test_an_unknown_view() -> None:
    """It is not there, and that is all there is to say."""
    with pytest.raises(NotFound):
        known_view("account/demo", "no/such")
