"""Recordings that documents ask for: started before the first action, and never in the call's way."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from callflows.automatic_recording import endpoint_of, request_for
from callflows.recording_policy import Leg, Network, Ruling, Source, ruling_for_callee
from recording.request import AudioFormat
from storage.document import Document
from storage.errors import StoreUnavailable
from tests.callflows.kit import ACCOUNT, House, node
from tests.calls.scripted_switch import ScriptedSwitch

YES = {"any": {"any": {"enabled": True}}}


def call(house: House, number: str = "1000", **variables: str) -> list[str]:
    """Make a call; returns the origins of what was recorded, in order."""
    named = {f"ecallmgr_{key.replace('_', '-')}": value for key, value in variables.items()}
    switch = ScriptedSwitch({"callflows_account_id": ACCOUNT, **named}, Caller_Destination_Number=number)
    house.recorder.started.clear()
    house.runner().handle(switch.session)
    return [one.request.origin for one in house.recorder.started]


@pytest.fixture
def office(house: House) -> House:
    """An account, a user, her device, two callflows."""
    house.save({"_id": ACCOUNT, "pvt_type": "account"}, "accounts")
    house.save({"_id": "u", "pvt_type": "user"})
    house.save({"_id": "d", "pvt_type": "device", "owner_id": "u"})
    house.callflow("main", node("record_call", {"action": "start"}, _=node("answer")), numbers=["1000"])
    house.callflow("out", node("answer"), numbers=["no_match"])
    return house


def change(house: House, doc_id: str, database: str = "", **fields: Any) -> None:
    """Change a document."""
    place = database or f"account/aa/aa/{'a' * 28}"
    house.save({**house.store.get(place, doc_id), **fields}, place)


def test_without_settings_only_the_node_records(office: House) -> None:
    """Nothing is recorded that nobody asked for."""
    assert call(office, Authorizing_ID="d") == ["callflow : main"]


def test_account_and_caller_are_recorded_before_the_first_action(office: House) -> None:
    """Each by its own recording; a stop of the callflow takes the newest, which is its own."""
    change(office, ACCOUNT, "accounts", call_recording={"account": YES})
    change(office, "u", call_recording=YES)
    assert call(office, Authorizing_ID="d") == [
        "inbound from onnet to account",
        "outbound to onnet from endpoint",
        "callflow : main",
    ]
    assert [one.request.follow_transfer for one in office.recorder.started] == [False, False, True]
    assert office.reports[-1].recordings == tuple(one.id for one in office.recorder.started)


def test_no_match_is_to_the_outside(office: House) -> None:
    """The caller's outbound.offnet counts."""
    change(office, "d", call_recording={"outbound": {"offnet": {"enabled": True, "format": "wav"}}})
    assert call(office, "4000", Authorizing_ID="d", Authorizing_Type="device") == [
        "outbound to offnet from endpoint"
    ]
    assert office.recorder.started[0].request.format is AudioFormat.WAV
    assert call(office, Authorizing_ID="d") == ["callflow : main"]


def test_calls_from_outside_are_the_accounts_alone(office: House) -> None:
    """Endpoints record those where they are called."""
    change(office, ACCOUNT, "accounts", call_recording={"account": YES, "endpoint": YES})
    found = call(office, Authorizing_ID="d", Authorizing_Type="resource", Inception="+13035550100")
    assert found == ["inbound from offnet to account", "callflow : main"]


def test_a_forwarded_call_is_left_to_the_legs_it_makes(office: House) -> None:
    """The setting of the endpoint that forwards it counts, as of a call to it."""
    change(office, "u", call_recording=YES)
    with capture_logs() as logs:
        found = call(office, Authorizing_ID="d", Call_Forward="true", Call_Forward_From="offnet")
    assert found == ["callflow : main"]
    (line,) = [line for line in logs if line["event"] == "recording_left_to_legs"]
    assert line["rule"] == "endpoint.inbound.offnet"


@pytest.mark.parametrize(
    ("endpoint_id", "reason"),
    [
        ("", "no endpoint of ours"),
        ("gone", "no document gone"),
        ("off", "device off is disabled"),
        ("main", "main is a callflow"),
        ("d", ""),
        ("u", ""),
        ("hot", ""),
        ("alone", ""),
        (ACCOUNT, ""),
    ],
)
def test_the_caller_is_looked_up(office: House, endpoint_id: str, reason: str) -> None:
    """A device under its user, a user, the account itself; others ask for nothing."""
    office.save({"_id": "off", "pvt_type": "device", "enabled": False})
    office.save({"_id": "hot", "pvt_type": "device", "owner_id": "gone", "hotdesk": {"users": {"u": {}}}})
    office.save({"_id": "alone", "pvt_type": "device", "owner_id": "gone"})
    found = endpoint_of(office.facilities.library, Source("account"), ACCOUNT, endpoint_id)
    assert reason in found.why_none
    assert bool(reason) == bool(found.why_none)
    assert (found.user.name == "user u") == (endpoint_id in ("d", "u", "hot"))
    assert (found.device.name != "") == (endpoint_id in ("d", "hot", "alone"))


def test_a_leg_that_is_called_begins_with_its_answer(office: House) -> None:
    """Whatever its parameters say; and it follows a transfer only if they say so."""
    change(office, "u", call_recording={"inbound": {"any": {"enabled": True, "record_on_bridge": True}}})
    caller = endpoint_of(office.facilities.library, Source("account"), ACCOUNT, "d")
    config = office.config.for_account(ACCOUNT)
    ruling = ruling_for_callee(Network.OFFNET, caller)
    request = request_for(ruling, config)
    assert (request.on_answer, request.on_bridge, request.follow_transfer) == (True, False, False)
    kept = Ruling(Leg.CALLER, "x", is_on=True, reason="", parameters={"should_follow_transfer": True})
    assert request_for(kept, config).follow_transfer


def test_parameters_that_cannot_be_used_cost_no_recording(office: House) -> None:
    """The defaults are taken."""
    settings = {"enabled": True, "format": 5, "time_limit": "long", "url": [], "record_sample_rate": 7}
    change(office, ACCOUNT, "accounts", call_recording={"account": {"any": {"any": settings}}})
    assert "inbound from onnet to account" in call(office)
    assert office.recorder.started[0].request.time_limit_s == 10800


def test_a_store_that_is_away_costs_only_the_callers_recording(
    office: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account's document is known by then."""
    change(office, ACCOUNT, "accounts", call_recording={"account": YES})
    original = office.facilities.library.find

    def find(library: Any, database: str, doc_id: str) -> Document | None:
        if doc_id == "d":
            raise StoreUnavailable("the store is away")
        return original(database, doc_id)

    monkeypatch.setattr("callflows.library.Library.find", find)
    with capture_logs() as logs:
        found = call(office, Authorizing_ID="d")
    assert found == ["inbound from onnet to account", "callflow : main"]
    assert "recording_policy_unknown" in [line["event"] for line in logs]
