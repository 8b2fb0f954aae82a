"""What the moves of notices share: whose health they are, who is the head of a stream, the delivery log."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from urllib.parse import urlsplit

from storage.notice import Try

MAX_REASON_CHARS = 1000

MAX_HOST_CHARS = 260
"""A host's name has 253 at most, and a port six."""


def health_key(url: str, failover_url: str = "") -> str:
    """Return whose health a notice shares: that of its hosts, both of them where there are two.

    Its receiver is down only when neither answers. Credentials are no part of it.
    """
    hosts = [_host_of(one) for one in (url, failover_url) if one]
    return f"notice:{'|'.join(dict.fromkeys(hosts))}"


def host_key(url: str) -> str:
    """Return the key of one URL alone."""
    return f"host:{_host_of(url)}"


def set_head(db: sqlite3.Connection, stream: str) -> None:
    """Let the first unsettled notice of a stream be its head, unless another one is under way."""
    first = db.execute(
        "SELECT id FROM notices INDEXED BY notices_in_order WHERE stream = ?"
        " AND state IN ('pending', 'delivering') ORDER BY state, id LIMIT 1",  # delivering comes first
        (stream,),
    ).fetchone()
    if first is not None:
        db.execute(
            "UPDATE notices INDEXED BY notices_heads SET is_head = 0"
            " WHERE stream = ? AND is_head = 1 AND id <> ?",
            (stream, first["id"]),
        )
        db.execute("UPDATE notices SET is_head = 1 WHERE id = ? AND is_head = 0", (first["id"],))


def log_tries(db: sqlite3.Connection, row_id: int, tries: Sequence[Try], owner: str) -> None:
    """Put requests into the log of a notice, as long as that is known."""
    db.executemany(
        "INSERT INTO notice_tries (notice, attempt, owner, target, started_at, duration_s, status, outcome,"
        " reason) SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM notices WHERE id = ?",
        [
            (
                one.attempt,
                owner,
                one.target,
                one.started_at,
                one.duration_s,
                one.status,
                one.outcome,
                reason_of(one.reason),
                row_id,
            )
            for one in tries
        ],
    )


def reason_of(text: str) -> str:
    """Return a reason as long as it may be, and as SQLite takes it."""
    return text[:MAX_REASON_CHARS].encode("utf-8", "replace").decode()


def _host_of(url: str) -> str:
    try:
        netloc = urlsplit(url).netloc
    except ValueError:  # a bracket without its other half; the attempt will say so
        netloc = ""
    return netloc.rsplit("@", 1)[-1].lower()[:MAX_HOST_CHARS]
