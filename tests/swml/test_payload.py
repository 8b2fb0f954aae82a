"""What is said of a call: to expressions, and to servers."""

from __future__ import annotations

import json

import pytest

from swml.payload import call_data, call_source
from tests.calls.scripted_switch import UUID, ScriptedSwitch
from tests.swml.scripts import Scripts

SIP = {
    "sip_call_id": "abc@host",
    "sip_from_user": "alice",
    "sip_from_host": "example.test",
    "sip_from_uri": "alice@example.test",
    "sip_to_user": "100",
    "sip_to_host": "pbx.test",
    "sip_contact_params": "transport=tcp;ob",
    "sip_h_X-Customer": "42",
    "sip_h_P-Evil": "a\nvariable_callflows_account_id: b",
}


def test_a_sip_call_is_told_with_its_headers(scripts: Scripts) -> None:
    """Which are data, line breaks and all; and with what FreeSWITCH knows of its addresses."""
    switch = ScriptedSwitch(SIP, Caller_Caller_ID_Number="alice", Caller_Destination_Number="100")
    data = call_data(switch.call(), scripts.facilities)
    assert data == {
        "call_id": UUID,
        "node_id": "node-1",
        "segment_id": UUID,
        "call_state": "created",
        "direction": "inbound",
        "type": "sip",
        "from": "sip:alice@example.test",
        "to": "sip:100@pbx.test",
        "from_number": "alice",
        "to_number": "100",
        "headers": [
            {"name": "P-Evil", "value": "a\nvariable_callflows_account_id: b"},
            {"name": "X-Customer", "value": "42"},
        ],
        "project_id": "project-1",
        "space_id": "space-1",
        "sip_data": {
            "sip_from_host": "example.test",
            "sip_from_uri": "alice@example.test",
            "sip_from_user": "alice",
            "sip_to_host": "pbx.test",
            "sip_to_user": "100",
            "sip_contact_params": {"transport": "tcp", "ob": ""},
        },
    }
    json.dumps(data)


@pytest.mark.parametrize(
    ("variables", "number", "kind", "party"),
    [
        ({}, "+15551230000", "phone", "+15551230000"),
        ({**SIP, "sip_gateway": "trunk"}, "+15551230000", "phone", "+15551230000"),
        (SIP, "+15551230000", "sip", "sip:alice@example.test"),
        ({**SIP, "sip_via_protocol": "wss"}, "alice", "webrtc", "alice"),
    ],
)
def test_calls_are_of_three_kinds(
    scripts: Scripts, variables: dict[str, str], number: str, kind: str, party: str
) -> None:
    """What comes over a trunk is a telephone's."""
    data = call_data(ScriptedSwitch(variables, Caller_Caller_ID_Number=number).call(), scripts.facilities)
    assert (data["type"], data["from"], "sip_data" in data) == (kind, party, kind == "sip")


def test_the_state_of_a_call_is_what_it_is_now(scripts: Scripts) -> None:
    """The rest does not change."""
    switch = ScriptedSwitch()
    call = switch.call()
    current = call_source(call, scripts.facilities)
    assert current()["call_state"] == "created"
    switch.event("CHANNEL_ANSWER", Answer_State="answered")
    assert call.wait_for(lambda: call.is_answered, 5)
    assert current()["call_state"] == "answered"
    switch.event("CHANNEL_HANGUP", Hangup_Cause="NORMAL_CLEARING")
    assert call.wait_ended(5)
    assert current()["call_state"] == "ended"
