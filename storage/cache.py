"""Documents and views from memory: microseconds for a lookup, and calls that go on while the store is away.

Answers are kept, "not there" included, until the changes feed says otherwise; each database asked for is
followed from then on. A stale answer is asked for anew, and serves if none comes: at once while the store is
known to be away, after STALE_PATIENCE_S if it is merely slow. An account's months are not cached: no
call looks anything up there, and their feeds would carry every recording.

What is handed out is the cache's own copy, not one for each caller: documents must not be changed in place.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar, cast

from gevent.event import Event

from storage.cache_entries import Answer, Entries, Question, view_question
from storage.cache_fetch import Fetches
from storage.document import Change, Document, DocumentStore, Following, ViewRow
from storage.errors import NotFound, StoreError, StoreUnavailable
from storage.names import DatabaseKind, kind_of

T = TypeVar("T")

MAX_AGE_S = 60.0
"""How long an answer holds while the feed of its database is away but the store is not."""

STALE_PATIENCE_S = 0.25
"""How long a caller waits for a fresh answer when there is a stale one; a healthy store takes some ms."""

MAX_FOLLOWED = 500
"""Databases followed for the cache's own sake: a feed each. The longest unused goes, with its answers."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How a cached store is.

    Attributes: is_available: whether the store answered when last asked; away_s: for how long it has not;
    reason: why; feeds_down: databases whose changes are not seen at the moment, those that do not exist among
    them; entries, size_bytes: cached.
    """

    is_available: bool
    away_s: float
    reason: str
    feeds_down: tuple[str, ...]
    entries: int
    size_bytes: int


class CachedStore:
    """A DocumentStore in front of another.

    Args: store: closed with this one; entries: the memory, for those who want another size; max_age_s: see
    MAX_AGE_S.
    """

    def __init__(
        self, store: DocumentStore, entries: Entries | None = None, *, max_age_s: float = MAX_AGE_S
    ) -> None:
        self._store = store
        self.max_age_s = max_age_s
        self._entries = entries or Entries()
        self._fetches = Fetches(store)
        self._followed: OrderedDict[str, _Followed] = OrderedDict()

    def get(self, database: str, doc_id: str) -> Document:
        """See DocumentStore.get."""
        answer = self._answer(database, (doc_id,), lambda: self._store.get(database, doc_id))
        return cast("Document", answer)

    def view(
        self,
        database: str,
        view: str,
        *,
        key: Any = None,
        start: Any = None,
        end: Any = None,
        include_docs: bool = False,
    ) -> list[ViewRow]:
        """See DocumentStore.view."""
        question = view_question(view, key=key, start=start, end=end, include_docs=include_docs)
        answer = self._answer(
            database,
            question,
            lambda: self._store.view(
                database, view, key=key, start=start, end=end, include_docs=include_docs
            ),
        )
        return list(cast("list[ViewRow]", answer))

    def page(
        self,
        database: str,
        view: str,
        *,
        start: Any = None,
        end: Any = None,
        skip: int = 0,
        limit: int,
        scan: bool = True,
    ) -> list[ViewRow]:
        """See DocumentStore.page. Straight from the store, which may have to index a month first."""
        return self._fetches.aside(
            lambda: self._store.page(database, view, start=start, end=end, skip=skip, limit=limit, scan=scan)
        )

    def count(
        self, database: str, view: str, *, start: Any = None, end: Any = None, scan: bool = True
    ) -> int:
        """See DocumentStore.count. As `page`."""
        return self._fetches.aside(lambda: self._store.count(database, view, start=start, end=end, scan=scan))

    def save(self, database: str, document: Document) -> Document:
        """See DocumentStore.save."""
        doc_id = str(document.get("_id"))
        return self._saved(database, doc_id, lambda: self._store.save(database, document))

    def delete(self, database: str, doc_id: str, rev: str) -> None:
        """See DocumentStore.delete."""
        self._written(database, doc_id, lambda: self._store.delete(database, doc_id, rev))

    def put_attachment(
        self, database: str, doc_id: str, name: str, content_type: str, source: BinaryIO, size_bytes: int
    ) -> Document:
        """See DocumentStore.put_attachment."""
        return self._saved(
            database,
            doc_id,
            lambda: self._store.put_attachment(database, doc_id, name, content_type, source, size_bytes),
        )

    def create_database(self, database: str) -> None:
        """See DocumentStore.create_database."""
        self._written(database, "", lambda: self._store.create_database(database))

    def open_attachment(self, database: str, doc_id: str, name: str) -> BinaryIO:
        """See DocumentStore.open_attachment. Media are not cached."""
        return self._fetches.direct(lambda: self._store.open_attachment(database, doc_id, name))

    def all_documents(self, database: str) -> Iterator[Document]:
        """See DocumentStore.all_documents. Straight from the store."""
        return self._store.all_documents(database)

    def databases(self, prefix: str = "") -> list[str]:
        """See DocumentStore.databases. Straight from the store."""
        return self._fetches.direct(lambda: self._store.databases(prefix))

    def follow(self, database: str, on_change: Callable[[Change], None]) -> Following:
        """See DocumentStore.follow. The cache is told first: what a follower then reads is new."""
        followed = self._follow(database)
        following = _CachedFollowing(followed, on_change)
        followed.followers.append(following)
        return following

    def ping(self) -> None:
        """See DocumentStore.ping."""
        self._fetches.direct(self._store.ping)

    def close(self) -> None:
        """See DocumentStore.close."""
        for followed in self._followed.values():
            followed.stop()
        self._followed.clear()
        self._fetches.close()
        self._store.close()

    def health(self) -> StoreHealth:
        """How the store is, without asking it."""
        return StoreHealth(
            is_available=not self._fetches.is_away,
            away_s=self._fetches.away_s,
            reason=self._fetches.reason,
            feeds_down=tuple(name for name, one in self._followed.items() if not one.is_live),
            entries=len(self._entries),
            size_bytes=self._entries.size_bytes,
        )

    def _answer(self, database: str, question: Question, ask: Callable[[], Answer]) -> Answer:
        entry, followed = self._entries.find(database, question), self._followed.get(database)
        if entry is not None and followed is not None and not entry.is_stale:
            self._followed.move_to_end(database)
            if followed.is_live or time.monotonic() - entry.fetched_at < self.max_age_s:
                return _given(entry.answer)
        if kind_of(database) is DatabaseKind.MONTH:
            return self._fetches.direct(ask)
        patience_s = None if entry is None or entry.is_ours else STALE_PATIENCE_S
        # who asks after a change does not join those who asked before it
        key = (database, question, followed.changes if followed is not None else 0)
        try:
            answer = self._fetches.fetch(key, lambda: self._fetch(database, question, ask), patience_s)
        except (StoreUnavailable, TimeoutError):
            if entry is None:
                raise
            answer = entry.answer
        return _given(answer)

    def _fetch(self, database: str, question: Question, ask: Callable[[], Answer]) -> Answer:
        """Ask the store and keep what it says, stale already if something changed while it was asked."""
        followed = self._follow(database)
        changes_before = followed.changes
        try:
            answer = ask()
        except NotFound as exc:
            answer = exc
        self._keep(followed, question, answer, is_stale=followed.changes != changes_before)
        return answer

    def _keep(self, followed: _Followed, question: Question, answer: Answer, *, is_stale: bool) -> None:
        """Remember an answer, unless its database is no longer followed: nobody would say when it changes."""
        if self._followed.get(followed.database) is not followed:
            return
        known = self._entries.find(followed.database, question)
        if is_stale and known is not None and (known.is_ours or not known.is_stale):
            return  # what is there is newer
        self._entries.put(followed.database, question, answer, is_stale=is_stale)

    def _saved(self, database: str, doc_id: str, write: Callable[[], Document]) -> Document:
        followed = self._followed.get(database)
        changes_before = followed.changes if followed else 0
        saved = self._written(database, doc_id, write)
        if followed is not None:
            # our own write is one change; any other may be of this document, and later
            is_stale = followed.changes > changes_before + 1
            self._keep(followed, (doc_id,), saved, is_stale=is_stale)
        return saved

    def _written(self, database: str, doc_id: str, write: Callable[[], T]) -> T:
        """Write through, and forget what was there: whoever has written reads the new state."""
        try:
            return self._fetches.direct(write)
        finally:  # a conflict, too, says that what is cached is old
            followed = self._followed.get(database)
            if followed is not None:
                followed.changes += 1
                self._entries.spoil(database, doc_id, is_ours=True)

    def _follow(self, database: str) -> _Followed:
        followed = self._followed.get(database)
        if followed is None:
            followed = self._followed[database] = _Followed(database, self._entries)
            try:
                followed.start(self._store)
            except StoreError:
                self._followed.pop(database)
                raise
            self._make_room(database)
        followed.wait()
        return followed

    def _make_room(self, newest: str) -> None:
        unused = [name for name, one in self._followed.items() if not one.followers and name != newest]
        for name in unused[: max(0, len(self._followed) - MAX_FOLLOWED)]:
            self._followed.pop(name).stop()
            self._entries.remove_database(name)


class _Followed:
    """One database's feed: the cache hears first, then those who follow through it."""

    def __init__(self, database: str, entries: Entries) -> None:
        self.database = database
        self._entries = entries
        self._following: Following | None = None
        self._started = Event()
        self.changes = 0
        self.followers: list[_CachedFollowing] = []

    @property
    def is_live(self) -> bool:
        return self._following is not None and self._following.is_live

    def start(self, store: DocumentStore) -> None:
        try:
            self._following = store.follow(self.database, self._changed)
        finally:
            self._started.set()

    def wait(self) -> None:
        """Wait until another greenlet has started it: what is asked before that may change unseen."""
        self._started.wait()

    def stop(self) -> None:
        if self._following is not None:
            self._following.stop()

    def _changed(self, change: Change) -> None:
        self.changes += 1
        self._entries.spoil(change.database, change.doc_id)
        for follower in list(self.followers):
            follower.tell(change)


class _CachedFollowing:
    """One follower through the cache."""

    def __init__(self, followed: _Followed, on_change: Callable[[Change], None]) -> None:
        self._followed = followed
        self._on_change = on_change

    @property
    def is_live(self) -> bool:
        return self in self._followed.followers and self._followed.is_live

    def tell(self, change: Change) -> None:
        if self in self._followed.followers:
            self._on_change(change)

    def stop(self) -> None:
        if self in self._followed.followers:
            self._followed.followers.remove(self)


def _given(answer: Answer) -> Answer:
    if isinstance(answer, NotFound):
        raise NotFound(answer.database, answer.name)
    return answer
