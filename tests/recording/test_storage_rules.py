"""What is in force for a recording: the account's configuration, its plan, or that nobody can say now."""

from __future__ import annotations

from typing import Any

import pytest

from recording.storage_decision import ThirdParty, Wanted
from recording.storage_rules import NoPlans, StorageRules
from storage.errors import StoreUnavailable
from storage.plan import StoragePlan
from tests.recording.samples import ACCOUNT_ID, RECORDING_ID, Values

OWN_ID = f"202611-{RECORDING_ID}"
WANTED = Wanted(ACCOUNT_ID, OWN_ID)


class ByAccount:
    """A configuration in which one account differs."""

    def __init__(self, **changes: Any) -> None:
        self.changes = {("media", name): value for name, value in changes.items()}

    def for_account(self, account_id: str) -> Values:
        """What that account sees, and what all others do."""
        return Values(self.changes if account_id == ACCOUNT_ID else {})


class Away:
    """Plans whose store does not answer."""

    def of(self, account_id: str) -> StoragePlan:
        """Fail."""
        raise StoreUnavailable(f"no answer about {account_id}")


def test_the_accounts_own_configuration_counts() -> None:
    """One account's recordings are stored, another's are not."""
    rules = StorageRules(ByAccount(store_recordings=True), NoPlans())
    assert rules.decide(WANTED).rule == "local"
    assert rules.decide(Wanted("f" * 32, OWN_ID)).rule == "nowhere"


@pytest.mark.parametrize(
    ("host", "third"),
    [
        ("couch.example", ThirdParty("couch.example", 5984, "u", "p", is_tls=True)),
        ("[::1]", ThirdParty("::1", 5984, "u", "p", is_tls=True)),
        ("couch.example:6000", ThirdParty("couch.example", 6000, "u", "p", is_tls=True)),
        ("::1", ThirdParty("::1", 5984, "u", "p", is_tls=True)),
        ("", None),
        (None, None),
    ],
)
def test_the_third_party_is_read_as_people_write_it(host: str | None, third: ThirdParty | None) -> None:
    """With brackets, without, or with the port at its end."""
    config = ByAccount(
        store_recordings=True,
        third_party_bigcouch_host=host,
        third_party_bigcouch_user="u",
        third_party_bigcouch_password="p",
        third_party_bigcouch_https=True,
    )
    assert StorageRules(config, NoPlans()).case(WANTED).third_party == third


def test_what_cannot_be_known_now_is_said() -> None:
    """A default must not decide over an account whose plan cannot be read."""
    with pytest.raises(StoreUnavailable):
        StorageRules(ByAccount(), Away()).decide(WANTED)


def test_a_url_and_a_call_without_account_need_no_store() -> None:
    """They are decided while it is away."""
    rules = StorageRules(ByAccount(), Away())
    assert rules.decide(Wanted(ACCOUNT_ID, OWN_ID, url="http://a.example/")).rule == "url"
    assert rules.decide(Wanted("", OWN_ID)).rule == "nowhere"
