"""The notices in one outbox file: what outsiders are to be told stands on disk before anybody tries.

The same promises as for recordings: what was taken is attempted until its receiver has it, or is given up and
waits as a dead letter; several processes may work on one file. Besides, notices of one stream stay in order
(storage.notice).

Every method raises StoreUnavailable when the file cannot be used, and blocks the calling greenlet only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from storage import notice_ledger, notice_queue, notice_upkeep, outbox_owner
from storage.notice import NewNotice, Notice, NoticeJob, NoticeState, WrittenNotice
from storage.notice_ledger import NoticeCounts, Wanted
from storage.notice_queue import Result
from storage.outbox_backoff import Backoff
from storage.outbox_database import OutboxDatabase

NOTICE_BACKOFF = Backoff(base_s=1.0, cap_s=900.0, least_s=0.2, give_up_s=6 * 3600.0, least_attempts=3)
"""A notice is about something that happens now: it is tried again soon, and given up while somebody may still
look at why. A recording is worth a week."""

MAX_UNSETTLED = 200_000
"""Notices that wait, at some kilobyte each; more come only from receivers that are down for hours."""

COUNTED_AGAIN_S = 2.0
"""How long a count of those that wait is believed; a burst may exceed the bound by what comes meanwhile."""

LATELY_S = 3600.0
"""A notice that was given up so recently says something of how things are now."""

MAX_LISTED = 1000
MAX_LOOKED_THROUGH = 100_000
"""For what has begun and not ended: half a second of reading, once for each start of an engine."""

ALL = Wanted()


class StoredNotices:
    """The door to the notices: for languages (post), the worker (claim to recover), people (list, ...)."""

    def __init__(
        self,
        db: OutboxDatabase,
        clock: Callable[[], float],
        *,
        backoff: Backoff = NOTICE_BACKOFF,
        chance: Callable[[], float],
        most: int = MAX_UNSETTLED,
    ) -> None:
        """Args: clock: epoch seconds; chance: the jitter, 0 to 1; most: see MAX_UNSETTLED."""
        self._db = db
        self._clock = clock
        self._backoff = backoff
        self._chance = chance
        self._most = most
        self._counted_at = float("-inf")
        self._listeners: list[Callable[[], object]] = []

    def subscribe(self, listener: Callable[[], object]) -> None:
        """Call `listener` whenever this process has made something due; it must not block."""
        self._listeners.append(listener)

    def post(self, notice: NewNotice) -> bool:
        """Have a notice sent; when this returns, nothing can lose it any more.

        Returns: whether it is new. Raises: BadNotice: nobody could send it.
        """
        return self.post_all([notice.written()])[0]

    def post_all(self, notices: Sequence[WrittenNotice]) -> Sequence[bool]:
        """Take several in one transaction, in order. Returns: for each whether it is new."""
        now = self._clock()
        is_counted = now - self._counted_at < COUNTED_AGAIN_S
        most = None if is_counted else self._most
        added = self._db.write(partial(_add, notices=tuple(notices), now=now, most=most))
        if not is_counted:
            self._counted_at = now
        if any(added):
            self._tell()
        return added

    def claim(
        self, owner: str, lease_s: float, *, limit: int, rooms: Mapping[str, int], room: int, after: str = ""
    ) -> Sequence[NoticeJob]:
        """Lease due notices to `owner` for `lease_s`; leases that have ended are taken back first.

        Args: rooms: how many may be taken under a key, `room` under all others; after: the key served last.
        """
        now = self._clock()
        if not self._db.read(partial(notice_queue.is_worth_a_claim, now=now, rooms=rooms)):
            return []
        claim = partial(notice_queue.claim, now=now, owner=owner, lease_s=lease_s, limit=limit)
        return self._db.write(partial(claim, rooms=rooms, room=room, after=after, delay=self._delay_s))

    def next_due_at(self, rooms: Mapping[str, int]) -> float | None:
        """Return when something will be due (epoch s), None while nothing waits that there is room for."""
        return self._db.read(partial(notice_queue.next_due_at, rooms=rooms))

    def renew(self, jobs: Collection[NoticeJob], lease_s: float) -> int:
        """Prolong the leases of attempts under way. Returns: how many still held theirs."""
        until = self._clock() + lease_s
        return self._db.write(partial(notice_queue.renew, jobs=list(jobs), until=until))

    def settle(self, job: NoticeJob, result: Result, owner: str) -> NoticeState | None:
        """Note what came of an attempt: the next of its stream may go.

        Returns: where that leaves the notice, None for a stale failure.
        """
        settle = partial(notice_queue.settle, job=job, result=result, owner=owner, now=self._clock())
        return self._db.write(partial(settle, delay=self._delay_s, backoff=self._backoff))

    def hasten(self, key: str) -> int:
        """Make everything that waits under a key due: its receiver is back. Returns: how many."""
        return self._db.write(partial(notice_upkeep.hasten, key=key, now=self._clock()))

    def give_up(self, keys: Collection[str]) -> int:
        """Give up what is too old and waits for receivers that are down. Returns: how many."""
        now = self._clock()
        give_up = partial(notice_upkeep.give_up, keys=list(keys), now=now)
        return self._db.write(partial(give_up, tried_before=now - self._backoff.give_up_s))

    def recover(self, lease_s: float) -> int:
        """Take back what dead processes of this host held. Returns: how many notices.

        Also bounds times that lie further ahead than any we set, left by a clock that was wrong.
        """
        now = self._clock()
        owners = self._db.read(notice_upkeep.lease_owners)
        gone = [owner for owner in owners if outbox_owner.is_gone(owner)]
        bound = partial(notice_upkeep.bound_times, latest_attempt=now + self._backoff.cap_s)
        self._db.write(partial(bound, latest_lease=now + lease_s))
        return self._db.write(partial(notice_upkeep.take_back, now=now, delay=self._delay_s, gone=gone))

    def list(self, wanted: Wanted = ALL, limit: int = 100) -> Sequence[Notice]:
        """Return notices, the newest first, without their bodies; at most MAX_LISTED at once."""
        return self._db.read(partial(notice_ledger.notices, wanted=wanted, limit=min(limit, MAX_LISTED)))

    def show(self, row_id: int) -> Notice:
        """Return one notice with its body and every request made for it. Raises: NotFound."""
        return self._db.read(partial(notice_ledger.notice, row_id=row_id))

    def unfinished(self, began: str, ended: str, about: str) -> Sequence[Mapping[str, Any]]:
        """Return the bodies of notices of one kind that none of another about the same thing has followed.

        Args: began, ended: the kinds, such as call.initiated and call.hangup; about: JSON path of what says
        what they are about. Only the newest MAX_LOOKED_THROUGH notices are looked through, some of which may
        have been forgotten.
        """
        look = partial(notice_ledger.unfinished, began=began, ended=ended, about=about)
        return [json.loads(body) for body in self._db.read(partial(look, newest=MAX_LOOKED_THROUGH))]

    def retry(self, row_id: int) -> bool:
        """Make a dead or waiting notice due now. Returns: False when under way or delivered.

        Raises: NotFound.
        """
        revived = self._db.write(partial(notice_ledger.retry, row_id=row_id, now=self._clock()))
        if revived:
            self._tell()
        return revived

    def retry_dead(self, key: str = "") -> int:
        """Make all dead notices due now, or those under one key. Returns: how many."""
        revived = self._db.write(partial(notice_ledger.retry_dead, key=key, now=self._clock()))
        if revived:
            self._tell()
        return revived

    def counts(self) -> NoticeCounts:
        """Return how many notices stand where."""
        return self._db.read(partial(notice_ledger.counts, lately=self._clock() - LATELY_S))

    def purge(self, delivered_s: float, dead_s: float, *, most: int, limit: int = 1000) -> int:
        """Forget what was delivered, or given up, so long ago, and of each more than the newest `most`.

        Returns: how many, at most `limit` of each.
        """
        now = self._clock()
        purge = partial(notice_ledger.purge, delivered_before=now - delivered_s, dead_before=now - dead_s)
        return self._db.write(partial(purge, most=most, limit=limit))

    def _delay_s(self, step: int, asked_s: float = 0.0) -> float:
        return self._backoff.delay_s(step, self._chance(), asked_s)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _add(
    db: sqlite3.Connection, notices: Sequence[WrittenNotice], now: float, most: int | None
) -> Sequence[bool]:
    if most is not None:
        notice_queue.refuse_when_full(db, most)
    return notice_queue.add(db, notices, now)
