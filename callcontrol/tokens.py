"""The tokens there are: documents of the database `api_tokens`, in memory of every process that serves them.

All are held, since a look at the store for every wrong token would let anybody load it. A new or revoked one
is seen within two seconds, by the store's changes feed; while the store is away, those known stay in force.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
import structlog
from gevent.event import Event

from callcontrol import token as tokens
from callcontrol.token import Token
from storage.document import Change, DocumentStore, Following
from storage.errors import NotFound, StoreError

DATABASE = "api_tokens"
RETRY_S = 5.0

log = structlog.get_logger(__name__)


class TokenBook:
    """Knows every valid token. Args: now: epoch seconds."""

    def __init__(self, store: DocumentStore, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._known: dict[str, Token] = {}
        self._stale = Event()
        self._following: Following | None = None
        self._reader: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to follow the tokens; returns at once."""
        self._stale.set()
        self._reader = gevent.spawn(self._keep_up)

    def stop(self) -> None:
        """Follow them no longer."""
        if self._reader is not None:
            self._reader.kill()
            self._reader = None
        if self._following is not None:
            self._following.stop()
            self._following = None

    def load(self) -> None:
        """Read all tokens now. Raises: StoreError."""
        self._known = {one.id: one for one in all_tokens(self._store)}

    def find(self, text: str) -> Token | None:
        """Return the valid token of this text, None when there is none."""
        if len(text) > tokens.MAX_LENGTH:
            return None
        found = self._known.get(tokens.id_of(text))
        if found is None or not tokens.is_of(found, text) or not found.is_valid(self._now()):
            return None
        return found

    def _keep_up(self) -> None:
        while True:
            self._stale.wait()
            self._stale.clear()
            try:
                if self._following is None:
                    self._following = self._store.follow(DATABASE, self._changed)
                self.load()
            except StoreError as exc:
                log.warning("api_tokens_not_read", reason=str(exc), outcome="those known stay in force")
                gevent.sleep(RETRY_S)
                self._stale.set()

    def _changed(self, change: Change) -> None:
        del change
        self._stale.set()


def all_tokens(store: DocumentStore) -> list[Token]:
    """Return every token that is kept, expired ones too. Raises: StoreError."""
    try:
        found = map(tokens.read_document, store.all_documents(DATABASE))
        return [one for one in found if one is not None]
    except NotFound:  # nobody has made one yet
        return []


def keep(store: DocumentStore, token: Token) -> None:
    """Have a token from now on. Raises: StoreError."""
    store.create_database(DATABASE)
    store.save(DATABASE, token.document())


def revoke(store: DocumentStore, token_id: str) -> None:
    """Have a token no longer. Raises: NotFound, StoreError."""
    document = store.get(DATABASE, token_id)
    store.delete(DATABASE, token_id, str(document["_rev"]))
