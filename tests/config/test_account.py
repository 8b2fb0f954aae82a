"""Accounts see their own values, then their reseller's, then the system's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest

from config.system import SystemConfig

DEADLINE_S = 5.0
Edit = Callable[..., None]
Start = Callable[..., SystemConfig]
KEY = ("callflow", "max_branch_count")


@pytest.fixture
def family(source: Any) -> Any:
    """An account, its reseller and the system, each with a value of its own."""
    source.put("accounts", "a1", {"_id": "a1", "pvt_reseller_id": "r1"})
    source.put("accounts", "r1", {"_id": "r1", "pvt_reseller_id": "r1"})
    source.put("account/a1", "configs_callflow", {"_id": "configs_callflow", "max_branch_count": 1})
    source.put(
        "account/r1",
        "configs_callflow",
        {"pvt_type": "account_config", "max_branch_count": 2, "operator_key": "2"},
    )
    source.put(
        "system_config",
        "callflow",
        {"default": {"max_branch_count": 3, "operator_key": "3", "post_answer_delay": 3}},
    )
    return source


def test_each_key_is_looked_for_in_account_reseller_and_system(family: Any, started: Start) -> None:
    """An account's document does not hide its reseller's."""
    account = started().for_account("a1")
    assert account.get(*KEY) == 1
    assert account.get("callflow", "operator_key") == "2"
    assert account.get("callflow", "post_answer_delay") == 3
    assert account.get("callflow", "default_pin_length") == 10
    assert account.resolve(*KEY).origin == "account/a1/configs_callflow"
    assert account.resolve("callflow", "operator_key").origin == "account/r1/configs_callflow"


def test_a_reseller_is_its_own_account(family: Any, started: Start) -> None:
    """An account that names itself has no reseller over it."""
    assert started().for_account("r1").get(*KEY) == 2


@pytest.mark.parametrize("account_id", ["", "no such/../name", "x y"])
def test_what_is_no_account_sees_the_system(family: Any, started: Start, account_id: str) -> None:
    """Calls without account, and hostile ids, get the system's values and touch no database."""
    config = started()
    reads = dict(family.reads)
    assert config.for_account(account_id).get(*KEY) == 3
    assert family.reads == reads


@pytest.mark.parametrize("reseller", [None, 5, "", "../r1"])
def test_a_reseller_that_cannot_be_one_is_passed_over(family: Any, started: Start, reseller: object) -> None:
    """A mistake in an account document costs the reseller's values only."""
    family.put("accounts", "a1", {"pvt_reseller_id": reseller})
    account = started().for_account("a1")
    assert account.get(*KEY) == 1
    assert account.get("callflow", "operator_key") == "3"


def test_an_accounts_edits_are_in_force_at_once(family: Any, started: Start, edit: Edit) -> None:
    """Its own document, its reseller's and the choice of reseller are followed."""
    config = started()
    account = config.for_account("a1")
    assert account.get(*KEY) == 1
    edit(config, "account/a1", "configs_callflow", {"max_branch_count": 11})
    assert account.get(*KEY) == 11
    edit(config, "account/a1", "configs_callflow", None)
    assert account.get(*KEY) == 2
    edit(config, "account/r1", "configs_callflow", {"max_branch_count": 22})
    assert account.get(*KEY) == 22
    edit(config, "accounts", "a1", {})
    assert account.get(*KEY) == 3


def test_an_accounts_bad_value_keeps_its_last_good_one(
    family: Any, started: Start, edit: Edit, logged: list[Any]
) -> None:
    """The error names the account's document, and what is in force for that account."""
    config = started()
    account = config.for_account("a1")
    assert account.get(*KEY) == 1
    edit(config, "account/a1", "configs_callflow", {"max_branch_count": "x"})
    assert account.get(*KEY) == 1
    (entry,) = [entry for entry in logged if entry["event"] == "system_config_value_refused"]
    assert entry["document"] == "account/a1/configs_callflow"
    assert entry["in_force"] == "1 (account/a1/configs_callflow)"
    assert [problem.place for problem in config.health()] == ["account/a1/configs_callflow"]


def test_a_broken_account_document_keeps_the_last_reseller(
    family: Any, started: Start, edit: Edit, logged: list[Any]
) -> None:
    """Nothing changes for the account, and one error tells of it."""
    config = started()
    account = config.for_account("a1")
    assert account.get("callflow", "operator_key") == "2"
    family.broken.add(("accounts", "a1"))
    edit(config, "accounts", "a1", {})
    assert account.get("callflow", "operator_key") == "2"
    assert "account_document_broken" in [entry["event"] for entry in logged]


def test_a_call_does_not_wait_for_a_store_that_is_away(family: Any, started: Start) -> None:
    """The first question finds out, and every one is answered with the system's value at once."""
    config = started(account_wait_s=DEADLINE_S)
    family.is_down = True
    account = config.for_account("a1")
    began = time.monotonic()
    assert account.get(*KEY) == 3
    assert account.get(*KEY) == 3
    assert time.monotonic() - began < DEADLINE_S / 2
    assert config.health()


def test_a_call_waits_only_briefly_for_a_store_that_hangs(family: Any, started: Start) -> None:
    """Documents that come late are used from then on."""
    config = started(account_wait_s=0.01)
    family.gate.clear()
    account = config.for_account("a1")
    assert account.get(*KEY) == 3
    family.gate.set()
    assert config.settle(DEADLINE_S)
    assert account.get(*KEY) == 1


def test_an_account_in_use_is_read_once(family: Any, started: Start) -> None:
    """Further questions and further calls read nothing."""
    config = started()
    for _ in range(3):
        assert config.for_account("a1").get(*KEY) == 1
    assert family.reads["account/a1", "configs_callflow"] == 1
    assert family.reads["accounts", "a1"] == 1


def test_the_account_used_longest_ago_is_followed_no_longer(source: Any, started: Start) -> None:
    """Feeds are bounded; an account that comes back is read anew."""
    config = started(max_accounts=2)
    for number in (1, 2, 3):
        source.put(f"account/b{number}", "configs_callflow", {"max_branch_count": number})
        assert config.for_account(f"b{number}").get(*KEY) == number
    with gevent.Timeout(DEADLINE_S):
        while source.followers["account/b1"]:
            gevent.idle()
    assert len(source.followers["account/b3"]) == 1
    source.put("account/b1", "configs_callflow", {"max_branch_count": 9})
    assert config.for_account("b1").get(*KEY) == 9
