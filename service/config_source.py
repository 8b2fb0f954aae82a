"""Lets system_config read its documents from the document store (config lies below storage)."""

from __future__ import annotations

from collections.abc import Callable

from config.errors import ConfigDocumentBroken, ConfigSourceUnavailable
from config.source import Document
from storage.document import Change, DocumentStore
from storage.errors import BadName, NotFound, StoreError, StoreUnavailable
from storage.names import account_db


class StoredConfig:
    """A config.source.ConfigSource over any DocumentStore."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    def read(self, database: str, doc_id: str) -> Document | None:
        """Return the document as it is now, None when it is absent."""
        try:
            return self._store.get(database, doc_id)
        except NotFound:
            return None
        except StoreUnavailable as exc:
            raise ConfigSourceUnavailable(str(exc)) from exc
        except StoreError as exc:
            raise ConfigDocumentBroken(str(exc)) from exc

    def follow(self, database: str, on_change: Callable[[str], None]) -> Callable[[], None]:
        """Call `on_change` with the id of each changed document, "" when any may have changed."""

        def changed(change: Change) -> None:
            on_change(change.doc_id)

        try:
            return self._store.follow(database, changed).stop
        except StoreError as exc:
            raise ConfigSourceUnavailable(str(exc)) from exc

    def account_database(self, account_id: str) -> str | None:
        """Return the account's database in slash form, None for what can be no account's id."""
        try:
            return account_db(account_id)
        except BadName:
            return None
