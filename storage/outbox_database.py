"""Runs all SQLite work of the outbox in one thread of its own, and commits what waits together.

A commit waits for the disk (fsync), which must never be the hub's wait. Whoever writes queues its work;
the first to get the turn takes everything queued along in one transaction, so that a hundred recordings
ending at once cost a few syncs, not a hundred. A write that fails is undone alone (a savepoint each).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import gevent
from gevent.lock import Semaphore
from gevent.threadpool import ThreadPool

from storage import outbox_schema
from storage.errors import StoreError, StoreUnavailable

T = TypeVar("T")

BUSY_TIMEOUT_S = 15.0
"""For another process's transaction to end; they take milliseconds unless the disk is in trouble."""

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")


@dataclass(slots=True)
class _Ticket(Generic[T]):
    """One piece of work, and what became of it."""

    work: Callable[[sqlite3.Connection], T]
    done: bool = False
    value: Any = None
    error: BaseException | None = field(default=None)

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        value: T = self.value
        return value


class OutboxDatabase:
    """One SQLite file, opened by one thread of this process. Other processes may have it open, too.

    Raises, from every method: StoreUnavailable: the file cannot be opened, written or read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPool(1, hub=gevent.get_hub())
        self._turn = Semaphore()
        self._waiting: list[_Ticket[Any]] = []
        self._db: sqlite3.Connection | None = None
        opening = _Ticket(lambda _db: None)
        self._thread.apply(self._open, (opening,))
        opening.result()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and return its result once it is on disk.

        `work` runs in the thread: it must not touch greenlets. What it raises of ours is raised here, and
        undoes this work only. A caller killed while waiting does not undo anything.
        """
        ticket = _Ticket(work)
        self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                batch, self._waiting = self._waiting, []
                self._thread.apply(self._commit, (batch,))
        return ticket.result()

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, which only reads, and return its result."""
        ticket = _Ticket(work)
        self._thread.apply(self._read, (ticket,))
        return ticket.result()

    def close(self) -> None:
        """Close the file and end the thread; may be called twice."""
        if self._db is not None:
            self._thread.apply(self._db.close)
            self._db = None
            self._thread.kill()

    # What runs in the thread keeps its errors in tickets: gevent prints what is raised there.

    def _open(self, ticket: _Ticket[None]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600, exist_ok=True)  # targets carry credentials
            with _alone(self._path.parent):
                db = sqlite3.connect(
                    self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
                )
                db.row_factory = sqlite3.Row
                for pragma in _PRAGMAS:
                    db.execute(f"PRAGMA {pragma}")
                outbox_schema.migrate(db)
        except StoreError as exc:
            ticket.error = exc
        except (OSError, sqlite3.Error) as exc:
            ticket.error = self._unavailable(exc)
        else:
            self._db = db

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreUnavailable("the outbox is closed")
        return self._db

    def _read(self, ticket: _Ticket[Any]) -> None:
        try:
            ticket.value = ticket.work(self._opened())
        except StoreError as exc:
            ticket.error = exc
        except sqlite3.Error as exc:
            ticket.error = self._unavailable(exc)

    def _commit(self, batch: list[_Ticket[Any]]) -> None:
        """Run a batch in one transaction; every ticket has its result or its error afterwards."""
        failure: StoreError = StoreUnavailable("the transaction was abandoned")
        committed = False
        try:
            db = self._opened()
            db.execute("BEGIN IMMEDIATE")
            for ticket in batch:
                self._run(db, ticket)
            db.execute("COMMIT")
            committed = True
        except sqlite3.Error as exc:
            failure = self._unavailable(exc)
        except StoreError as exc:
            failure = exc
        finally:
            if not committed:
                self._abandon(batch, failure)
            for ticket in batch:
                ticket.done = True

    def _run(self, db: sqlite3.Connection, ticket: _Ticket[Any]) -> None:
        db.execute("SAVEPOINT work")
        try:
            ticket.value = ticket.work(db)
        except StoreError as exc:
            ticket.error = exc
            db.execute("ROLLBACK TO work")
        db.execute("RELEASE work")

    def _abandon(self, batch: list[_Ticket[Any]], failure: StoreError) -> None:
        for ticket in batch:
            ticket.error = ticket.error or failure
        if self._db is not None and self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _unavailable(self, exc: Exception) -> StoreUnavailable:
        unavailable = StoreUnavailable(f"outbox {self._path}: {exc}")
        unavailable.__cause__ = exc
        return unavailable


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes from opening at the same moment.

    Two that switch a new file to WAL together get "database is locked" at once: SQLite does not ask the busy
    timeout where waiting could never end (sqlite3_busy_handler). It is the directory that is locked, so that
    no file is left behind.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
