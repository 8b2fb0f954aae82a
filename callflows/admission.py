"""Decides whether a call is ours to run, and under which account and callflow.

| question | answered by |
|---|---|
| which account | the dialplan's variable, Kazoo's, the number's document, the default account |
| is the account allowed to call | its document, unless `enabled` or `pvt_enabled` is false |
| which callflow | lookup of the number, brought to E.164 first, and as dialled |
| which client program | the connection that owns the number, where no callflow names it |
| who may reach `no_match` | callers known to us: authorised as something other than a carrier |

A carrier's call to an unknown number never reaches the `no_match` callflow, which usually dials out: the
account would pay for strangers' calls. With Kazoo's variables on the channel, known means that its
Authorizing-Type says so; without them, that FreeSWITCH itself authenticated the caller.
Source: Kazoo cf_route_req (reference section 1.2).
"""

from __future__ import annotations

import re
from typing import Protocol

import structlog

from callflows.document import Flow
from callflows.errors import CallNotTaken
from callflows.library import Library
from callflows.lookup import Found, Lookup
from callflows.media import ACCOUNTS
from callflows.number import normalise
from callflows.own_program import NumberOwners
from calls.identity import Identity
from config.configuration import Configuration
from storage.document import Document
from storage.names import account_db, is_account_id, number_db

AUTHORIZING_TYPES = frozenset(
    {
        "account",
        "user",
        "device",
        "mobile",
        "callforward",
        "clicktocall",
        "click2call",
        "conference",
        "resource",
        "sys_info",
    }
)
CARRIER_TYPES = frozenset({"resource", "sys_info"})

BY_SIP_USERNAME = "attributes/sip_username"

_DIGITS = re.compile(r"[0-9]{5,20}\Z")
_SIP_USER = re.compile(r"sips?:([^@;>\s]{1,128})@")

log = structlog.get_logger(__name__)


class Arrival(Protocol):
    """A call to be decided on, live (calls.call.Call) or only described."""

    account_id: str

    @property
    def identity(self) -> Identity:
        """Who calls whom."""

    def variable(self, name: str) -> str | None:
        """Return a channel variable."""

    def custom_variable(self, name: str) -> str | None:
        """Return one of Kazoo's custom channel variables."""


class Admission:
    """Answers the questions above.

    Args: default_account: of calls that name none, "" for none; owned: who knows of numbers that belong to
    client programs, and the flow of calls to them.
    """

    def __init__(
        self,
        library: Library,
        lookup: Lookup,
        config: Configuration,
        default_account: str = "",
        owned: tuple[NumberOwners, Flow] | None = None,
    ) -> None:
        self._owned = owned
        self._library = library
        self._lookup = lookup
        self._config = config
        self._default_account = default_account

    def admit(self, call: Arrival) -> tuple[Found, Document]:
        """Settle the call's account on it, and return what to run and the account's document.

        Raises: CallNotTaken: with the answer for the caller; StoreUnavailable: it is not known now.
        """
        account = self.account_of(call)
        number = call.identity.number
        converters = self._config.for_account(call.account_id).get("number_manager", "e164_converters")
        normal = normalise(number, account.get("dial_plan"), converters)
        found = self._lookup.find(normal, call.account_id, number)
        if (found is None or found.is_no_match) and self._owned is not None:
            owners, flow = self._owned
            if any(owners.owns(call.account_id, one) for one in dict.fromkeys((normal, number))):
                return Found(flow, is_no_match=False), account
        if found is None:
            raise CallNotTaken(
                "no_callflow", "no callflow takes this number", sip_code=404, sip_text="Not Found"
            )
        if found.is_no_match and not self._may_use_no_match(call):
            raise CallNotTaken(
                "no_match_refused",
                "only known callers reach no_match; see callflow.allow_authz_context_overrides",
                sip_code=404,
                sip_text="Not Found",
            )
        return found, account

    def account_of(self, call: Arrival) -> Document:
        """Settle the call's account on it, and return the account's document. Raises: as `admit`."""
        kind = call.identity.authorizing_type
        if kind and kind not in AUTHORIZING_TYPES:
            raise CallNotTaken(
                "authorizing_type_unknown",
                "calls of this authorizing type are others' to run",
                sip_code=404,
                sip_text="Not Found",
            )
        call.account_id = self._account_id(call, call.identity.number)
        account = self._account(call.account_id)
        if False in (account.get("enabled"), account.get("pvt_enabled")):
            raise CallNotTaken(
                "account_disabled", "the account is disabled", sip_code=403, sip_text="Forbidden"
            )
        return account

    def _account_id(self, call: Arrival, number: str) -> str:
        account_id = call.identity.account_id or self._owner_of(number) or self._default_account
        if not is_account_id(account_id):
            raise CallNotTaken(
                "no_account",
                "neither the dialplan, nor the number, nor the settings name an account",
                sip_code=404,
                sip_text="Not Found",
            )
        return account_id

    def _owner_of(self, number: str) -> str:
        """Return the account a phone number is assigned to, "" for none."""
        number = f"+{number}" if _DIGITS.match(number) else number
        if not (number.startswith("+") and _DIGITS.match(number[1:])):
            return ""
        document = self._library.find(number_db(number), number) or {}
        owner = document.get("pvt_assigned_to")
        return owner if isinstance(owner, str) else ""

    def _account(self, account_id: str) -> Document:
        found = self._library.find(ACCOUNTS, account_id)
        return found or self._library.find(account_db(account_id), account_id) or {}

    def _may_use_no_match(self, call: Arrival) -> bool:
        kind = call.identity.authorizing_type
        if kind and kind not in CARRIER_TYPES:
            return True
        if not kind and call.variable("sip_authorized") == "true":
            return True
        config = self._config.for_account(call.account_id)
        contexts = config.get("callflow", "authz_contexts")
        if config.get("callflow", "allow_authz_context_overrides") and call.identity.context in contexts:
            return True
        return any(self._is_endpoint(call, name) for name in ("Referred-By", "Redirected-By"))

    def _is_endpoint(self, call: Arrival, variable: str) -> bool:
        """Whether a custom channel variable names a SIP user of the account."""
        found = _SIP_USER.search(call.custom_variable(variable) or "")
        if found is None:
            return False
        return bool(self._library.rows(account_db(call.account_id), BY_SIP_USERNAME, key=found[1]))
