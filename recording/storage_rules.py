"""Decides with what is in force now: the account's configuration and its storage plan."""

from __future__ import annotations

from typing import Any, Protocol

from recording import storage_decision
from recording.storage_decision import Case, Decision, ThirdParty, Wanted
from storage.plan import NO_PLAN, StoragePlan


class Values(Protocol):
    """Configuration as one account sees it (config.system.AccountConfig)."""

    def get(self, category: str, /, *path: str) -> Any:
        """Return the value in force."""


class Configuration(Protocol):
    """Configuration by account (config.system.SystemConfig)."""

    def for_account(self, account_id: str) -> Values:
        """Return what an account sees."""


class Plans(Protocol):
    """Storage plans by account (storage.plan.Plans)."""

    def of(self, account_id: str) -> StoragePlan:
        """Return the plan for an account's recordings. Raises: StoreUnavailable."""


class NoPlans:
    """Everything stays where the configuration says."""

    def of(self, account_id: str) -> StoragePlan:  # noqa: ARG002 - the seam's
        """Return Kazoo's default, which is no plan."""
        return NO_PLAN


class StorageRules:
    """Decides where recordings go, described ones as well as made ones."""

    def __init__(self, config: Configuration, plans: Plans) -> None:
        self._config = config
        self._plans = plans

    def case(self, wanted: Wanted) -> Case:
        """Return a recording with what is in force for it.

        Raises: StoreUnavailable: that cannot be known now.
        """
        if wanted.url:
            return Case(wanted)  # nothing else is asked
        # the plans first: they come from the store or not at all, where configuration falls back to defaults
        known = storage_decision.is_account(wanted.account_id)
        plan = self._plans.of(wanted.account_id) if known else NO_PLAN
        config = self._config.for_account(wanted.account_id)
        return Case(wanted, bool(config.get("media", "store_recordings")), _third_party(config), plan)

    def decide(self, wanted: Wanted) -> Decision:
        """Return where a recording goes. Raises: StoreUnavailable, as `case`."""
        return storage_decision.decide(self.case(wanted))


def _third_party(config: Values) -> ThirdParty | None:
    """Return the CouchDB that the configuration names, None for none."""

    def value(name: str) -> Any:
        return config.get("media", f"third_party_bigcouch_{name}")

    host, port = str(value("host") or "").strip(), int(value("port"))
    if not host:
        return None
    named, colon, own_port = host.partition(":")
    if (
        colon and own_port.isascii() and own_port.isdigit()
    ):  # the port has a key of its own; some write it here
        host, port = named, int(own_port[:6])
    return ThirdParty(
        host=host.removeprefix("[").removesuffix("]"),
        port=port,
        user=str(value("user") or ""),
        password=str(value("password") or ""),
        is_tls=bool(value("https")),
    )
