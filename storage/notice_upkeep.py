"""What befalls notices from outside: processes that died, receivers down or back, a second chance."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence

from storage.notice import Try, TryOutcome
from storage.notice_rows import log_tries, set_head

GIVEN_UP_TOGETHER = 2000
"""Notices of one receiver in one transaction: some milliseconds, in which nobody else writes."""


def take_back(
    db: sqlite3.Connection, now: float, delay: Callable[[int], float], gone: Collection[str] = ()
) -> int:
    """Return to the queue what was leased until now, or to processes known to be gone. Returns: how many.

    A first loss is tried again at once; a notice that keeps losing its process is made to wait, for it may be
    what kills it.
    """
    leased = db.execute(
        "SELECT id, stream, attempts, step, lease_owner, lease_until FROM notices INDEXED BY notices_leased"
        " WHERE state = 'delivering'"
    ).fetchall()
    rows = [row for row in leased if row["lease_until"] <= now or row["lease_owner"] in gone]
    for row in rows:
        reason = f"{row['lease_owner']} did not report back"
        log_tries(
            db,
            row["id"],
            (Try(row["attempts"], "", now, 0.0, 0, TryOutcome.LOST, reason),),
            row["lease_owner"],
        )
        wait_s = delay(row["step"]) if row["step"] else 0.0
        db.execute(
            "UPDATE notices SET state = 'pending', is_head = 1, step = step + 1, next_attempt_at = ?,"
            " last_error = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?",
            (now + wait_s, reason, row["id"]),
        )
        set_head(db, row["stream"])
    return len(rows)


def lease_owners(db: sqlite3.Connection) -> list[str]:
    """Return the names of all processes that hold leases."""
    rows = db.execute("SELECT DISTINCT lease_owner FROM notices WHERE state = 'delivering'")
    return [row[0] for row in rows]


def hasten(db: sqlite3.Connection, key: str, now: float) -> int:
    """Make everything that waits under a key due: its receiver is back. Returns: how many."""
    return db.execute(
        "UPDATE notices INDEXED BY notices_due SET next_attempt_at = ? WHERE state = 'pending'"
        " AND is_head = 1 AND health_key = ? AND next_attempt_at > ?",
        (now, key, now),
    ).rowcount


def bound_times(db: sqlite3.Connection, latest_attempt: float, latest_lease: float) -> None:
    """Pull in times beyond what we ever set: the clock was ahead when they were written."""
    db.execute(
        "UPDATE notices INDEXED BY notices_unsettled SET next_attempt_at = ?"
        " WHERE state IN ('pending', 'delivering') AND state = 'pending' AND next_attempt_at > ?",
        (latest_attempt, latest_attempt),
    )
    db.execute(
        "UPDATE notices INDEXED BY notices_leased SET lease_until = ?"
        " WHERE state = 'delivering' AND lease_until > ?",
        (latest_lease, latest_lease),
    )


def give_up(db: sqlite3.Connection, keys: Collection[str], tried_before: float, now: float) -> int:
    """Give up what waits since before then for receivers that are down. Returns: how many.

    Behind one that is down a whole stream would else wait for its turn to fail, notice by notice, for days.
    """
    rows = [
        row
        for key in keys
        for row in db.execute(
            "SELECT id, stream FROM notices INDEXED BY notices_unsettled"
            " WHERE state IN ('pending', 'delivering') AND created_at < ?"
            " AND state = 'pending' AND trying_since < ? AND health_key = ? LIMIT ?",
            (tried_before, tried_before, key, GIVEN_UP_TOGETHER),
        ).fetchall()
    ]
    for row in rows:
        db.execute(
            "UPDATE notices SET state = 'dead', is_head = 0, finished_at = ?, last_error = CASE last_error"
            " WHEN '' THEN 'its receiver was down for so long' ELSE last_error END WHERE id = ?",
            (now, row["id"]),
        )
    for stream in {row["stream"] for row in rows}:
        set_head(db, stream)
    return len(rows)


def revive(db: sqlite3.Connection, rows: Sequence[sqlite3.Row], now: float) -> int:
    """Make dead or waiting notices due, each in its old place in its stream. Args: rows: id, stream."""
    for row in rows:
        db.execute(
            "UPDATE notices SET state = 'pending', is_head = 0, step = 0, refusals = 0, trying_since = ?,"
            " next_attempt_at = ?, finished_at = NULL WHERE id = ?",
            (now, now, row["id"]),
        )
    for stream in {row["stream"] for row in rows}:
        set_head(db, stream)
    return len(rows)
