"""Copies of chosen documents of a ConfigSource, kept current: read once, read again when they change.

Law of this file: a database is followed before any document of it is read, so no change falls between; a
document is read by one worker at a time, and again when a change came in meanwhile; what cannot be read is
tried again, with growing pauses, until it can. Readers of configuration never touch the source: they find
what was delivered last.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import gevent
import gevent.event
import gevent.queue
import structlog

from config.errors import ConfigDocumentBroken, ConfigSourceUnavailable
from config.source import ConfigSource, Document

WORKERS = 4
"""Reads at once. One slow document must not hold up the others; more would only burden the store."""

RETRY_PAUSES_S = (0.25, 5.0)
"""First and longest pause before a document that could not be read is tried again. The feed itself comes
back sooner than the longest, and brings all documents with it."""

RESPAWN_PAUSE_S = 1.0
_NO_ANSWER = "the store does not answer"
_gevent: Any = gevent  # gevent is not typed, and strict typing allows no calls of what is not

log = structlog.get_logger()


class DocumentName(NamedTuple):
    """Which document."""

    database: str
    doc_id: str


@dataclass(slots=True)
class _Copy:
    """The state of one wanted document.

    Attributes: answered: set once it was read, or could not be; is_loaded: it was read at least once;
    attempts: in vain since then; queued, busy, again: see the law above.
    """

    answered: Any = field(default_factory=_gevent.event.Event)
    is_loaded: bool = False
    attempts: int = 0
    queued: bool = False
    busy: bool = False
    again: bool = False


class Mirror:
    """Keeps copies of documents current and hands each new version to its owner.

    Args: source: see config.source; on_document: gets a document (None: absent) each time it was read;
    on_broken: gets the reason when it is there and no JSON object. Both are called in a worker's greenlet
    and do not block.
    """

    def __init__(
        self,
        source: ConfigSource,
        on_document: Callable[[DocumentName, Document | None], None],
        on_broken: Callable[[DocumentName, str], None],
        *,
        retry_pauses_s: tuple[float, float] = RETRY_PAUSES_S,
    ) -> None:
        self._source = source
        self._on_document = on_document
        self._on_broken = on_broken
        self._retry_pauses_s = retry_pauses_s
        self._copies: dict[DocumentName, _Copy] = {}
        self._feeds: dict[str, Callable[[], None] | None] = {}
        self._feed_attempts: dict[str, int] = {}
        self._jobs = _gevent.queue.SimpleQueue()
        self._failures: dict[DocumentName, str] = {}
        self._pending: set[DocumentName] = set()
        self._idle = _gevent.event.Event()
        self._idle.set()
        self._greenlets: set[Any] = set()
        self._is_running = False

    def start(self) -> None:
        """Begin to follow and to read."""
        self._is_running = True
        for _ in range(WORKERS):
            self._spawn_worker()

    def stop(self) -> None:
        """End all feeds and reads; copies stay as they are."""
        self._is_running = False
        _gevent.killall(list(self._greenlets))
        for stop_feed in self._feeds.values():
            if stop_feed:
                stop_feed()
        self._feeds.clear()

    def want(self, database: str, doc_id: str) -> DocumentName:
        """Ask for a document to be kept current from now on; asking twice changes nothing."""
        name = DocumentName(database, doc_id)
        if name in self._copies:
            return name
        self._copies[name] = _Copy()
        if database not in self._feeds:
            self._feeds[database] = None
            self._jobs.put(partial(self._follow, database))
        if self._feeds[database]:
            self._enqueue(name)
        elif database in self._feed_attempts:
            self._give_up(name, "its database cannot be followed")
        else:
            self._set_pending(name)
        return name

    def forget(self, database: str, doc_id: str = "") -> None:
        """Keep a document (or with "" all of a database, and its feed) current no longer."""
        for name in [each for each in self._copies if each.database == database]:
            if not doc_id or name.doc_id == doc_id:
                del self._copies[name]
                self._failures.pop(name, None)
                self._set_settled(name)
        if not doc_id and (stop_feed := self._feeds.pop(database, None)):
            # Ending a feed may wait for its greenlet, and who forgets is often a call.
            self._spawn(stop_feed)

    def wait(self, name: DocumentName, timeout_s: float) -> bool:
        """Wait until a wanted document was read, or could not be; return whether there is a copy."""
        found = self._copies.get(name)
        if not found:
            return False
        if self._is_running and timeout_s > 0:
            found.answered.wait(timeout_s)
        return found.is_loaded

    def settle(self, timeout_s: float) -> bool:
        """Wait until no document is still to be read (failed ones excepted); return whether that is so."""
        return bool(self._idle.wait(timeout_s))

    def failures(self) -> dict[DocumentName, str]:
        """Return the documents that cannot be read now, with the reason."""
        return dict(self._failures)

    def _spawn_worker(self) -> None:
        self._spawn(self._work).link_exception(self._replace_worker)

    def _spawn(self, run: Callable[[], None], pause_s: float = 0) -> Any:
        greenlet = _gevent.spawn_later(pause_s, run)
        self._greenlets.add(greenlet)
        greenlet.link(self._greenlets.discard)
        return greenlet

    def _replace_worker(self, dead: Any) -> None:
        """A source that raises what it must not costs one read, never the following of all the others."""
        log.error(
            "config_reader_failed",
            exc_info=dead.exc_info,
            next_step="the document is tried again, by another worker",
        )
        if self._is_running:
            self._spawn(self._spawn_worker, RESPAWN_PAUSE_S)

    def _work(self) -> None:
        while True:
            self._jobs.get()()

    def _follow(self, database: str) -> None:
        if database not in self._feeds or self._feeds[database]:
            return
        failure, stop_feed = "following it failed", None
        try:
            stop_feed = self._source.follow(database, partial(self._changed, database))
            failure = ""
        except ConfigSourceUnavailable as exc:
            failure = str(exc) or _NO_ANSWER
        finally:
            if failure and self._is_running:
                self._follow_later(database, failure)
        if stop_feed and database not in self._feeds:
            stop_feed()
        elif stop_feed:
            self._feed_attempts.pop(database, None)
            self._feeds[database] = stop_feed
            self._changed(database, "")

    def _follow_later(self, database: str, failure: str) -> None:
        attempts = self._feed_attempts[database] = self._feed_attempts.get(database, 0) + 1
        for name in self._names(database):
            self._give_up(name, failure)
        self._spawn(partial(self._jobs.put, partial(self._follow, database)), self._pause_s(attempts))

    def _changed(self, database: str, doc_id: str) -> None:
        for name in self._names(database):
            if doc_id in ("", name.doc_id):
                self._enqueue(name)

    def _names(self, database: str) -> list[DocumentName]:
        return [name for name in self._copies if name.database == database]

    def _enqueue(self, name: DocumentName) -> None:
        found = self._copies.get(name)
        if not found or found.queued:
            return
        self._set_pending(name)
        if found.busy:
            found.again = True
            return
        found.queued = True
        self._jobs.put(partial(self._read, name))

    def _read(self, name: DocumentName) -> None:
        found = self._copies.get(name)
        if not found:
            return
        found.queued, found.busy, found.again = False, True, False
        failure = "reading it failed"
        try:
            self._deliver(name, found)
            failure = ""
        except ConfigSourceUnavailable as exc:
            failure = str(exc) or _NO_ANSWER
        finally:
            found.busy = False
            if self._is_running and self._copies.get(name) is found:
                self._finish(name, found, failure)

    def _deliver(self, name: DocumentName, found: _Copy) -> None:
        document, broken = None, ""
        try:
            document = self._source.read(*name)
        except ConfigDocumentBroken as exc:
            broken = str(exc) or "is no JSON object"
        if self._copies.get(name) is not found:
            return  # forgotten while it was read, and perhaps wanted anew: what was read may be older
        if broken:
            self._on_broken(name, broken)
        else:
            self._on_document(name, document)

    def _finish(self, name: DocumentName, found: _Copy, failure: str) -> None:
        if failure:
            found.attempts += 1
            self._give_up(name, failure)
            self._spawn(partial(self._enqueue, name), self._pause_s(found.attempts))
            return
        found.attempts, found.is_loaded = 0, True
        found.answered.set()
        self._set_settled(name)
        if self._failures.pop(name, "") and not self._failures:
            log.info("config_source_available", in_force="what the documents say")
        if found.again:
            self._enqueue(name)

    def _give_up(self, name: DocumentName, failure: str) -> None:
        """Let nobody wait for a document that cannot be read now."""
        if not self._failures:
            log.warning(
                "config_source_unavailable",
                database=name.database,
                document=name.doc_id,
                reason=failure,
                in_force="what was read before, else defaults; it is tried again",
            )
        self._failures[name] = failure
        self._copies[name].answered.set()
        self._set_settled(name)

    def _pause_s(self, attempts: int) -> float:
        first_s, longest_s = self._retry_pauses_s
        return float(min(first_s * 2 ** min(attempts - 1, 16), longest_s) * random.uniform(0.8, 1.2))

    def _set_pending(self, name: DocumentName) -> None:
        self._pending.add(name)
        self._idle.clear()

    def _set_settled(self, name: DocumentName) -> None:
        self._pending.discard(name)
        if not self._pending:
            self._idle.set()
