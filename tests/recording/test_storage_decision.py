"""Where a recording goes, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.storage_decision import RULES, Case, decide
from recording.ticket import UNUSABLE_URL
from storage.destination import Target
from tests.recording.samples import ACCOUNT_ID, RECORDING_ID, WAV, ticket

MONTH = f"account/{ACCOUNT_ID[:2]}/{ACCOUNT_ID[2:4]}/{ACCOUNT_ID[4:]}-202611"
LOCAL = Target("local", {"database": MONTH, "doc_id": f"202611-{RECORDING_ID}"})


def _http(url: str, method: str = "put") -> Target:
    return Target("http", {"url": url, "method": method})


def _case(url: str, method: str, account_id: str, *, store: bool) -> Case:
    return Case(ticket(replace(WAV, url=url, method=method), account_id=account_id), store)


@pytest.mark.parametrize(
    ("case", "rule", "targets"),
    [
        (_case("http://a.example/in", "put", ACCOUNT_ID, store=False), "url", [_http("http://a.example/in")]),
        (
            _case("https://a.example/in", "post", ACCOUNT_ID, store=True),
            "url",
            [_http("https://a.example/in", "post")],
        ),
        (
            _case("ftp://a.example/", "put", ACCOUNT_ID, store=True),
            "url",
            [Target("ftp", {"url": "ftp://a.example/", "method": "put"})],
        ),
        (
            _case("not a url", "put", ACCOUNT_ID, store=True),
            "unusable_url",
            [Target("unusable", {"url": "not a url", "method": "put"})],
        ),
        (_case("", "put", ACCOUNT_ID, store=True), "local", [LOCAL]),
        (_case("", "put", "", store=True), "no_account", []),
        (_case("", "put", "../etc", store=True), "no_account", []),
        (_case("", "put", ACCOUNT_ID, store=False), "nowhere", []),
        (_case("", "put", "", store=False), "nowhere", []),
    ],
)
def test_rule(case: Case, rule: str, targets: list[Target]) -> None:
    """The first rule that applies decides; a URL goes alone."""
    decision = decide(case)
    assert (decision.rule, list(decision.targets)) == (rule, targets)
    assert decision.reason


def test_every_rule_is_named_once() -> None:
    """Rules are told apart by name, in logs and by people."""
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    "url", [UNUSABLE_URL + "http://a.example/xxx", "http://", "http://[::1", "x" * 40 + "://a/"]
)
def test_url_that_cannot_be_one(url: str) -> None:
    """What cannot be delivered to becomes a dead letter, not an error."""
    assert decide(Case(ticket(replace(WAV, url=url)), store_recordings=True)).rule == "unusable_url"


@given(st.text(), st.text(), st.booleans())
def test_every_case_is_decided(url: str, account_id: str, store: bool) -> None:
    """No URL and no account, whatever is in it, is beyond the table."""
    decision = decide(Case(ticket(replace(WAV, url=url), account_id=account_id), store))
    assert all(target.kind.isalnum() for target in decision.targets)
