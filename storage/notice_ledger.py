"""What people and housekeeping ask of notices, as SQL: listing, counting, retrying, clearing away."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from config.redaction import without_credentials
from storage import http_url, notice_upkeep
from storage.errors import NotFound
from storage.notice import Notice, NoticeState, Try, TryOutcome

_SETTLED = "notices INDEXED BY notices_settled WHERE state IN ('delivered', 'dead') AND state = ?"
"""SQLite takes a partial index only where its own condition is repeated."""


@dataclass(frozen=True, slots=True)
class NoticeCounts:
    """How many notices stand where, and since when the oldest unsettled one waits (epoch s, or None).

    Attributes: dead_lately: of those that are dead, the ones that were given up since the time asked about.
    """

    pending: int
    delivering: int
    delivered: int
    dead: int
    dead_lately: int
    oldest_unsettled_at: float | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices are asked for; None and "" ask for all.

    Attributes: key: of the receiver (storage.notice_rows.health_key); before_id: the next page.
    """

    state: NoticeState | None = None
    stream: str = ""
    account_id: str = ""
    kind: str = ""
    key: str = ""
    before_id: int | None = None


def counts(db: sqlite3.Connection, lately: float) -> NoticeCounts:
    """Count the notices by state. Args: lately: since when dead ones count as such of late (epoch s)."""
    found = {
        **dict(
            db.execute(
                "SELECT state, count(*) FROM notices INDEXED BY notices_unsettled"
                " WHERE state IN ('pending', 'delivering') GROUP BY state"
            ).fetchall()
        ),
        **dict(
            db.execute(
                "SELECT state, count(*) FROM notices INDEXED BY notices_settled"
                " WHERE state IN ('delivered', 'dead') GROUP BY state"
            ).fetchall()
        ),
    }
    oldest = db.execute(
        "SELECT min(created_at) FROM notices INDEXED BY notices_unsettled"
        " WHERE state IN ('pending', 'delivering')"
    ).fetchone()[0]
    fresh = f"SELECT count(*) FROM {_SETTLED} AND finished_at >= ?"  # noqa: S608 - a constant of this module
    return NoticeCounts(
        pending=found.get("pending", 0),
        delivering=found.get("delivering", 0),
        delivered=found.get("delivered", 0),
        dead=found.get("dead", 0),
        dead_lately=db.execute(fresh, (NoticeState.DEAD, lately)).fetchone()[0],
        oldest_unsettled_at=oldest,
    )


def notices(db: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Notice]:
    """Return notices, the newest first, without body and history."""
    conditions = ["id < ?"]
    values: list[object] = [wanted.before_id if wanted.before_id is not None else 2**63 - 1]
    chosen = {
        "state": wanted.state and str(wanted.state),
        "stream": wanted.stream,
        "account_id": wanted.account_id,
        "kind": wanted.kind,
        "health_key": wanted.key,
    }
    for name, value in chosen.items():
        if value:
            conditions.append(f"{name} = ?")
            values.append(value)
    sql = (
        "SELECT *, length(body) AS size_bytes FROM notices"  # noqa: S608 - the names above
        f" WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
    )
    return [_notice(row) for row in db.execute(sql, (*values, limit))]


def notice(db: sqlite3.Connection, row_id: int) -> Notice:
    """Return one notice with its body and every request made for it. Raises: NotFound."""
    row = db.execute("SELECT *, length(body) AS size_bytes FROM notices WHERE id = ?", (row_id,)).fetchone()
    if row is None:
        raise NotFound("outbox", f"notice {row_id}")
    tries = db.execute("SELECT * FROM notice_tries WHERE notice = ? ORDER BY id", (row_id,))
    return _notice(row, json.loads(bytes(row["body"])), tuple(_try(one) for one in tries))


def unfinished(db: sqlite3.Connection, began: str, ended: str, about: str, newest: int) -> list[bytes]:
    """Return the bodies of notices of one kind that none of another kind about the same thing has followed.

    Args: began, ended: the kinds; about: JSON path in their bodies of what they are about; newest: of how
    many notices, since those of a kind are not indexed.
    """
    rows = db.execute(
        "WITH late AS (SELECT id, kind, body FROM notices ORDER BY id DESC LIMIT :newest)"
        " SELECT body FROM late WHERE kind = :began AND json_extract(CAST(body AS TEXT), :about) NOT IN"
        " (SELECT json_extract(CAST(body AS TEXT), :about) FROM late WHERE kind = :ended)"
        " ORDER BY id",
        {"newest": newest, "began": began, "ended": ended, "about": about},
    )
    return [bytes(row["body"]) for row in rows]


def retry(db: sqlite3.Connection, row_id: int, now: float) -> bool:
    """Make a dead or waiting notice due. Returns: False when it is under way or delivered.

    Raises: NotFound.
    """
    row = db.execute("SELECT id, stream, state FROM notices WHERE id = ?", (row_id,)).fetchone()
    if row is None:
        raise NotFound("outbox", f"notice {row_id}")
    if row["state"] not in (NoticeState.DEAD, NoticeState.PENDING):
        return False
    return bool(notice_upkeep.revive(db, [row], now))


def retry_dead(db: sqlite3.Connection, key: str, now: float) -> int:
    """Make all dead notices due, or those under one key. Returns: how many."""
    rows = db.execute(
        f"SELECT id, stream FROM {_SETTLED} AND (? = '' OR health_key = ?)",  # noqa: S608
        (NoticeState.DEAD, key, key),
    ).fetchall()
    return notice_upkeep.revive(db, rows, now)


def purge(
    db: sqlite3.Connection, *, delivered_before: float, dead_before: float, most: int, limit: int
) -> int:
    """Forget what was settled before then, and of each state all but the last `most`.

    Returns: how many, at most `limit` of each state.
    """
    ends = ((NoticeState.DELIVERED, delivered_before), (NoticeState.DEAD, dead_before))
    return sum(_purge(db, state, before, most, limit) for state, before in ends)


def _purge(db: sqlite3.Connection, state: NoticeState, before: float, most: int, limit: int) -> int:
    count = f"SELECT count(*) FROM {_SETTLED}"  # noqa: S608 - as above
    over = db.execute(count, (state,)).fetchone()[0] - most
    oldest = (
        f"DELETE FROM notices WHERE id IN (SELECT id FROM {_SETTLED}"  # noqa: S608
        " AND finished_at <= ? ORDER BY finished_at LIMIT ?)"
    )
    forgotten = db.execute(oldest, (state, before, limit)).rowcount
    if over > forgotten:
        forgotten += db.execute(oldest, (state, float("inf"), min(over, limit) - forgotten)).rowcount
    return forgotten


def _notice(row: sqlite3.Row, body: Any = None, history: tuple[Try, ...] = ()) -> Notice:
    state = NoticeState(row["state"])
    return Notice(
        id=row["id"],
        notice_id=row["notice_id"],
        stream=row["stream"],
        kind=row["kind"],
        account_id=row["account_id"],
        url=http_url.shown(row["url"]),
        failover_url=http_url.shown(row["failover_url"]),
        signer=row["signer"],
        key=row["health_key"],
        state=state,
        attempts=row["attempts"],
        size_bytes=row["size_bytes"],
        created_at=row["created_at"],
        next_attempt_at=row["next_attempt_at"] if state is NoticeState.PENDING and row["is_head"] else None,
        last_status=row["last_status"],
        last_error=without_credentials(row["last_error"]),
        finished_at=row["finished_at"],
        body=body,
        history=history,
    )


def _try(row: sqlite3.Row) -> Try:
    return Try(
        attempt=row["attempt"],
        target=row["target"],
        started_at=row["started_at"],
        duration_s=row["duration_s"],
        status=row["status"],
        outcome=TryOutcome(row["outcome"]),
        reason=row["reason"],
        owner=row["owner"],
    )
