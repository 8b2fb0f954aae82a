"""The moves of a notice from posted to settled, as SQL: every function is one transaction's work.

Who may move what: a claim takes the first unsettled notice of a stream, when it is due, and counts an
attempt; only that attempt may report its failure, so what a process says after its lease was given away
changes nothing. Success is a fact about the receiver and is taken from whoever reports it.

A receiver that refuses a notice (an answer that is final elsewhere, such as 404) is asked a few times all the
same: while it is deployed anew it may not know its own URL. It is not asked for hours, for what stands behind
in the stream waits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.errors import StoreUnavailable
from storage.notice import NoticeJob, NoticeState, Try, WrittenNotice
from storage.notice_rows import health_key, log_tries, reason_of, set_head
from storage.notice_upkeep import take_back
from storage.outbox_backoff import Backoff

MAX_REFUSALS = 3
"""Final answers after which a notice is given up."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt.

    Attributes: is_refused: whoever was asked will never take it; is_hopeless: it cannot even be tried;
    is_our_fault: it failed before anybody was asked; asked_s: how long the receiver asked to be left alone.
    """

    tries: tuple[Try, ...]
    is_delivered: bool = False
    is_refused: bool = False
    is_hopeless: bool = False
    is_our_fault: bool = False
    asked_s: float = 0.0

    @property
    def last(self) -> Try:
        """The request that decided."""
        return self.tries[-1]

    @property
    def reason(self) -> str:
        """Why nobody took it; of each address where two were asked."""
        if len(self.tries) == 1:
            return self.last.reason
        return "; ".join(f"{one.target}: {one.reason}" for one in self.tries)


def add(db: sqlite3.Connection, notices: Sequence[WrittenNotice], now: float) -> list[bool]:
    """Take notices, in order. Returns: for each whether it is new; one whose id is known changes nothing."""
    return [_add(db, one, now) for one in notices]


def claim(
    db: sqlite3.Connection,
    *,
    now: float,
    owner: str,
    lease_s: float,
    limit: int,
    rooms: Mapping[str, int],
    room: int,
    after: str,
    delay: Callable[[int], float],
) -> list[NoticeJob]:
    """Lease up to `limit` due notices, key by key in turns from the one after `after` on.

    Args: rooms: how many may be taken under a key, `room` under all others; delay: as for `take_back`, which
    is done first.
    """
    take_back(db, now, delay)
    found: list[int] = []
    for key in _keys_in_turn(db, after):
        wanted = min(rooms.get(key, room), limit - len(found))
        if wanted > 0:
            found += _due(db, key, now, wanted)
        if len(found) >= limit:
            break
    return [_leased(db, row_id, now, owner, lease_s) for row_id in found]


def is_worth_a_claim(db: sqlite3.Connection, now: float, rooms: Mapping[str, int]) -> bool:
    """Whether a claim would find something; asked first, so that idle processes only read."""
    ends_at = _first_lease_end(db)
    if ends_at is not None and ends_at <= now:
        return True
    return any(rooms.get(key, 1) > 0 and _due(db, key, now, 1) for key in _pending_keys(db))


def next_due_at(db: sqlite3.Connection, rooms: Mapping[str, int]) -> float | None:
    """Return when the next notice is due or a lease ends, leaving out keys that have no room."""
    times = [
        db.execute(
            "SELECT min(next_attempt_at) FROM notices INDEXED BY notices_due"
            " WHERE state = 'pending' AND is_head = 1 AND health_key = ?",
            (key,),
        ).fetchone()[0]
        for key in _pending_keys(db)
        if rooms.get(key, 1) > 0
    ]
    times.append(_first_lease_end(db))
    return min((time for time in times if time is not None), default=None)


def renew(db: sqlite3.Connection, jobs: Collection[NoticeJob], until: float) -> int:
    """Prolong the leases of attempts under way. Returns: how many still held theirs."""
    return sum(
        db.execute(
            "UPDATE notices SET lease_until = ? WHERE id = ? AND attempts = ? AND state = 'delivering'",
            (until, job.id, job.number),
        ).rowcount
        for job in jobs
    )


def settle(
    db: sqlite3.Connection,
    job: NoticeJob,
    result: Result,
    *,
    owner: str,
    now: float,
    delay: Callable[[int, float], float],
    backoff: Backoff,
) -> NoticeState | None:
    """Note what came of an attempt. Returns: the state it leaves the notice in, None for a stale failure.

    Args: delay: seconds until the next attempt, from the number of failures before this one and what was
    asked.
    """
    log_tries(db, job.id, result.tries, owner)
    last = result.last
    if result.is_delivered:
        changed = db.execute(
            "UPDATE notices SET state = 'delivered', is_head = 0, finished_at = ?, last_status = ?,"
            " last_error = '', lease_owner = NULL, lease_until = NULL WHERE id = ? AND state <> 'delivered'",
            (now, last.status, job.id),
        ).rowcount
        if changed:
            set_head(db, job.stream)
        return NoticeState.DELIVERED
    row = db.execute(
        "SELECT step, refusals, trying_since FROM notices"
        " WHERE id = ? AND attempts = ? AND state = 'delivering'",
        (job.id, job.number),
    ).fetchone()
    if row is None:
        return None
    refusals = row["refusals"] + (1 if result.is_refused else 0)
    is_over = backoff.is_over(row["step"], now - row["trying_since"])
    given_up = result.is_hopeless or is_over or refusals >= MAX_REFUSALS
    state = NoticeState.DEAD if given_up else NoticeState.PENDING
    db.execute(
        "UPDATE notices SET state = ?, is_head = ?, step = step + 1, refusals = ?, next_attempt_at = ?,"
        " last_status = ?, last_error = ?, finished_at = ?, lease_owner = NULL, lease_until = NULL"
        " WHERE id = ?",
        (
            state,
            0 if given_up else 1,
            refusals,
            now + delay(row["step"], result.asked_s),
            last.status,
            reason_of(result.reason),
            now if given_up else None,
            job.id,
        ),
    )
    set_head(db, job.stream)
    return state


def refuse_when_full(db: sqlite3.Connection, most: int) -> int:
    """Return how many notices are unsettled. Raises: StoreUnavailable: `most` are, or more."""
    count: int = db.execute(
        "SELECT count(*) FROM notices INDEXED BY notices_unsettled WHERE state IN ('pending', 'delivering')"
    ).fetchone()[0]
    if count >= most:
        raise StoreUnavailable(f"{count} notices wait, more are not taken; see `callflows notices list`")
    return count


def _add(db: sqlite3.Connection, new: WrittenNotice, now: float) -> bool:
    first = db.execute(
        "SELECT 1 FROM notices INDEXED BY notices_in_order"
        " WHERE stream = ? AND state IN ('pending', 'delivering') LIMIT 1",
        (new.stream,),
    ).fetchone()
    return bool(
        db.execute(
            "INSERT INTO notices (notice_id, stream, kind, account_id, url, failover_url, signer, health_key,"
            " body, state, is_head, created_at, trying_since, next_attempt_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)"
            " ON CONFLICT (notice_id) WHERE notice_id <> '' DO NOTHING",
            (
                new.notice_id,
                new.stream,
                new.kind,
                new.account_id,
                new.url,
                new.failover_url,
                new.signer,
                health_key(new.url, new.failover_url),
                new.body,
                0 if first else 1,
                now,
                now,
                now,
            ),
        ).rowcount
    )


def _leased(db: sqlite3.Connection, row_id: int, now: float, owner: str, lease_s: float) -> NoticeJob:
    row = db.execute(
        "UPDATE notices SET state = 'delivering', attempts = attempts + 1, lease_owner = ?, lease_until = ?"
        " WHERE id = ? RETURNING *",
        (owner, now + lease_s, row_id),
    ).fetchone()
    return NoticeJob(
        id=row_id,
        number=row["attempts"],
        stream=row["stream"],
        key=row["health_key"],
        url=row["url"],
        failover_url=row["failover_url"],
        signer=row["signer"],
        kind=row["kind"],
        account_id=row["account_id"],
        created_at=row["created_at"],
        body=bytes(row["body"]),
    )


def _keys_in_turn(db: sqlite3.Connection, after: str) -> list[str]:
    return sorted(_pending_keys(db), key=lambda key: (key <= after, key))


def _pending_keys(db: sqlite3.Connection) -> Iterator[str]:
    """Yield the keys under which something may be sent, each by one step in the index."""
    key = ""
    while True:
        key = db.execute(
            "SELECT min(health_key) FROM notices INDEXED BY notices_due"
            " WHERE state = 'pending' AND is_head = 1 AND health_key > ?",
            (key,),
        ).fetchone()[0]
        if key is None:
            return
        yield key


def _due(db: sqlite3.Connection, key: str, now: float, limit: int) -> list[int]:
    rows = db.execute(
        "SELECT id FROM notices INDEXED BY notices_due WHERE state = 'pending' AND is_head = 1"
        " AND health_key = ? AND next_attempt_at <= ? ORDER BY next_attempt_at, id LIMIT ?",
        (key, now, limit),
    )
    return [row["id"] for row in rows]


def _first_lease_end(db: sqlite3.Connection) -> float | None:
    found: float | None = db.execute(
        "SELECT min(lease_until) FROM notices INDEXED BY notices_leased WHERE state = 'delivering'"
    ).fetchone()[0]
    return found
