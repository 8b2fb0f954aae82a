"""Where a recording goes, as one table of rules; the first that applies decides.

| rule | when | where |
|---|---|---|
| url | the request names a URL with a scheme that a destination has | there |
| unusable_url | the request names anything else | a dead letter: kept here, and said why |
| plan | a storage plan of the account says other than "all of it here" | where the plan says |
| unusable_plan | there is such a plan, but it cannot be used | a dead letter; a retry asks the plan again |
| no_account | store_recordings is on, the call belongs to no account | nowhere; the file stays here |
| third_party | store_recordings is on, third_party_bigcouch_host is set | that CouchDB, as for local |
| local | store_recordings is on | the account's database of the month, as attachment |
| nowhere | none of these | nowhere; the file stays here |

A URL goes alone, as in Kazoo: who wants both gives a second recording. What is in force for the account is
looked up by recording.storage_rules.

Source: Kazoo media_recording (should_store_recording) for 4.x, wh_media_recording for the third party (3.22);
reference section 3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from recording.ticket import UNUSABLE_URL, Ticket
from storage import media_url, names, plan_targets
from storage.destination import Target
from storage.errors import BadName
from storage.plan import NO_PLAN, StoragePlan

UNUSABLE = "unusable"
"""The kind of a target that is no place (storage.destinations.unusable)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a recording, made or only described.

    Attributes: own_id: `YYYYMM-<recording id>`, its month and the id of its document unless `document_id`
    names another; url, method: of the request, "" for none.
    """

    account_id: str
    own_id: str
    document_id: str = ""
    url: str = ""
    method: str = "put"


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """The CouchDB of `media.third_party_bigcouch_*`: host without brackets, user "" for none."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False

    @property
    def url(self) -> str:
        """Without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Case:
    """What decides: the recording, and what is in force for its account.

    Attributes: store_recordings: `media.store_recordings`; third_party: None for none; plan: the account's.
    """

    wanted: Wanted
    store_recordings: bool = False
    third_party: ThirdParty | None = None
    plan: StoragePlan = NO_PLAN

    @property
    def url_fault(self) -> str:
        """Why the URL names no place, "" when it does. What its destination lacks, that one says itself."""
        url = self.wanted.url
        if url.startswith(UNUSABLE_URL):
            return "url: it is too long"
        if _has_host(url) and media_url.kind_of(url):
            return ""
        return media_url.fault_of(url) or "url: names no host"

    @property
    def place(self) -> dict[str, Any]:
        """Database and document, as storage.document_delivery takes them. Raises: BadName."""
        wanted = self.wanted
        month = names.split_document_id(wanted.own_id)[0]
        own = {"database": names.modb(wanted.account_id, month), "doc_id": wanted.own_id}
        if wanted.document_id in ("", wanted.own_id):
            return own
        database = names.modb(wanted.account_id, names.month_for(wanted.document_id, month))
        return {"database": database, "doc_id": wanted.document_id, "otherwise": own}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    name: str
    applies: Callable[[Case], bool]
    targets: Callable[[Case], tuple[Target, ...]]
    reason: Callable[[Case], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a recording goes, by which rule and why, in words that name no secret."""

    rule: str
    targets: tuple[Target, ...]
    reason: str


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _given(case: Case) -> tuple[Target, ...]:
    wanted = case.wanted
    return (Target(media_url.kind_of(wanted.url), {"url": wanted.url, "method": wanted.method}),)


def _unusable(case: Case) -> tuple[Target, ...]:
    return (Target(UNUSABLE, {"url": case.wanted.url, "reason": case.url_fault}),)


def _planned(case: Case) -> tuple[Target, ...]:
    return (plan_targets.target_of(case.plan, case.place),)


def _to_be_mended(case: Case) -> tuple[Target, ...]:
    return (Target("plan", {"account": case.wanted.account_id, "place": case.place}),)


def _there(case: Case) -> tuple[Target, ...]:
    third = case.third_party
    if third is None:
        return ()
    login = {"user": third.user, "password": third.password} if third.user else {}
    return (Target("couchdb", {"url": third.url, **login, "trusted": True, **case.place}),)


def _here(case: Case) -> tuple[Target, ...]:
    return (Target("local", case.place),)


def _nothing(_: Case) -> tuple[Target, ...]:
    return ()


def has_account(ticket: Ticket) -> bool:
    """Whether the recording belongs to an account that can have a database."""
    return is_account(ticket.account_id)


def is_account(account_id: str) -> bool:
    """Whether an account of this id can have a database."""
    try:
        names.account_db(account_id)
    except BadName:
        return False
    return True


RULES: tuple[Rule, ...] = (
    Rule("url", lambda c: bool(c.wanted.url) and not c.url_fault, _given,
         lambda _: "the recording's own URL"),
    Rule("unusable_url", lambda c: bool(c.wanted.url), _unusable,
         lambda c: f"its URL cannot be used ({c.url_fault}): kept here as a dead letter"),
    Rule("plan", lambda c: c.plan.decides and not c.plan.fault, _planned,
         lambda c: f"the account's storage plan: {c.plan.described}"),
    Rule("unusable_plan", lambda c: c.plan.decides, _to_be_mended,
         lambda c: f"the account's storage plan cannot be used ({c.plan.fault}): kept here as a dead letter"),
    Rule("no_account", lambda c: c.store_recordings and not is_account(c.wanted.account_id), _nothing,
         lambda _: "media.store_recordings is on, but the call belongs to no account: the file stays here"),
    Rule("third_party", lambda c: c.store_recordings and c.third_party is not None, _there,
         lambda c: f"media.third_party_bigcouch_host is set: {c.third_party.url if c.third_party else ''}"),
    Rule("local", lambda c: c.store_recordings, _here, lambda _: "media.store_recordings is on"),
    Rule("nowhere", lambda _: True, _nothing,
         lambda _: "no URL, no storage plan, and media.store_recordings is off: the file stays here"),
)  # fmt: skip
"""The table of the module, in code."""


def wanted(ticket: Ticket) -> Wanted:
    """Return what decides of a recording that was made."""
    return Wanted(
        account_id=ticket.account_id,
        own_id=ticket.name.document_id,
        document_id=ticket.document_id,
        url=ticket.request.url,
        method=ticket.request.method,
    )


def decide(case: Case) -> Decision:
    """Return where a recording goes."""
    rule = next(rule for rule in RULES if rule.applies(case))
    return Decision(rule.name, rule.targets(case), rule.reason(case))
