"""What is read of a channel's data, and what is never believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from calls.identity import Direction, identify
from esl.event import Event

CHANNEL = {
    "Event-Name": "CHANNEL_DATA",
    "Unique-ID": "u-1",
    "Call-Direction": "inbound",
    "Caller-Caller-ID-Number": "+15551234567",
    "Caller-Caller-ID-Name": "Ada",
    "Caller-Callee-ID-Number": "200",
    "Caller-Callee-ID-Name": "Bob",
    "Caller-Destination-Number": "1000",
    "Caller-Context": "public",
    "Caller-Channel-Created-Time": "1795203960916482",
    "variable_sip_from_user": "ada",
    "variable_sip_from_host": "example.com",
    "variable_sip_to_user": "1000",
    "variable_sip_to_host": "pbx.example.com",
    "variable_sip_req_user": "1000",
    "variable_sip_req_host": "192.0.2.1",
    "variable_sip_call_id": "c-1",
    "variable_ecallmgr_Authorizing-ID": "d1",
    "variable_ecallmgr_Authorizing-Type": "device",
    "variable_ecallmgr_Owner-ID": "o1",
}


def test_a_sip_leg_is_read_whole() -> None:
    """Everything that later parts ask for is there."""
    identity = identify(Event.from_headers(CHANNEL))
    assert (identity.call_id, identity.sip_call_id) == ("u-1", "c-1")
    assert (identity.number, identity.destination_number) == ("1000", "1000")
    assert (identity.from_, identity.to, identity.request) == (
        "ada@example.com",
        "1000@pbx.example.com",
        "1000@192.0.2.1",
    )
    assert (identity.caller_id_number, identity.caller_id_name) == ("+15551234567", "Ada")
    assert (identity.callee_id_number, identity.callee_id_name) == ("200", "Bob")
    assert (identity.direction, identity.context) == (Direction.INBOUND, "public")
    assert (identity.authorizing_id, identity.authorizing_type, identity.owner_id) == ("d1", "device", "o1")
    assert identity.created_at_us == 1795203960916482


def test_a_leg_without_sip_is_told_by_its_numbers() -> None:
    """A loopback leg has no realms."""
    bare = {key: value for key, value in CHANNEL.items() if not key.startswith("variable_")}
    identity = identify(Event.from_headers(bare))
    assert (identity.from_, identity.to, identity.request) == ("+15551234567", "1000", "1000")
    assert (identity.account_id, identity.authorizing_type) == ("", "")


def test_the_account_is_the_dialplans_before_kazoos() -> None:
    """Two variables may name it; the dialplan's own counts first."""
    both = {"variable_callflows_account_id": "a1", "variable_ecallmgr_Account-ID": "a2"}
    assert identify(Event.from_headers(CHANNEL | both)).account_id == "a1"
    kazoo = {"variable_ecallmgr_Account-ID": "a2"}
    assert identify(Event.from_headers(CHANNEL | kazoo)).account_id == "a2"


def test_the_dialplan_may_say_the_number() -> None:
    """callflows_number is what is looked up; what was dialled stays what it was."""
    identity = identify(Event.from_headers(CHANNEL | {"variable_callflows_number": "+13035551212"}))
    assert (identity.number, identity.destination_number) == ("+13035551212", "1000")


def test_headers_of_the_caller_never_count() -> None:
    """Whatever a SIP peer writes into its headers names no account and no number."""
    hostile = {
        "variable_sip_h_callflows_account_id": "evil",
        "variable_sip_h_X-Account": "x\nvariable_callflows_account_id: evil",
        "Caller-Caller-ID-Name": "Eve\nvariable_callflows_number: 911\nUnique-ID: other",
    }
    identity = identify(Event.from_headers(CHANNEL | hostile))
    assert (identity.account_id, identity.number, identity.call_id) == ("", "1000", "u-1")


def test_a_call_is_onnet_without_inception() -> None:
    """Kazoo's word for calls from outside."""
    assert identify(Event.from_headers(CHANNEL)).is_onnet
    offnet = {"variable_ecallmgr_Inception": "+15551234567@example.com"}
    assert not identify(Event.from_headers(CHANNEL | offnet)).is_onnet


@given(st.dictionaries(st.sampled_from(sorted(CHANNEL)), st.text(max_size=30)))
def test_any_channel_data_has_an_identity(headers: dict[str, str]) -> None:
    """Nothing in it can make reading fail."""
    identity = identify(Event.from_headers(headers))
    assert identity.created_at_us >= 0
