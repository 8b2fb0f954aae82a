"""Follows one database's changes for as long as it takes: servers restart, peers die, databases come.

A feed takes up where it was cut, if the database is the one it was and has not gone back in time; if that
cannot be told, one Change without a document says that anything may have changed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
import structlog
from gevent.event import Event

from storage.couchdb_link import HEARTBEAT_MS, CouchLink
from storage.document import Change
from storage.errors import NotFound, StoreError, StoreUnavailable

log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
"""Between attempts at a server that is away: it should hear of us, and not be run over when it is back."""

ABSENT_PAUSE_S = 1.0
"""Between looks for a database that is not there: one made elsewhere is to be seen within 2 s."""


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in the history of a database: where (`since`), how far (`count`), and of which database."""

    since: str
    count: int
    born: str


class CouchFollowing:
    """One follower of one database: a greenlet, and a connection while the feed lasts."""

    def __init__(
        self,
        link: CouchLink,
        database: str,
        on_change: Callable[[Change], None],
        on_stop: Callable[[CouchFollowing], None],
    ) -> None:
        self.database = database
        self._link = link
        self._on_change = on_change
        self._on_stop = on_stop
        self._position: _Position | None = None
        self._greenlet: gevent.Greenlet | None = None
        self._is_connected = False
        self._stopped = Event()

    @property
    def is_live(self) -> bool:
        """Whether changes arrive: connected, and a heartbeat not long ago."""
        is_running = self._greenlet is not None and not self._greenlet.dead
        return is_running and self._is_connected and not self._stopped.is_set()

    def start(self) -> None:
        """Note where the database stands, if it can be asked now, and follow it from there."""
        try:
            self._position = self._now()
            self._is_connected = True
        except StoreError:
            self._position = None
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """See Following.stop."""
        self._stopped.set()
        self._is_connected = False
        self._on_stop(self)
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            self._greenlet.kill()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped.is_set():
            try:
                self._take_up()
                pause_s = FIRST_PAUSE_S
                self._listen()
            except NotFound:
                self._lost(None)
                pause_s = ABSENT_PAUSE_S
            except StoreError as exc:
                self._lost(exc)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self._stopped.wait(pause_s * random.uniform(0.5, 1.0))

    def _lost(self, why: StoreError | None) -> None:
        if why is None:
            self._position = None
        elif self._is_connected:
            log.warning("changes_feed_lost", database=self.database, reason=str(why), next="reconnect")
        self._is_connected = False

    def _take_up(self) -> None:
        """Make sure that the feed can go on from where it was, else begin anew and say so."""
        now, before = self._now(), self._position
        goes_on = before is not None and before.born == now.born and before.count <= now.count
        self._is_connected = True
        if not goes_on:
            self._position = now
            self._tell(Change(self.database, ""))

    def _listen(self) -> None:
        """Hand changes on until the feed ends."""
        assert self._position is not None
        place = self._link.database(self.database, feed=True)
        with (
            self._link.asked(self.database, deadline_s=None),
            place.changes_stream(since=self._position.since, heartbeat=HEARTBEAT_MS) as rows,
        ):
            try:
                for row in rows:
                    if self._stopped.is_set():
                        return
                    if "id" in row:
                        self._arrived(row)
            except ValueError:  # a line that cannot be read would be sent again and again
                self._position = None
                raise

    def _arrived(self, row: dict[str, Any]) -> None:
        assert self._position is not None
        self._position = _Position(_since(row["seq"]), _count(row["seq"]), self._position.born)
        if not row["id"].startswith("_"):
            self._tell(Change(self.database, row["id"], deleted=bool(row.get("deleted"))))

    def _tell(self, change: Change) -> None:
        if not self._stopped.is_set():
            self._on_change(change)

    def _now(self) -> _Position:
        """Ask where the database stands. Raises: NotFound, StoreUnavailable."""
        with self._link.asked(self.database):
            info = self._link.database(self.database).info()
        if "update_seq" not in info:
            raise StoreUnavailable(f"{self.database}: the server does not say how far it is")
        sequence = info["update_seq"]
        return _Position(_since(sequence), _count(sequence), str(info.get("instance_start_time", "")))


def _since(sequence: Any) -> str:
    """Return a sequence as a request takes it: a number, a text, or (BigCouch) an array."""
    return sequence if isinstance(sequence, str) else json.dumps(sequence)


def _count(sequence: Any) -> int:
    """Return how many changes a sequence stands for: it begins with that number, whatever follows."""
    first = sequence[0] if isinstance(sequence, list) and sequence else sequence
    digits = str(first).split("-", maxsplit=1)[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
