"""system_config as one account sees it: its own document and its reseller's over the system's.

An account's documents are read when they are first asked for, and followed from then on. A call waits for
them only briefly: a store that does not answer gives it the system's values.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from config.category import Category
from config.documents import ConfigDocument
from config.layer import Layer
from config.mirror import DocumentName, Mirror
from config.source import ACCOUNT_DOCUMENT_PREFIX, ACCOUNTS_DATABASE, Document

RESELLER_FIELD = "pvt_reseller_id"


@dataclass(slots=True)
class _Account:
    """What is known of one account: its database, the name of its account document, its reseller."""

    database: str
    name: DocumentName
    reseller_id: str = ""
    documents: dict[str, tuple[DocumentName, ConfigDocument]] = field(default_factory=dict)


class Accounts:
    """The documents of the accounts asked for last.

    Args: mirror: keeps them current; database_of: names an account's database, None for no account; limit:
    how many accounts are kept, at least an account and its reseller.
    """

    def __init__(self, mirror: Mirror, database_of: Callable[[str], str | None], limit: int) -> None:
        self._mirror = mirror
        self._database_of = database_of
        self._limit = max(limit, 2)
        self._known: OrderedDict[str, _Account] = OrderedDict()
        self._by_name: dict[DocumentName, ConfigDocument] = {}

    def layers(self, account_id: str, category: Category, timeout_s: float) -> list[Layer]:
        """Return the layers of an account and its reseller, waiting for them no longer than this."""
        deadline = time.monotonic() + timeout_s
        own = self._account(account_id)
        if not own:
            return []
        found = [self._layer(account_id, own, category, deadline)]
        self._mirror.wait(own.name, deadline - time.monotonic())
        reseller = self._account(own.reseller_id) if own.reseller_id not in ("", account_id) else None
        if reseller:
            found.append(self._layer(own.reseller_id, reseller, category, deadline))
        return found

    def document(self, name: DocumentName) -> ConfigDocument | None:
        """Return the document of that name, if it is one of an account's that is kept."""
        return self._by_name.get(name)

    def documents(self) -> list[ConfigDocument]:
        """Return all documents of accounts that are kept."""
        return list(self._by_name.values())

    def take_account(self, account_id: str, document: Document | None) -> None:
        """Note the reseller that an account's own document names."""
        known = self._known.get(account_id)
        reseller_id = (document or {}).get(RESELLER_FIELD)
        if known:
            known.reseller_id = reseller_id if isinstance(reseller_id, str) else ""

    def _account(self, account_id: str) -> _Account | None:
        if account_id in self._known:
            self._known.move_to_end(account_id)
            return self._known[account_id]
        database = self._database_of(account_id) if account_id else None
        if database is None:
            return None
        account = _Account(database, self._mirror.want(ACCOUNTS_DATABASE, account_id))
        self._known[account_id] = account
        if len(self._known) > self._limit:
            self._forget(*self._known.popitem(last=False))
        return account

    def _layer(self, account_id: str, account: _Account, category: Category, deadline: float) -> Layer:
        if category.name not in account.documents:
            doc_id = ACCOUNT_DOCUMENT_PREFIX + category.name
            name = self._mirror.want(account.database, doc_id)
            document = ConfigDocument(category, f"{account.database}/{doc_id}", (), account_id)
            account.documents[category.name] = (name, document)
            self._by_name[name] = document
        name, document = account.documents[category.name]
        self._mirror.wait(name, deadline - time.monotonic())
        return document.layers[0]

    def _forget(self, account_id: str, account: _Account) -> None:
        self._mirror.forget(account.database)
        self._mirror.forget(ACCOUNTS_DATABASE, account_id)
        for name, _ in account.documents.values():
            del self._by_name[name]
