"""Where callflows are and recordings without a URL go: a folder, or an account of its own in a CouchDB."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import requests

from service.stage import ACCOUNT, Stage
from storage.document import DocumentStore
from storage.errors import NotFound
from storage.names import account_db, encode
from storage.open_store import open_store
from tests.crash import copies
from tests.crash.copies import Copies

STORES = {"store_recordings": True}
TIMEOUT_S = 30


class Store(Protocol):
    """A document store as this test sees it. `url`, `account`: for the engine's settings."""

    url: str
    account: str

    def write(self, doc_id: str, document: Mapping[str, Any]) -> None:
        """Write a document of the account."""

    def copies(self) -> dict[str, Copies]:
        """Return what was stored, by document id."""

    def close(self) -> None:
        """Take away what would be in others' way."""


class FolderStore:
    """The stage's folder of documents."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.url = stage.documents.as_uri()
        self.account = ACCOUNT
        stage.write("system_config", "media", {"default": STORES})
        stage.write("accounts", ACCOUNT, {"pvt_type": "account", "name": "Crash test"})

    def write(self, doc_id: str, document: Mapping[str, Any]) -> None:
        """Write a document of the account."""
        self._stage.write(account_db(self.account), doc_id, document)

    def copies(self) -> dict[str, Copies]:
        """Return what was stored, by document id."""
        return copies.in_folder(self._stage.documents, self.account)

    def close(self) -> None:
        """Leave it with the run's directory."""


class CouchStore:
    """A new account in a CouchDB that others use too; `system_config` gets a section for this node alone."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url.rstrip("/")
        self.account = uuid.uuid4().hex
        self._directory = directory
        directory.mkdir(exist_ok=True)
        self._store: DocumentStore = open_store(url, cache=False)
        for database in ("system_config", "accounts", account_db(self.account)):
            self._store.create_database(database)
        self._store.save("accounts", {"_id": self.account, "pvt_type": "account", "name": "Crash test"})
        self._configure(STORES)

    def write(self, doc_id: str, document: Mapping[str, Any]) -> None:
        """Write a document of the account."""
        self._store.save(account_db(self.account), {"_id": doc_id, **document})

    def copies(self) -> dict[str, Copies]:
        """Return what was stored, by document id."""
        return copies.in_couchdb(self.url, f"{account_db(self.account)}-", self._directory)

    def close(self) -> None:
        """Delete the account with all its databases, and the node's section."""
        for name in requests.get(f"{self.url}/_all_dbs", timeout=TIMEOUT_S).json():
            if name.startswith(account_db(self.account)):
                requests.delete(f"{self.url}/{encode(name)}", timeout=TIMEOUT_S).raise_for_status()
        account = self._store.get("accounts", self.account)
        self._store.delete("accounts", self.account, str(account["_rev"]))
        self._configure(None)
        self._store.close()

    def _configure(self, values: dict[str, Any] | None) -> None:
        """Set the node's own section of the category media, or take it away."""
        try:
            document = self._store.get("system_config", "media")
        except NotFound:
            document = {"_id": "media", "pvt_type": "config"}
        document.pop(self.account, None)
        section = {} if values is None else {self.account: values}
        self._store.save("system_config", {**document, **section})
