"""Where a recording goes, as one table of rules; the first that applies decides.

| rule | when | where |
|---|---|---|
| url | the request names a URL with a scheme that a destination can have | there |
| unusable_url | the request names anything else | a dead letter: kept here, and said why |
| no_account | store_recordings is on, the call belongs to no account | nowhere; the file stays here |
| local | store_recordings is on | the account's database of the month, as attachment |
| nowhere | none of these | nowhere; the file stays here |

A URL goes alone, as in Kazoo: who wants both gives a second recording. Whether a destination for a scheme is
there is the outbox's knowledge: a target it has none for becomes a dead letter, and is tried again when a
release brings one. (Storage plans and a third party's CouchDB are rules to come, between the URL and
store_recordings.)

Source: Kazoo media_recording (should_store_recording), reference section 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from recording.ticket import UNUSABLE_URL, Ticket
from storage import names
from storage.destination import Target
from storage.errors import BadName

_KIND = re.compile(r"[a-z][a-z0-9]{1,15}\Z")

_KINDS = {"https": "http"}
"""Schemes that share a destination's file; any other is its own kind."""

UNUSABLE = "unusable"
"""The kind of a target that no destination can have."""


@dataclass(frozen=True, slots=True)
class Case:
    """What decides: the recording, and `media.store_recordings` as it is in force."""

    ticket: Ticket
    store_recordings: bool

    @property
    def kind(self) -> str:
        """The destination that the URL's scheme asks for, UNUSABLE when it has none."""
        url = self.ticket.request.url
        try:
            parts = urlsplit(url)
            scheme, host = parts.scheme, parts.hostname
        except ValueError:
            return UNUSABLE
        if url.startswith(UNUSABLE_URL) or not host or not _KIND.match(scheme):
            return UNUSABLE
        return _KINDS.get(scheme, scheme)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    name: str
    applies: Callable[[Case], bool]
    targets: Callable[[Case], tuple[Target, ...]]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a recording goes, by which rule and why."""

    rule: str
    targets: tuple[Target, ...]
    reason: str


def _given(case: Case) -> tuple[Target, ...]:
    request = case.ticket.request
    return (Target(case.kind, {"url": request.url, "method": request.method}),)


def _local(case: Case) -> tuple[Target, ...]:
    ticket = case.ticket
    database = names.database_of_document(ticket.account_id, ticket.name.document_id)
    return (Target("local", {"database": database, "doc_id": ticket.name.document_id}),)


def has_account(ticket: Ticket) -> bool:
    """Whether the recording belongs to an account that can have a database."""
    try:
        names.account_db(ticket.account_id)
    except BadName:
        return False
    return True


RULES: tuple[Rule, ...] = (
    Rule("url", lambda c: bool(c.ticket.request.url) and c.kind != UNUSABLE, _given,
         "the recording's own URL"),
    Rule("unusable_url", lambda c: bool(c.ticket.request.url), _given,
         "its URL cannot be used: kept here as a dead letter"),
    Rule("no_account", lambda c: c.store_recordings and not has_account(c.ticket), lambda _: (),
         "media.store_recordings is on, but the call belongs to no account: the file stays here"),
    Rule("local", lambda c: c.store_recordings, _local, "media.store_recordings is on"),
    Rule("nowhere", lambda _: True, lambda _: (),
         "no URL, and media.store_recordings is off: the file stays here"),
)  # fmt: skip
"""The table of the module, in code."""


def decide(case: Case) -> Decision:
    """Return where a recording goes."""
    rule = next(rule for rule in RULES if rule.applies(case))
    return Decision(rule.name, rule.targets(case), rule.reason)
