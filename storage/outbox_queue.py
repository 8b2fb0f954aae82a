"""The moves of a delivery from queued to settled, as SQL: every function is one transaction's work.

Who may move what: a claim takes a due delivery and opens an attempt; only that attempt may report its
failure, so what a process says after its lease was given away changes nothing. Success is a fact about
the destination and is taken from whoever reports it.

Indexes are named where it matters: left to itself, SQLite takes the one by state, and then every claim
reads all that waits.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.destination import Media, Receipt, Target
from storage.outbox_backoff import Backoff
from storage.outbox_delivery import DeliveryJob, DeliveryState, media_of

MAX_REASON_CHARS = 1000

OWN_STORE = "local"
"""The destination that is this system's own document store."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording and its deliveries, made ready to be written: nothing in it can fail in SQLite."""

    recording: tuple[object, ...]
    deliveries: tuple[tuple[object, ...], ...]


def entry(
    media: Media,
    metadata: Mapping[str, Any],
    targets: Sequence[Target],
    *,
    recording_id: str,
    account_id: str,
    now: float,
    keep_until: float = 0.0,
) -> Entry:
    """Make a recording ready to be written. Args: keep_until: see Outbox.enqueue.

    Raises: TypeError, ValueError: metadata or parameters are not JSON; a bug of whoever made them.
    """
    recording = (
        recording_id,
        _plain(str(metadata.get("_id", recording_id))),
        _plain(account_id),
        str(media.path),
        media.content_type,
        media.size_bytes,
        media.sha256,
        _plain(media.name),
        json.dumps(metadata),
        now,
        max(0.0, keep_until),
    )
    deliveries = tuple(
        (
            recording_id,
            position,
            target.kind,
            json.dumps(target.parameters),
            _plain(target.key()),
            now,
            now,
            now,
        )
        for position, target in enumerate(targets)
    )
    return Entry(recording, deliveries)


def add(db: sqlite3.Connection, new: Entry) -> bool:
    """Take a recording over. Returns: False when it is known, and then changes nothing."""
    known = db.execute("SELECT 1 FROM recordings WHERE recording_id = ?", new.recording[:1]).fetchone()
    if known:
        return False
    db.execute(
        "INSERT INTO recordings (recording_id, document_id, account_id, path, content_type, size_bytes,"
        " sha256, name, metadata, created_at, keep_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.recording,
    )
    db.executemany(
        "INSERT INTO deliveries (recording_id, position, kind, parameters, health_key, state, created_at,"
        " trying_since, next_attempt_at) VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?)",
        new.deliveries,
    )
    return True


def next_due_at(db: sqlite3.Connection, avoid: Collection[str]) -> float | None:
    """Return when the next delivery is due or a lease ends, leaving keys in `avoid` out."""
    times = [
        db.execute(
            "SELECT min(next_attempt_at) FROM deliveries INDEXED BY deliveries_due"
            " WHERE state = 'pending' AND health_key = ?",
            (key,),
        ).fetchone()[0]
        for key in _pending_keys(db)
        if key not in avoid
    ]
    times.append(_first_lease_end(db))
    return min((time for time in times if time is not None), default=None)


def claim(
    db: sqlite3.Connection,
    *,
    now: float,
    owner: str,
    lease_s: float,
    avoid: Collection[str],
    after: str,
    delay: Callable[[int], float],
) -> DeliveryJob | None:
    """Lease the due delivery that has waited longest under the next key after `after`, round and round.

    Turns go by key, so that a hundred thousand deliveries to one place do not hold up the one to another.
    Leases that have ended are taken back first (`delay`: as for `take_back`).
    """
    take_back(db, now, delay)
    found = _due(db, now, avoid, after)
    if found is None:
        return None
    attempt_id = db.execute(
        "INSERT INTO attempts (delivery_id, owner, started_at) VALUES (?, ?, ?)", (found, owner, now)
    ).lastrowid
    db.execute(
        "UPDATE deliveries SET state = 'delivering', attempts = attempts + 1, attempt_id = ?,"
        " lease_owner = ?, lease_until = ? WHERE id = ?",
        (attempt_id, owner, now + lease_s, found),
    )
    row = db.execute(
        "SELECT * FROM deliveries JOIN recordings USING (recording_id) WHERE id = ?", (found,)
    ).fetchone()
    return DeliveryJob(
        delivery_id=found,
        attempt_id=row["attempt_id"],
        number=row["attempts"],
        recording_id=row["recording_id"],
        account_id=row["account_id"],
        key=row["health_key"],
        media=media_of(row),
        metadata=json.loads(row["metadata"]),
        target=Target(row["kind"], json.loads(row["parameters"])),
    )


def is_worth_a_claim(db: sqlite3.Connection, now: float, avoid: Collection[str]) -> bool:
    """Whether a claim would find something; asked first, so that idle processes only read."""
    ends_at = _first_lease_end(db)
    return (ends_at is not None and ends_at <= now) or _due(db, now, avoid, "") is not None


def renew(db: sqlite3.Connection, attempt_ids: Collection[int], until: float) -> int:
    """Prolong the leases of attempts under way. Returns: how many still held theirs."""
    return sum(
        db.execute(
            "UPDATE deliveries SET lease_until = ? WHERE attempt_id = ? AND state = 'delivering'",
            (until, attempt_id),
        ).rowcount
        for attempt_id in attempt_ids
    )


def succeed(db: sqlite3.Connection, job: DeliveryJob, receipt: Receipt, now: float) -> bool:
    """Settle a delivery. Returns: False when it was settled before."""
    detail = _plain(receipt.detail[:MAX_REASON_CHARS])
    _end_attempt(db, job.attempt_id, now, "delivered", detail)
    changed = db.execute(
        "UPDATE deliveries SET state = 'delivered', location = ?, detail = ?, finished_at = ?,"
        " last_error = '', lease_owner = NULL, lease_until = NULL WHERE id = ? AND state <> 'delivered'",
        (_plain(receipt.location), detail, now, job.delivery_id),
    ).rowcount
    db.execute(
        "UPDATE recordings SET settled_at = ? WHERE recording_id = ? AND settled_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM deliveries WHERE deliveries.recording_id = recordings.recording_id"
        "  AND state <> 'delivered')",
        (now, job.recording_id),
    )
    if job.target.kind == OWN_STORE:
        db.execute("UPDATE register SET is_listed = 0 WHERE recording_id = ?", (job.recording_id,))
    return bool(changed)


def fail(
    db: sqlite3.Connection,
    job: DeliveryJob,
    reason: str,
    *,
    retryable: bool,
    now: float,
    delay: Callable[[int], float],
    backoff: Backoff,
) -> DeliveryState | None:
    """Send a delivery back to the queue, or to the dead letters. Returns: its state, None for a stale job.

    Args: delay: seconds until the next attempt, from the number of failures before this one.
    """
    reason = _plain(reason[:MAX_REASON_CHARS])
    _end_attempt(db, job.attempt_id, now, "failed", reason)
    row = db.execute(
        "SELECT step, trying_since FROM deliveries WHERE id = ? AND attempt_id = ? AND state = 'delivering'",
        (job.delivery_id, job.attempt_id),
    ).fetchone()
    if row is None:
        return None
    given_up = not retryable or backoff.is_over(row["step"], now - row["trying_since"])
    state = DeliveryState.DEAD if given_up else DeliveryState.PENDING
    db.execute(
        "UPDATE deliveries SET state = ?, step = step + 1, next_attempt_at = ?, last_error = ?,"
        " finished_at = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?",
        (state, now + delay(row["step"]), reason, now if given_up else None, job.delivery_id),
    )
    return state


def take_back(
    db: sqlite3.Connection, now: float, delay: Callable[[int], float], gone: Collection[str] = ()
) -> int:
    """Return to the queue what was leased until now, or to processes known to be gone.

    A first loss is tried again at once; a delivery that keeps losing its process is made to wait, for it
    may be what kills it. Returns: how many.
    """
    leased = db.execute(
        "SELECT id, attempt_id, step, lease_owner, lease_until FROM deliveries WHERE state = 'delivering'"
    ).fetchall()
    rows = [row for row in leased if row["lease_until"] <= now or row["lease_owner"] in gone]
    for row in rows:
        reason = f"{row['lease_owner']} did not report back"
        _end_attempt(db, row["attempt_id"], now, "lost", reason)
        wait_s = delay(row["step"]) if row["step"] else 0.0
        db.execute(
            "UPDATE deliveries SET state = 'pending', step = step + 1, next_attempt_at = ?, last_error = ?,"
            " lease_owner = NULL, lease_until = NULL WHERE id = ?",
            (now + wait_s, reason, row["id"]),
        )
    return len(rows)


def lease_owners(db: sqlite3.Connection) -> list[str]:
    """Return the names of all processes that hold leases."""
    rows = db.execute("SELECT DISTINCT lease_owner FROM deliveries WHERE state = 'delivering'")
    return [row[0] for row in rows]


def hasten(db: sqlite3.Connection, key: str, now: float) -> int:
    """Make everything pending under a key due: its destination is back. Returns: how many."""
    return db.execute(
        "UPDATE deliveries SET next_attempt_at = ? WHERE state = 'pending' AND health_key = ?"
        " AND next_attempt_at > ?",
        (now, key, now),
    ).rowcount


def bound_times(db: sqlite3.Connection, latest_attempt: float, latest_lease: float) -> None:
    """Pull in times beyond what we ever set: the clock was ahead when they were written."""
    db.execute(
        "UPDATE deliveries SET next_attempt_at = ? WHERE state = 'pending' AND next_attempt_at > ?",
        (latest_attempt, latest_attempt),
    )
    db.execute(
        "UPDATE deliveries SET lease_until = ? WHERE state = 'delivering' AND lease_until > ?",
        (latest_lease, latest_lease),
    )


def _first_lease_end(db: sqlite3.Connection) -> float | None:
    found: float | None = db.execute(
        "SELECT min(lease_until) FROM deliveries INDEXED BY deliveries_leased WHERE state = 'delivering'"
    ).fetchone()[0]
    return found


def _due(db: sqlite3.Connection, now: float, avoid: Collection[str], after: str) -> int | None:
    keys = [key for key in _pending_keys(db) if key not in avoid]
    keys.sort(key=lambda key: (key <= after, key))
    for key in keys:
        row = db.execute(
            "SELECT id FROM deliveries WHERE state = 'pending' AND health_key = ? AND next_attempt_at <= ?"
            " ORDER BY next_attempt_at, id LIMIT 1",
            (key, now),
        ).fetchone()
        if row:
            return int(row["id"])
    return None


def _pending_keys(db: sqlite3.Connection) -> Iterator[str]:
    """Yield the keys that have pending deliveries, each by one step in the index, however many they have."""
    key = ""
    while True:
        key = db.execute(
            "SELECT min(health_key) FROM deliveries INDEXED BY deliveries_due"
            " WHERE state = 'pending' AND health_key > ?",
            (key,),
        ).fetchone()[0]
        if key is None:
            return
        yield key


def _end_attempt(db: sqlite3.Connection, attempt_id: int, now: float, outcome: str, reason: str) -> None:
    db.execute(
        "UPDATE attempts SET ended_at = ?, outcome = ?, reason = ? WHERE id = ? AND outcome = ''",
        (now, outcome, reason, attempt_id),
    )


def _plain(text: str) -> str:
    """Return text that SQLite takes: stray surrogates, from headers that were no UTF-8, become `?`."""
    return text.encode("utf-8", "replace").decode()
