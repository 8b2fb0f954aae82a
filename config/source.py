"""The ConfigSource seam: what system_config asks of wherever its documents are kept.

This package lies below storage and does not know it; the service adapts a DocumentStore to this Protocol.
The contract is small on purpose: one document at a time, absent documents are an answer and no error, and
just two things can go wrong.

| storage.document says | the adapter says |
|---|---|
| the document | the document |
| NotFound (document or database) | None |
| StoreUnavailable | raise ConfigSourceUnavailable |
| anything else that is wrong with that one document | raise ConfigDocumentBroken |
| Change(database, doc_id) | on_change(doc_id), also for deletions; "" stays "" |
| BadName for an account id | account_database returns None |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Document = dict[str, Any]
"""A JSON object, with `_id` and `_rev` or without."""

SYSTEM_DATABASE = "system_config"
"""One document per category, its id the category's name, its keys in sections."""

ACCOUNTS_DATABASE = "accounts"
"""One document per account, its id the account's; `pvt_reseller_id` is read from it."""

ACCOUNT_DOCUMENT_PREFIX = "configs_"
"""An account's own values: document `configs_<category>` in its database, without sections."""


class ConfigSource(Protocol):
    """Reads documents, and tells when they change. Methods block the calling greenlet only."""

    def read(self, database: str, doc_id: str) -> Document | None:
        """Return a document as it is now, None when it (or its database) is absent or deleted.

        Args: database: SYSTEM_DATABASE, ACCOUNTS_DATABASE or what `account_database` returned.
        Raises: ConfigSourceUnavailable: cannot be asked now; the call is repeated later.
        ConfigDocumentBroken: it is there and is no JSON object; the call is repeated when it changes.
        """

    def follow(self, database: str, on_change: Callable[[str], None]) -> Callable[[], None]:
        """Call `on_change(doc_id)` for each change from now on, within 2 s of it, until stopped.

        A document read after this returns, and before its change is told, is at most outdated, never
        missed. `on_change("")` says that anything in the database may have changed (after a gap in the
        feed). It is called in a greenlet of this thread's hub and returns at once. A database that does
        not exist yet is waited for.

        Returns: a function that ends the feed; no call comes after it returns.
        Raises: ConfigSourceUnavailable: the feed cannot begin now; the call is repeated later.
        """

    def account_database(self, account_id: str) -> str | None:
        """Return the name of an account's database, None when no account can be called that."""
