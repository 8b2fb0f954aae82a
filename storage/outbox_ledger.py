"""What people and housekeeping ask of the outbox, as SQL: listing, counting, retrying, clearing away."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.destination import Receipt, Target
from storage.errors import NotFound
from storage.outbox_delivery import (
    Delivery,
    DeliveryState,
    StoredRecording,
    attempt_of,
    delivery_of,
    recording_of,
)

_HOLDER = (
    "CASE WHEN json_extract(parameters, '$.keeps_copy') THEN kind"
    " ELSE coalesce(json_extract(parameters, '$.media.kind'), kind) END"
)
"""As Target.holder has it."""

_JOINED = "SELECT * FROM deliveries JOIN recordings USING (recording_id)"


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How many deliveries stand where, and since when the oldest unsettled one waits (epoch s, or None)."""

    pending: int
    delivering: int
    delivered: int
    dead: int
    oldest_unsettled_at: float | None


@dataclass(frozen=True, slots=True)
class DestinationCounts:
    """What stands under one destination's key; times in epoch seconds, None where there is none.

    Attributes: waiting_since: when the oldest unsettled delivery was queued; next_attempt_at: of all that
    wait, the first; delivered_at: the last success; last_error: of the newest delivery that has one.
    """

    key: str
    pending: int
    delivering: int
    delivered: int
    dead: int
    waiting_since: float | None
    next_attempt_at: float | None
    delivered_at: float | None
    last_error: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One delivery as its destination is asked about it; with credentials, never to be shown."""

    state: DeliveryState
    key: str
    target: Target
    receipt: Receipt


def counts(db: sqlite3.Connection) -> OutboxCounts:
    """Count the deliveries by state."""
    found = dict(db.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
    oldest = db.execute(
        "SELECT min(created_at) FROM deliveries INDEXED BY deliveries_unsettled"
        " WHERE state IN ('pending', 'delivering')"
    ).fetchone()[0]
    return OutboxCounts(
        pending=found.get("pending", 0),
        delivering=found.get("delivering", 0),
        delivered=found.get("delivered", 0),
        dead=found.get("dead", 0),
        oldest_unsettled_at=oldest,
    )


def deliveries(
    db: sqlite3.Connection,
    state: DeliveryState | None,
    *,
    recording_id: str | None,
    key: str | None,
    before_id: int | None,
    limit: int,
) -> list[Delivery]:
    """Return deliveries, the newest first."""
    conditions = ["id < ?"]
    values: list[object] = [before_id if before_id is not None else 2**63 - 1]
    if state is not None:
        conditions.append("state = ?")
        values.append(str(state))
    if recording_id is not None:
        conditions.append("recording_id = ?")
        values.append(recording_id)
    if key is not None:
        conditions.append("health_key = ?")
        values.append(key)
    sql = f"{_JOINED} WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
    return [delivery_of(row) for row in db.execute(sql, (*values, limit))]


def delivery(db: sqlite3.Connection, delivery_id: int) -> Delivery:
    """Return one delivery with its attempts. Raises: NotFound."""
    row = db.execute(f"{_JOINED} WHERE id = ?", (delivery_id,)).fetchone()
    if row is None:
        raise NotFound("outbox", str(delivery_id))
    attempts = db.execute("SELECT * FROM attempts WHERE delivery_id = ? ORDER BY id", (delivery_id,))
    return delivery_of(row, tuple(attempt_of(attempt) for attempt in attempts))


def recording(db: sqlite3.Connection, recording_id: str) -> StoredRecording:
    """Return one recording. Raises: NotFound."""
    row = db.execute("SELECT * FROM recordings WHERE recording_id = ?", (recording_id,)).fetchone()
    if row is None:
        raise NotFound("outbox", recording_id)
    return recording_of(row)


def recordings(
    db: sqlite3.Connection, since: float, until: float, account_id: str | None, limit: int
) -> list[StoredRecording]:
    """Return the recordings taken over from `since` on and before `until`, the newest first."""
    rows = db.execute(
        "SELECT * FROM recordings WHERE created_at >= ? AND created_at < ? AND (? IS NULL OR account_id = ?)"
        " ORDER BY created_at DESC LIMIT ?",
        (since, until, account_id, account_id, limit),
    )
    return [recording_of(row) for row in rows]


def recordings_of(db: sqlite3.Connection, ids: str) -> list[StoredRecording]:
    """Return what the outbox has of some recordings. Args: ids: as a JSON list."""
    rows = db.execute(
        "SELECT * FROM recordings WHERE recording_id IN (SELECT value FROM json_each(?))", (ids,)
    )
    return [recording_of(row) for row in rows]


def deliveries_of(db: sqlite3.Connection, ids: str) -> Mapping[str, list[Delivery]]:
    """Return the deliveries of some recordings, by recording. Args: ids: as a JSON list."""
    found: dict[str, list[Delivery]] = {}
    rows = db.execute(
        "SELECT * FROM deliveries JOIN recordings USING (recording_id)"
        " WHERE recording_id IN (SELECT value FROM json_each(?)) ORDER BY position",
        (ids,),
    )
    for row in rows:
        found.setdefault(row["recording_id"], []).append(delivery_of(row))
    return found


def copies(db: sqlite3.Connection, recording_id: str) -> list[Copy]:
    """Return where a recording goes, or went, for whoever asks the destinations."""
    rows = db.execute("SELECT * FROM deliveries WHERE recording_id = ? ORDER BY position", (recording_id,))
    return [
        Copy(
            DeliveryState(row["state"]),
            row["health_key"],
            Target(row["kind"], json.loads(row["parameters"])),
            Receipt(row["location"], row["detail"]),
        )
        for row in rows
    ]


def destinations(db: sqlite3.Connection) -> list[DestinationCounts]:
    """Count the deliveries under each key, those with dead letters and the longest waits first."""
    rows = db.execute(
        "SELECT health_key AS key, total(state = 'pending') AS pending,"
        " total(state = 'delivering') AS delivering, total(state = 'delivered') AS delivered,"
        " total(state = 'dead') AS dead,"
        " min(CASE WHEN state IN ('pending', 'delivering') THEN created_at END) AS waiting_since,"
        " min(CASE WHEN state = 'pending' THEN next_attempt_at END) AS next_attempt_at,"
        " max(CASE WHEN state = 'delivered' THEN finished_at END) AS delivered_at,"
        " max(CASE WHEN last_error <> '' THEN id END) AS failed_id"
        " FROM deliveries GROUP BY health_key ORDER BY dead DESC, waiting_since IS NULL, waiting_since, key"
    ).fetchall()
    return [_destination(db, row) for row in rows]


def _destination(db: sqlite3.Connection, row: sqlite3.Row) -> DestinationCounts:
    failed = db.execute("SELECT last_error FROM deliveries WHERE id = ?", (row["failed_id"],)).fetchone()
    return DestinationCounts(
        key=row["key"],
        pending=int(row["pending"]),
        delivering=int(row["delivering"]),
        delivered=int(row["delivered"]),
        dead=int(row["dead"]),
        waiting_since=row["waiting_since"],
        next_attempt_at=row["next_attempt_at"],
        delivered_at=row["delivered_at"],
        last_error=failed[0] if failed else "",
    )


def retry(db: sqlite3.Connection, delivery_id: int, now: float) -> bool:
    """Make a dead or waiting delivery due. Returns: False when it is under way or settled.

    Raises: NotFound.
    """
    if db.execute("SELECT 1 FROM deliveries WHERE id = ?", (delivery_id,)).fetchone() is None:
        raise NotFound("outbox", str(delivery_id))
    return bool(_revive(db, "id = ? AND state IN ('dead', 'pending')", (delivery_id,), now))


def retry_dead(db: sqlite3.Connection, key: str | None, now: float) -> int:
    """Make all dead letters due, or those of one key. Returns: how many."""
    return _revive(db, "state = 'dead' AND (? IS NULL OR health_key = ?)", (key, key), now)


def releasable(
    db: sqlite3.Connection,
    settled_before: float,
    kept_before: float,
    after: StoredRecording | None,
    limit: int,
) -> list[StoredRecording]:
    """Return recordings that are settled since then and whose media is still here, the oldest first.

    Args: kept_before: what is to be kept for longer is left out.
    """
    reached = (after.settled_at, after.recording_id) if after else (-1.0, "")
    rows = db.execute(
        "SELECT * FROM recordings INDEXED BY recordings_settled WHERE settled_at <= ?1"
        " AND media_deleted_at IS NULL AND keep_until = 0 AND (settled_at, recording_id) > (?3, ?4)"
        " UNION ALL "
        "SELECT * FROM recordings INDEXED BY recordings_kept WHERE keep_until > 0 AND keep_until <= ?2"
        " AND media_deleted_at IS NULL AND settled_at <= ?1 AND (settled_at, recording_id) > (?3, ?4)"
        " ORDER BY settled_at, recording_id LIMIT ?5",
        (settled_before, kept_before, *reached, limit),
    )
    return [recording_of(row) for row in rows]


def readable_elsewhere(
    db: sqlite3.Connection,
    kept_before: float,
    kinds: Sequence[str],
    after: StoredRecording | None,
    limit: int,
) -> list[StoredRecording]:
    """Return settled recordings that are kept beyond a time and have a verified copy at one of some kinds."""
    reached = (after.keep_until, after.recording_id) if after else (kept_before, "")
    rows = db.execute(
        "SELECT * FROM recordings INDEXED BY recordings_kept"  # noqa: S608 - the constant above
        " WHERE keep_until > 0 AND settled_at IS NOT NULL AND media_deleted_at IS NULL"
        " AND (keep_until, recording_id) > (?, ?) AND EXISTS"
        " (SELECT 1 FROM deliveries WHERE deliveries.recording_id = recordings.recording_id"
        f"  AND state = 'delivered' AND {_HOLDER} IN (SELECT value FROM json_each(?)))"
        " ORDER BY keep_until, recording_id LIMIT ?",
        (*reached, json.dumps(list(kinds)), limit),
    )
    return [recording_of(row) for row in rows]


def release(db: sqlite3.Connection, recording_id: str, now: float) -> None:
    """Note that the local media of a recording is gone."""
    db.execute(
        "UPDATE recordings SET media_deleted_at = ? WHERE recording_id = ? AND settled_at IS NOT NULL",
        (now, recording_id),
    )


def forgettable(db: sqlite3.Connection, settled_before: float, kept_before: float, limit: int) -> list[str]:
    """Return the ids of recordings settled before then whose local media is gone, and which no link needs."""
    rows = db.execute(
        "SELECT recording_id FROM recordings INDEXED BY recordings_released"
        " WHERE settled_at <= ? AND media_deleted_at IS NOT NULL AND keep_until <= ?"
        " ORDER BY settled_at LIMIT ?",
        (settled_before, kept_before, limit),
    )
    return [row[0] for row in rows]


def forget(db: sqlite3.Connection, recording_ids: Sequence[str]) -> None:
    """Forget recordings with their deliveries and attempts."""
    db.execute(
        "DELETE FROM recordings WHERE recording_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(recording_ids)),),
    )


def _revive(db: sqlite3.Connection, condition: str, values: tuple[object, ...], now: float) -> int:
    return db.execute(
        "UPDATE deliveries SET state = 'pending', step = 0, trying_since = ?, next_attempt_at = ?,"  # noqa: S608
        f" finished_at = NULL WHERE {condition}",  # conditions are the constants above
        (now, now, *values),
    ).rowcount
