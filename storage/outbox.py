"""The outbox: the truth about deliveries, on disk before anybody is told that a recording has ended.

A recording enters once, with all the places it must go to; each of them is a delivery that is attempted
by one process at a time until it is verified there, or is given up and waits as a dead letter. What stands
here survives any process; several processes may work on one file.

Every method raises StoreUnavailable when the file cannot be used, and blocks the calling greenlet only.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from storage import (
    outbox_deletion,
    outbox_ledger,
    outbox_owner,
    outbox_queue,
    outbox_register,
    outbox_secret,
)
from storage.destination import Media, Receipt, Target
from storage.notices import NOTICE_BACKOFF, StoredNotices
from storage.outbox_backoff import Backoff
from storage.outbox_database import OutboxDatabase
from storage.outbox_delivery import Delivery, DeliveryJob, DeliveryState, StoredRecording
from storage.outbox_ledger import Copy, DestinationCounts, OutboxCounts
from storage.outbox_queue import Entry
from storage.outbox_register import StoredRegister
from storage.register_row import Expected, Settled

MAX_LISTED = 1000

DEFAULT_BACKOFF = Backoff()


class Outbox:
    """One outbox file, as seen from this process.

    Wide on purpose: it is the one door to the file for recording (enqueue), the worker (claim to fail) and
    people (list to purge); the work itself is in outbox_queue and outbox_ledger. `register` and `notices` are
    the doors to the register and to the notices in the same file.
    """

    def __init__(
        self,
        path: Path,
        *,
        backoff: Backoff = DEFAULT_BACKOFF,
        notice_backoff: Backoff = NOTICE_BACKOFF,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Open or create the file. After a fork, open it anew: neither thread nor connection goes along.

        Args: clock: epoch seconds, since other processes and later runs must agree with it; chance: the
        jitter, 0 to 1.
        """
        self._db = OutboxDatabase(path)
        self.register = StoredRegister(self._db, clock)
        self.notices = StoredNotices(self._db, clock, backoff=notice_backoff, chance=chance)
        self._backoff = backoff
        self._clock = clock
        self._chance = chance
        self._listeners: list[Callable[[], object]] = []

    def subscribe(self, listener: Callable[[], object]) -> None:
        """Call `listener` whenever this process has made something due; it must not block."""
        self._listeners.append(listener)

    def enqueue(
        self,
        media: Media,
        metadata: Mapping[str, Any],
        targets: Sequence[Target],
        *,
        recording_id: str,
        account_id: str,
        keep_until: float = 0.0,
    ) -> bool:
        """Take a finished recording over; when this returns, nothing can lose it any more.

        Args: media: as measured (storage.media.measure, which also makes the file itself durable);
        metadata: Kazoo's document of the recording, JSON; targets: every place it must reach; keep_until:
        the local file stays until then (epoch s) even when all copies are verified, for links that serve it;
        a critical disk ends that for what can be read back from a copy.
        Returns: False when the recording is known already; then nothing is changed.
        """
        now = self._clock()
        who = {"recording_id": recording_id, "account_id": account_id}
        entry = outbox_queue.entry(media, metadata, targets, **who, now=now, keep_until=keep_until)
        note = outbox_register.taken_over(media, metadata, **who, now=now)
        added = self._db.write(partial(_take_over, entry=entry, note=note, now=now))
        if added:
            self._tell()
        return added

    def claim(
        self, owner: str, lease_s: float, *, avoid: Collection[str] = (), after: str = ""
    ) -> DeliveryJob | None:
        """Lease a due delivery to `owner` for `lease_s`; leases that have ended are taken back first.

        Args: avoid: keys to leave alone for now; after: the key served last, for turns by key.
        """
        now = self._clock()
        if not self._db.read(partial(outbox_queue.is_worth_a_claim, now=now, avoid=avoid)):
            return None
        claim = partial(outbox_queue.claim, now=now, owner=owner, lease_s=lease_s, avoid=avoid, after=after)
        return self._db.write(partial(claim, delay=self._delay_s))

    def next_due_at(self, avoid: Collection[str] = ()) -> float | None:
        """Return when something will be due (epoch s), None while nothing waits."""
        return self._db.read(partial(outbox_queue.next_due_at, avoid=avoid))

    def renew(self, jobs: Collection[DeliveryJob], lease_s: float) -> int:
        """Prolong the leases of attempts under way. Returns: how many still held theirs."""
        attempt_ids = [job.attempt_id for job in jobs]
        until = self._clock() + lease_s
        return self._db.write(partial(outbox_queue.renew, attempt_ids=attempt_ids, until=until))

    def succeeded(self, job: DeliveryJob, receipt: Receipt) -> bool:
        """Settle a delivery whose copy is verified. Returns: False when it was settled before."""
        now = self._clock()
        return self._db.write(partial(outbox_queue.succeed, job=job, receipt=receipt, now=now))

    def failed(
        self, job: DeliveryJob, reason: str, *, retryable: bool, retry_after_s: float = 0.0
    ) -> DeliveryState | None:
        """Note a failed attempt. Returns: PENDING or DEAD, None when the lease was no longer the job's."""
        return self._db.write(
            partial(
                outbox_queue.fail,
                job=job,
                reason=reason,
                retryable=retryable,
                now=self._clock(),
                delay=partial(self._delay_s, asked_s=retry_after_s),
                backoff=self._backoff,
            )
        )

    def hasten(self, key: str) -> int:
        """Make everything that waits under a key due: its destination is back. Returns: how many."""
        hastened = self._db.write(partial(outbox_queue.hasten, key=key, now=self._clock()))
        if hastened:
            self._tell()
        return hastened

    def recover(self, lease_s: float) -> int:
        """Take back what dead processes of this host held. Returns: how many deliveries.

        Also bounds times that lie further ahead than any we set, left by a clock that was wrong.
        """
        now = self._clock()
        gone = [owner for owner in self._db.read(outbox_queue.lease_owners) if outbox_owner.is_gone(owner)]
        self._db.write(
            partial(
                outbox_queue.bound_times, latest_attempt=now + self._backoff.cap_s, latest_lease=now + lease_s
            )
        )
        return self._db.write(partial(outbox_queue.take_back, now=now, delay=self._delay_s, gone=gone))

    def list(
        self,
        state: DeliveryState | None = None,
        *,
        recording_id: str | None = None,
        key: str | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        """Return deliveries, the newest first; `before_id` pages on. At most MAX_LISTED at once.

        Args: key: of the destination (storage.destination.Target.key).
        """
        return self._db.read(
            partial(
                outbox_ledger.deliveries,
                state=state,
                recording_id=recording_id,
                key=key,
                before_id=before_id,
                limit=min(limit, MAX_LISTED),
            )
        )

    def show(self, delivery_id: int) -> Delivery:
        """Return one delivery with all its attempts. Raises: NotFound."""
        return self._db.read(partial(outbox_ledger.delivery, delivery_id=delivery_id))

    def recording(self, recording_id: str) -> StoredRecording:
        """Return what is known of one recording. Raises: NotFound."""
        return self._db.read(partial(outbox_ledger.recording, recording_id=recording_id))

    def recordings(
        self,
        *,
        since: float = 0.0,
        until: float = float("inf"),
        account_id: str | None = None,
        limit: int = 100,
    ) -> Sequence[StoredRecording]:
        """Return recordings by when they were taken over (epoch s), the newest first."""
        return self._db.read(
            partial(
                outbox_ledger.recordings,
                since=since,
                until=until,
                account_id=account_id,
                limit=min(limit, MAX_LISTED),
            )
        )

    def retry(self, delivery_id: int) -> bool:
        """Make a dead or waiting delivery due now. Returns: False when under way or settled.

        Raises: NotFound.
        """
        revived = self._db.write(partial(outbox_ledger.retry, delivery_id=delivery_id, now=self._clock()))
        if revived:
            self._tell()
        return revived

    def retry_dead(self, key: str | None = None) -> int:
        """Make all dead letters due now, or those of one key. Returns: how many."""
        revived = self._db.write(partial(outbox_ledger.retry_dead, key=key, now=self._clock()))
        if revived:
            self._tell()
        return revived

    def counts(self) -> OutboxCounts:
        """Return how many deliveries stand where."""
        return self._db.read(outbox_ledger.counts)

    def destinations(self) -> Sequence[DestinationCounts]:
        """Return what stands under each destination's key, those in trouble first."""
        return self._db.read(outbox_ledger.destinations)

    def copies(self, recording_id: str) -> Sequence[Copy]:
        """Return where a recording goes, or went; with credentials, for asking the destinations."""
        return self._db.read(partial(outbox_ledger.copies, recording_id=recording_id))

    def releasable(
        self, keep_s: float, *, after: StoredRecording | None = None, limit: int = 100
    ) -> Sequence[StoredRecording]:
        """Return recordings all of whose copies are verified for `keep_s`, and whose media is still here.

        The oldest first; `after` pages on. What is to be kept until a time that has not come is left out.
        """
        now = self._clock()
        releasable = partial(outbox_ledger.releasable, settled_before=now - keep_s, kept_before=now)
        return self._db.read(partial(releasable, after=after, limit=limit))

    def readable_elsewhere(
        self, kinds: Collection[str], *, after: StoredRecording | None = None, limit: int = 100
    ) -> Sequence[StoredRecording]:
        """Return recordings that are kept for links only, and that can be read back from a verified copy.

        Those with the least time left first; `after` pages on. Args: kinds: of destinations that give back.
        """
        kept = partial(outbox_ledger.readable_elsewhere, kept_before=self._clock(), kinds=sorted(kinds))
        return self._db.read(partial(kept, after=after, limit=limit))

    def released(self, recording_id: str) -> None:
        """Note that the local media of a settled recording was deleted."""
        self._db.write(partial(outbox_ledger.release, recording_id=recording_id, now=self._clock()))

    def purge(self, keep_s: float, limit: int = 1000, *, register_s: float = float("inf")) -> int:
        """Forget recordings settled for `keep_s` whose media is gone, and what was discarded as long ago.

        What links must find until a time that has not come is kept, whether its media is here or elsewhere.
        Args: register_s: how long the register keeps what was never settled, or not as it should be.
        Returns: how many rows, at most `limit` of each kind.
        """
        now = self._clock()
        purge = partial(_purge, settled_before=now - keep_s, requested_before=now - register_s, limit=limit)
        return self._db.write(partial(purge, kept_before=now))

    def secret(self, name: str) -> str:
        """Return this host's secret of a name, 64 hex digits: made once, the same for every process."""
        known = self._db.read(partial(outbox_secret.known, name=name))
        return known or self._db.write(partial(outbox_secret.made, name=name))

    def hold_back(self, recording_id: str, reason: str) -> bool:
        """Attempt a recording's deliveries no more; they wait as dead letters, and `reason` says why.

        Returns: False while one is attempted, and then nothing is changed; True also for one not known here.
        """
        now = self._clock()
        held = partial(outbox_deletion.hold_back, recording_id=recording_id, reason=reason, now=now)
        return self._db.write(partial(self._after_leases, work=held, now=now))

    def bury(self, expected: Expected, by: str) -> bool:
        """Forget a recording whose copies are gone, but for that it was deleted, and by whom.

        Returns: False while a delivery is attempted, and then nothing is changed.
        """
        now = self._clock()
        buried = partial(outbox_deletion.bury, expected=expected, by=by, now=now)
        return self._db.write(partial(self._after_leases, work=buried, now=now))

    def forget_transcript(self, recording_id: str) -> bool:
        """Deliver a recording's document without its transcript from now on. Returns: as hold_back."""
        forgotten = partial(outbox_deletion.forget_transcript, recording_id=recording_id)
        return self._db.write(partial(self._after_leases, work=forgotten, now=self._clock()))

    def _after_leases(
        self, db: sqlite3.Connection, work: Callable[[sqlite3.Connection], bool], now: float
    ) -> bool:
        """Do something once what dead processes held is taken back."""
        outbox_queue.take_back(db, now, self._delay_s)
        return work(db)

    def close(self) -> None:
        """Close the file; leases held are left to expire."""
        self._db.close()

    def _delay_s(self, step: int, asked_s: float = 0.0) -> float:
        return self._backoff.delay_s(step, self._chance(), asked_s)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _take_over(db: sqlite3.Connection, entry: Entry, note: Settled, now: float) -> bool:
    added = outbox_queue.add(db, entry)
    if added:
        outbox_register.settle(db, note, now)
    return added


def _purge(
    db: sqlite3.Connection, settled_before: float, requested_before: float, limit: int, kept_before: float
) -> int:
    ids = outbox_ledger.forgettable(db, settled_before, kept_before, limit)
    if ids:
        outbox_register.forget(db, ids, "stored")
        outbox_ledger.forget(db, ids)
    return len(ids) + outbox_register.purge(db, settled_before, requested_before, limit)
