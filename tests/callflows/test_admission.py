"""Which calls are taken, for whom, and with which callflow (reference section 1.2)."""

from __future__ import annotations

from typing import Any

import pytest

from callflows.admission import Admission
from callflows.errors import CallNotTaken
from callflows.own_program import flow_of_owned
from callflows.registry import discover
from tests.callflows.kit import ACCOUNT, House, node
from tests.calls.scripted_switch import ScriptedSwitch

OTHER = "b" * 32
DEVICE = {"ecallmgr_Account-ID": ACCOUNT, "ecallmgr_Authorizing-Type": "device"}


def admit(
    house: House, number: str, variables: dict[str, str], default: str = "", **headers: str
) -> tuple[str, str]:
    """Admit a call; returns the account and the callflow."""
    admission = Admission(house.facilities.library, house.facilities.lookup, house.config, default)
    call = ScriptedSwitch(variables, Caller_Destination_Number=number, **headers).call()
    found, _ = admission.admit(call)
    return call.account_id, found.flow.doc_id


@pytest.fixture
def house(house: House) -> House:
    """An account with a number, an extension, and a way out."""
    house.callflow("public", node("noop"), numbers=["+13035551212", "1000"])
    house.callflow("out", node("noop"), numbers=["no_match"])
    house.save({"_id": "+13035551212", "pvt_assigned_to": ACCOUNT}, "numbers/+1303")
    house.save({"_id": "+13035550000", "pvt_assigned_to": OTHER}, "numbers/+1303")
    return house


@pytest.mark.parametrize(
    ("number", "variables", "default", "expected"),
    [
        ("1000", {"callflows_account_id": ACCOUNT}, "", "public"),
        ("1000", {"callflows_account_id": ACCOUNT, "ecallmgr_Account-ID": OTHER}, OTHER, "public"),
        ("1000", {"ecallmgr_Account-ID": ACCOUNT}, OTHER, "public"),
        ("+13035551212", {}, OTHER, "public"),
        ("13035551212", {}, OTHER, "public"),
        ("1000", {}, ACCOUNT, "public"),
        ("3035551212", {"ecallmgr_Account-ID": ACCOUNT}, "", "public"),
        ("1234", {"callflows_number": "1000", "callflows_account_id": ACCOUNT}, "", "public"),
        ("4000", DEVICE, "", "out"),
    ],
)
def test_account_and_callflow_are_found(
    house: House, number: str, variables: dict[str, str], default: str, expected: str
) -> None:
    """Dialplan, Kazoo, the number's document, the default, in this order."""
    assert admit(house, number, variables, default) == (ACCOUNT, expected)


class Owners:
    """A connection that owns some numbers."""

    def __init__(self, *numbers: str) -> None:
        self.numbers = numbers

    def owns(self, account_id: str, number: str) -> bool:
        """Whether it is one of them, of the account."""
        return account_id == ACCOUNT and number in self.numbers


@pytest.mark.parametrize(
    ("number", "owned", "expected"),
    [
        ("4000", "4000", "call_control"),  # before no_match
        ("*99", "*99", "call_control"),
        ("3035550077", "+13035550077", "call_control"),
        ("1000", "1000", "noop"),  # a callflow's own number stays its own
        ("4000", "4001", "noop"),  # of no_match
    ],
)
def test_a_number_that_a_connection_owns(house: House, number: str, owned: str, expected: str) -> None:
    """It goes to call control where no callflow names it, ahead of no_match, whoever calls."""
    owners = (Owners(owned), flow_of_owned(discover()))
    admission = Admission(house.facilities.library, house.facilities.lookup, house.config, owned=owners)
    variables = DEVICE if expected == "noop" else {"callflows_account_id": ACCOUNT}
    call = ScriptedSwitch(variables, Caller_Destination_Number=number).call()
    found, _ = admission.admit(call)
    assert found.flow.root.module == expected
    assert not (found.is_no_match and expected == "call_control")


@pytest.mark.parametrize(
    ("number", "variables", "reason"),
    [
        ("1000", {}, "no_account"),
        ("1000", {"callflows_account_id": "../etc"}, "no_account"),
        ("1000", {"sip_h_callflows_account_id": ACCOUNT}, "no_account"),
        ("4000", {"callflows_account_id": OTHER}, "no_callflow"),
        ("*99", DEVICE, "no_callflow"),
        ("4000", {"callflows_account_id": ACCOUNT}, "no_match_refused"),
        ("4000", {**DEVICE, "ecallmgr_Authorizing-Type": "resource"}, "no_match_refused"),
        ("4000", {**DEVICE, "ecallmgr_Authorizing-Type": "sys_info"}, "no_match_refused"),
        ("1000", {**DEVICE, "ecallmgr_Authorizing-Type": "pizza"}, "authorizing_type_unknown"),
    ],
)
def test_what_is_not_ours_is_refused_with_its_answer(
    house: House, number: str, variables: dict[str, str], reason: str
) -> None:
    """Each with a word for the log and a status for the caller."""
    with pytest.raises(CallNotTaken) as caught:
        admit(house, number, variables)
    assert (caught.value.reason, caught.value.sip_code) == (reason, 404)


@pytest.mark.parametrize("field", [{"enabled": False}, {"pvt_enabled": False}])
def test_a_disabled_account_may_not_call(house: House, field: dict[str, Any]) -> None:
    """Forbidden, rather than unknown."""
    house.save({"_id": ACCOUNT, **field}, "accounts")
    with pytest.raises(CallNotTaken) as caught:
        admit(house, "1000", DEVICE)
    assert (caught.value.reason, caught.value.sip_code) == ("account_disabled", 403)


@pytest.mark.parametrize(
    ("variables", "taken"),
    [
        ({"sip_authorized": "true"}, True),
        ({"sip_authorized": "false"}, False),
        ({"ecallmgr_Referred-By": "<sip:ada@example.com>"}, True),
        ({"ecallmgr_Redirected-By": "<sip:ada@example.com>;x=1"}, True),
        ({"ecallmgr_Referred-By": "<sip:eve@example.com>"}, False),
        ({"ecallmgr_Referred-By": "nobody"}, False),
    ],
)
def test_only_known_callers_reach_no_match(house: House, variables: dict[str, str], *, taken: bool) -> None:
    """Authenticated by FreeSWITCH, or sent by a phone of the account."""
    house.save(
        {
            "_id": "d1",
            "pvt_type": "device",
            "owner_id": "u1",
            "sip": {"username": "ada", "method": "password"},
        }
    )
    given = {"callflows_account_id": ACCOUNT, **variables}
    if taken:
        assert admit(house, "4000", given) == (ACCOUNT, "out")
    else:
        with pytest.raises(CallNotTaken):
            admit(house, "4000", given)


def test_contexts_may_be_trusted_by_configuration(tmp_path: Any) -> None:
    """callflow.authz_contexts, when overrides are allowed at all."""
    for allowed in (True, False):
        settings = {"allow_authz_context_overrides": allowed, "authz_contexts": ["inside"]}
        house = House(tmp_path / str(allowed), {"callflow": settings})
        house.callflow("out", node("noop"), numbers=["no_match"])
        try:
            found = admit(house, "4000", {"callflows_account_id": ACCOUNT}, Caller_Context="inside")
            assert allowed
            assert found == (ACCOUNT, "out")
        except CallNotTaken:
            assert not allowed
        finally:
            house.close()


def test_the_accounts_dial_plan_is_applied(house: House) -> None:
    """Local numbers become public ones."""
    house.save({"_id": ACCOUNT, "dial_plan": {r"^(\d{7})$": {"prefix": "+1303"}}}, "accounts")
    assert admit(house, "5551212", DEVICE) == (ACCOUNT, "public")
