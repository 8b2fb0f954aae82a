"""system_config: the configuration of the whole system, live.

A value is looked for in the document of its category: in the section of this node, then of this zone, then
in `default`; then the built-in default holds. For an account, its own document and its reseller's come
first. Edits are in force within 2 s. A value that cannot be used changes nothing: the last good one stays,
one error says so, and `health` goes on saying so.

Kazoo writes a default that it misses into the document. This does not: a reader that writes makes every
typing error of ours, and every old default, part of the operator's configuration, needs write access to a
database that others own, and turns each start of a cluster into a race of revisions. What is in force
without being written is shown by `callflows config get`.

Source: Kazoo kapps_config (order of sections), kapps_account_config:get_global (accounts). There, an
account's document hides its reseller's altogether; here, as in what Crossbar shows, each key is looked for
by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from config.account import Accounts
from config.catalogue import Categories, discover
from config.category import Category, KeyPath
from config.documents import BadKey, ConfigDocument, ConfigProblem, describe, report
from config.layer import Layer, Resolved, resolve
from config.mirror import RETRY_PAUSES_S, DocumentName, Mirror
from config.source import ACCOUNTS_DATABASE, SYSTEM_DATABASE, ConfigSource, Document

DEFAULT_SECTION = "default"

START_WAIT_S = 5.0
"""How long a start waits for the documents; a store that takes longer is used when it answers."""

ACCOUNT_WAIT_S = 0.25
"""How long a call waits for its account's documents, the first time they are asked for. Long enough for any
healthy store; a caller does not notice it."""

MAX_ACCOUNTS = 1000
"""Accounts whose documents are kept current at once, each with a feed; the one used longest ago goes."""

log = structlog.get_logger()


class SystemConfig:
    """Reads the configuration of the whole system, always as it is now.

    Args: source: see config.source; node: this node's name, whose section counts most; zone: its zone's,
    "" for none; categories: what there is to configure, by default all of config.categories.
    account_wait_s: see ACCOUNT_WAIT_S.
    """

    def __init__(
        self,
        source: ConfigSource,
        *,
        node: str,
        zone: str = "",
        categories: Categories | None = None,
        account_wait_s: float = ACCOUNT_WAIT_S,
        max_accounts: int = MAX_ACCOUNTS,
        retry_pauses_s: tuple[float, float] = RETRY_PAUSES_S,
    ) -> None:
        self.categories = categories or discover()
        self._account_wait_s = account_wait_s
        sections = [each for each in dict.fromkeys((node, zone, DEFAULT_SECTION)) if each]
        self._documents = {
            name: ConfigDocument(self.categories.category(name), f"{SYSTEM_DATABASE}/{name}", sections)
            for name in self.categories.names()
        }
        self._mirror = Mirror(source, self._take, self._take_broken, retry_pauses_s=retry_pauses_s)
        self._accounts = Accounts(self._mirror, source.account_database, max_accounts)

    def start(self, wait_s: float = START_WAIT_S) -> None:
        """Read all categories and follow them; without a store, begin with defaults and go on trying."""
        for category in self._documents:
            self._mirror.want(SYSTEM_DATABASE, category)
        self._mirror.start()
        if not self._mirror.settle(wait_s):
            log.warning("system_config_late", waited_s=wait_s, in_force="defaults, until the store answers")

    def stop(self) -> None:
        """End all feeds; what was read last stays in force."""
        self._mirror.stop()

    def settle(self, timeout_s: float) -> bool:
        """Wait until every change told of so far is in force; return whether that is so."""
        return self._mirror.settle(timeout_s)

    def get(self, category: str, *path: str) -> Any:
        """Return the value in force: of a key, or of a group (or category) as an object.

        The value is the caller's own, of the type the category's schema makes, and within its limits.
        Never waits. Raises: ConfigError: no such category or key (which is an error of the caller's).
        """
        return self.resolve(category, *path).value

    def resolve(self, category: str, *path: str) -> Resolved:
        """Return the value in force and where it is from. Raises: ConfigError, as get."""
        return self._resolve(self._known(category, path), path, ())

    def for_account(self, account_id: str) -> AccountConfig:
        """Return what an account sees; an id that can be no account's sees the system's values."""
        return AccountConfig(self, account_id)

    def health(self) -> list[ConfigProblem]:
        """Return what is wrong now: documents that cannot be read, values that cannot be used."""
        problems = [
            ConfigProblem(
                f"{name.database}/{name.doc_id}", "", "", f"cannot be read: {reason}", _UNREAD_IN_FORCE
            )
            for name, reason in self._mirror.failures().items()
        ]
        for document in (*self._documents.values(), *self._accounts.documents()):
            problems += [describe(each, self._layers_of(document)) for each in document.bad_keys()]
        return problems

    def resolve_for(self, account_id: str, category: str, path: KeyPath) -> Resolved:
        """Return the value in force for an account and where it is from. Raises: ConfigError, as get."""
        known = self._known(category, path)
        return self._resolve(known, path, self._accounts.layers(account_id, known, self._account_wait_s))

    def _known(self, name: str, path: KeyPath) -> Category:
        category = self.categories.category(name)
        if not category.is_group(path):
            self.categories.key(name, path)
        return category

    def _resolve(self, category: Category, path: KeyPath, over: Sequence[Layer]) -> Resolved:
        return resolve(category, path, (*over, *self._documents[category.name].layers))

    def _layers_of(self, document: ConfigDocument) -> tuple[Layer, ...]:
        beneath = self._documents[document.category.name].layers
        if not document.account_id:
            return beneath
        return (*self._accounts.layers(document.account_id, document.category, 0), *beneath)

    def _take(self, name: DocumentName, content: Document | None) -> None:
        if name.database == ACCOUNTS_DATABASE:
            self._accounts.take_account(name.doc_id, content)
        elif document := self._document(name):
            self._report(document, document.replace(content))

    def _take_broken(self, name: DocumentName, reason: str) -> None:
        document = self._document(name)
        if document:
            self._report(document, document.keep(reason))
        else:
            log.error(
                "account_document_broken", document=name.doc_id, reason=reason, in_force="the last reseller"
            )

    def _document(self, name: DocumentName) -> ConfigDocument | None:
        if name.database == SYSTEM_DATABASE:
            return self._documents.get(name.doc_id)
        return self._accounts.document(name)

    def _report(self, document: ConfigDocument, news: Sequence[BadKey]) -> None:
        for each in news:
            report(document.category.name, describe(each, self._layers_of(document)))


class AccountConfig:
    """The configuration as one account sees it; light, made per call."""

    def __init__(self, system: SystemConfig, account_id: str) -> None:
        self._system = system
        self.account_id = account_id

    def get(self, category: str, *path: str) -> Any:
        """Return the value in force for the account, as SystemConfig.get does.

        The first question about a category waits for the account's documents, briefly; if they do not
        come, the system's value is the answer. Raises: ConfigError: no such category or key.
        """
        return self.resolve(category, *path).value

    def resolve(self, category: str, *path: str) -> Resolved:
        """Return the value in force for the account and where it is from. Raises: ConfigError, as get."""
        return self._system.resolve_for(self.account_id, category, path)


_UNREAD_IN_FORCE = "what was read before, else the defaults"
