"""The accounts of the scenarios: what each says of its recordings, as Kazoo's documents say it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from storage import plan
from storage.document import DocumentStore
from storage.errors import NotFound
from storage.names import account_db, encode
from tests.scenarios.scenario import Tenant

SYSTEM = ("system_config", "accounts", plan.DATABASE)
STORE = {"store_recordings": True}
HANDLER = "5e6f"
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Says:
    """What an account's documents say. `media`, `recording`: of these categories; `plan`: of storage."""

    media: Mapping[str, Any] = field(default_factory=dict)
    recording: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] | None = None


def tenants(receiver_url: str, third_url: str) -> dict[Tenant, Says]:
    """Return every account. Args: third_url: of the third party's CouchDB, "" for none."""
    return {
        Tenant.STORES: Says(STORE),
        Tenant.KEEPS_NOTHING: Says({"store_recordings": False}),
        Tenant.THIRD_PARTY: Says({**STORE, **_third_party(third_url)}),
        Tenant.PLAN: Says(plan=_plan({HANDLER: {"handler": "http", "settings": {"url": receiver_url}}})),
        Tenant.BAD_PLAN: Says(plan=_plan({})),
        Tenant.BRIEF: Says(
            {
                **STORE,
                "max_recording_time_limit": 2,
                "record_min_sec": 1,
                "call_recording": {"extension": "wav"},
            }
        ),
        Tenant.TRIMS: Says(STORE, {"processing": {"trim_silence": True}}),
        Tenant.TELLS: Says(
            STORE, {"care": {"announcement": "tone_stream://%(300,0,440)", "beep_every_s": 1}}
        ),
    }


def _third_party(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if not parts.hostname:
        return {}
    found: dict[str, Any] = {
        "third_party_bigcouch_host": parts.hostname,
        "third_party_bigcouch_port": parts.port or 5984,
    }
    if parts.username:
        found["third_party_bigcouch_user"] = unquote(parts.username)
        found["third_party_bigcouch_password"] = unquote(parts.password or "")
    return found


def _plan(attachments: Mapping[str, Any]) -> dict[str, Any]:
    of_type = {"connection": "local", "attachments": {"handler": HANDLER}}
    return {"plan": {"modb": {"types": {plan.DOCUMENT_TYPE: of_type}}}, "attachments": dict(attachments)}


class Accounts:
    """The accounts in one document store, which may be others' too. `ids`: by tenant, made for this run."""

    def __init__(self, url: str, store: DocumentStore, says: Mapping[Tenant, Says]) -> None:
        """Args: url: of the store."""
        self._url = url
        self._store = store
        self.ids = {tenant: uuid.uuid4().hex for tenant in says}
        for database in SYSTEM:
            store.create_database(database)
        for tenant, what in says.items():
            self._lay_out(self.ids[tenant], tenant, what)

    def write(self, tenant: Tenant, doc_id: str, document: Mapping[str, Any]) -> None:
        """Write a document of an account."""
        self._store.save(account_db(self.ids[tenant]), {"_id": doc_id, **document})

    def close(self) -> None:
        """Leave nothing in a store that is others' too."""
        if not self._url.startswith("http"):
            return
        for name in requests.get(f"{self._url}/_all_dbs", timeout=TIMEOUT_S).json():
            if any(name.startswith(account_db(account_id)) for account_id in self.ids.values()):
                requests.delete(f"{self._url}/{encode(name)}", timeout=TIMEOUT_S).raise_for_status()
        for account_id in self.ids.values():
            for database in ("accounts", plan.DATABASE):
                with suppress(NotFound):
                    found = self._store.get(database, account_id)
                    self._store.delete(database, account_id, str(found["_rev"]))

    def _lay_out(self, account_id: str, tenant: Tenant, what: Says) -> None:
        self._store.create_database(account_db(account_id))
        self._store.save("accounts", {"_id": account_id, "pvt_type": "account", "name": tenant.value})
        for category, values in (("media", what.media), ("recording", what.recording)):
            if values:
                self.write(tenant, f"configs_{category}", values)
        if what.plan is not None:
            self._store.save(plan.DATABASE, {"_id": account_id, **what.plan})
