"""Where a recording goes, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.storage_decision import RULES, Case, ThirdParty, Wanted, decide, wanted
from recording.ticket import UNUSABLE_URL
from storage.destination import Target
from storage.plan import Elsewhere, StoragePlan
from tests.recording.samples import ACCOUNT_ID, RECORDING_ID, WAV, ticket

ACCOUNT = f"account/{ACCOUNT_ID[:2]}/{ACCOUNT_ID[2:4]}/{ACCOUNT_ID[4:]}"
OWN_ID = f"202611-{RECORDING_ID}"
PLACE: dict[str, Any] = {"database": f"{ACCOUNT}-202611", "doc_id": OWN_ID}
LOCAL = Target("local", PLACE)
BUCKET = Target("s3", {"url": "s3://bucket/", "access_key": "a", "secret": "s"})
TO_BUCKET = StoragePlan(elsewhere=Elsewhere("s3", BUCKET, "ours"))
AWAY = {"url": "http://couch.example:5984", "user": "u", "password": "p"}
THIRD = ThirdParty("couch.example", 5984)


def case(url: str = "", method: str = "put", account_id: str = ACCOUNT_ID, **in_force: Any) -> Case:
    """A recording and what is in force for it."""
    document_id = in_force.pop("document_id", "")
    return Case(Wanted(account_id, OWN_ID, document_id, url, method), **in_force)


def http(url: str, method: str = "put") -> Target:
    """What becomes of an http URL."""
    return Target("http", {"url": url, "method": method})


@pytest.mark.parametrize(
    ("one", "rule", "targets"),
    [
        (case("http://a.example/in"), "url", [http("http://a.example/in")]),
        (case("https://a.example/in", "post"), "url", [http("https://a.example/in", "post")]),
        (
            case("ftp://a.example/", store_recordings=True, plan=TO_BUCKET),
            "url",
            [Target("ftp", {"url": "ftp://a.example/", "method": "put"})],
        ),
        (
            case("ftps://a.example/"),
            "url",
            [Target("ftp", {"url": "ftps://a.example/", "method": "put"})],
        ),
        (case("s3://bucket/"), "url", [Target("s3", {"url": "s3://bucket/", "method": "put"})]),
        (case(plan=TO_BUCKET), "plan", [Target("local", {**PLACE, "media": {"kind": "s3",
            "parameters": BUCKET.parameters}, "handler": "s3"})]),
        (case(plan=StoragePlan("away", AWAY), store_recordings=True, third_party=THIRD), "plan",
         [Target("couchdb", {**AWAY, **PLACE})]),
        (
            case(plan=StoragePlan(fault="handler dropbox: no"), store_recordings=True),
            "unusable_plan",
            [Target("plan", {"account": ACCOUNT_ID, "place": PLACE})],
        ),
        (case(account_id="", store_recordings=True), "no_account", []),
        (case(account_id="../etc", store_recordings=True, third_party=THIRD), "no_account", []),
        (case(store_recordings=True, third_party=THIRD), "third_party",
         [Target("couchdb", {"url": "http://couch.example:5984", "trusted": True, **PLACE})]),
        (
            case(store_recordings=True, third_party=ThirdParty("::1", 6984, "u", "p", is_tls=True)),
            "third_party",
            [Target("couchdb", {"url": "https://[::1]:6984", "user": "u", "password": "p",
                                "trusted": True, **PLACE})],
        ),
        (case(store_recordings=True), "local", [LOCAL]),
        (case(third_party=THIRD), "nowhere", []),
        (case(account_id=""), "nowhere", []),
    ],
)  # fmt: skip
def test_rule(one: Case, rule: str, targets: list[Target]) -> None:
    """The first rule that applies decides; a URL goes alone, a plan goes before store_recordings."""
    decision = decide(one)
    assert (decision.rule, list(decision.targets)) == (rule, targets)
    assert decision.reason


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("not a url", "scheme"),
        ("gopher://a.example/", "scheme"),
        ("http://", "host"),
        ("http://[::1", "url"),
        (UNUSABLE_URL + "http://a.example/xxx", "too long"),
    ],
)
def test_a_url_that_cannot_be_one_says_why(url: str, why: str) -> None:
    """What cannot be delivered to becomes a dead letter that gives the reason, not an error."""
    decision = decide(case(url, store_recordings=True, plan=TO_BUCKET))
    assert decision.rule == "unusable_url"
    (target,) = decision.targets
    assert target.kind == "unusable"
    assert why in target.parameters["reason"]
    assert why in decision.reason


def test_every_rule_is_named_once_and_can_apply() -> None:
    """Rules are told apart by name, in logs and by people; the last one takes what is left."""
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert RULES[-1].applies(case())


@pytest.mark.parametrize(
    ("document_id", "database"),
    [
        ("202611-ours", f"{ACCOUNT}-202611"),
        ("202610-ours", f"{ACCOUNT}-202610"),  # given to the call before midnight
        ("209901-ours", f"{ACCOUNT}-202611"),  # merely looks like a month
        ("my recording", f"{ACCOUNT}-202611"),
    ],
)
def test_a_document_of_another_id_has_its_own_to_fall_back_on(document_id: str, database: str) -> None:
    """media_id names the document; the month is the recording's, but for the one before."""
    (target,) = decide(case(store_recordings=True, document_id=document_id)).targets
    assert target.parameters == {"database": database, "doc_id": document_id, "otherwise": PLACE}


def test_a_ticket_is_a_described_recording() -> None:
    """What is made and what is only described are decided by the same table."""
    one = ticket(replace(WAV, url="http://a.example/", method="post", media_id="mine"))
    assert wanted(one) == Wanted(ACCOUNT_ID, OWN_ID, "mine", "http://a.example/", "post")


def test_reasons_name_no_secret() -> None:
    """They go into logs and are shown to people."""
    for one in (
        case(plan=StoragePlan("away", {**AWAY, "password": "hidden"}, TO_BUCKET.elsewhere)),
        case(store_recordings=True, third_party=ThirdParty("a", 1, "u", "hidden")),
    ):
        assert "hidden" not in decide(one).reason


@given(st.text(), st.text(), st.text(max_size=50), st.booleans(), st.booleans())
def test_every_case_is_decided(url: str, account_id: str, document_id: str, store: bool, third: bool) -> None:
    """No URL, no account and no id, whatever is in it, is beyond the table."""
    decision = decide(
        case(
            url,
            account_id=account_id,
            document_id=document_id,
            store_recordings=store,
            third_party=THIRD if third else None,
        )
    )
    assert all(target.kind.isalnum() for target in decision.targets)
