"""The tables of the outbox, version by version.

`PRAGMA user_version` says how many of MIGRATIONS a file has seen; a release adds to their end and never
changes one that was published. `recording_id` of a delivery may be null: small bodies (status events) can
travel through the same queue without media.
"""

from __future__ import annotations

import sqlite3

from storage.errors import StoreUnavailable

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE recordings (
            recording_id TEXT PRIMARY KEY,
            document_id TEXT NOT NULL,
            account_id TEXT NOT NULL,
            path TEXT NOT NULL,
            content_type TEXT NOT NULL,
            size_bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            name TEXT NOT NULL,
            metadata TEXT NOT NULL,
            created_at REAL NOT NULL,
            settled_at REAL,
            media_deleted_at REAL
        )""",
        """CREATE INDEX recordings_by_time ON recordings (created_at)""",
        """CREATE INDEX recordings_settled ON recordings (settled_at)
            WHERE settled_at IS NOT NULL AND media_deleted_at IS NULL""",
        """CREATE INDEX recordings_released ON recordings (settled_at) WHERE media_deleted_at IS NOT NULL""",
        """CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            recording_id TEXT REFERENCES recordings (recording_id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            kind TEXT NOT NULL,
            parameters TEXT NOT NULL,
            health_key TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'delivering', 'delivered', 'dead')),
            attempts INTEGER NOT NULL DEFAULT 0,
            step INTEGER NOT NULL DEFAULT 0,
            created_at REAL NOT NULL,
            trying_since REAL NOT NULL,
            next_attempt_at REAL NOT NULL,
            attempt_id INTEGER,
            lease_owner TEXT,
            lease_until REAL,
            last_error TEXT NOT NULL DEFAULT '',
            location TEXT NOT NULL DEFAULT '',
            detail TEXT NOT NULL DEFAULT '',
            finished_at REAL,
            UNIQUE (recording_id, position)
        )""",
        """CREATE INDEX deliveries_due ON deliveries (health_key, next_attempt_at) WHERE state = 'pending'""",
        """CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE state = 'delivering'""",
        """CREATE INDEX deliveries_unsettled ON deliveries (created_at)
            WHERE state IN ('pending', 'delivering')""",
        """CREATE INDEX deliveries_by_state ON deliveries (state, id)""",
        """CREATE TABLE attempts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            delivery_id INTEGER NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
            owner TEXT NOT NULL,
            started_at REAL NOT NULL,
            ended_at REAL,
            outcome TEXT NOT NULL DEFAULT '',
            reason TEXT NOT NULL DEFAULT ''
        )""",
        """CREATE INDEX attempts_of_delivery ON attempts (delivery_id)""",
    ),
)


def migrate(db: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Bring a file to the newest version, in one transaction; processes that start together take turns.

    Raises: StoreUnavailable: the file was written by a newer release, which this one must not touch.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > len(migrations):
            raise StoreUnavailable(
                f"the outbox has version {version}, this release knows {len(migrations)}: use the newer one"
            )
        for statements in migrations[version:]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(migrations)}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
