"""The tables of the outbox, version by version.

`PRAGMA user_version` says how many of MIGRATIONS a file has seen; a release adds to their end and never
changes one that was published. `recording_id` of a delivery may be null: small bodies (status events) can
travel through the same queue without media.
"""

from __future__ import annotations

import sqlite3

from storage import notice_schema
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
    (
        """CREATE TABLE register (
            recording_id TEXT PRIMARY KEY,
            document_id TEXT NOT NULL,
            call_id TEXT NOT NULL,
            uuid TEXT NOT NULL DEFAULT '',
            account_id TEXT NOT NULL,
            origin TEXT NOT NULL DEFAULT '',
            owner TEXT NOT NULL DEFAULT '',
            limit_s INTEGER,
            requested_at REAL NOT NULL,
            noted_at REAL NOT NULL,
            fate TEXT CHECK (fate IN ('handed_over', 'kept', 'discarded', 'failed')),
            started_at REAL,
            ended_by TEXT NOT NULL DEFAULT '',
            verdict TEXT NOT NULL DEFAULT '',
            reasons TEXT NOT NULL DEFAULT '[]',
            duration_ms INTEGER NOT NULL DEFAULT 0,
            size_bytes INTEGER NOT NULL DEFAULT 0,
            path TEXT NOT NULL DEFAULT '',
            rule TEXT NOT NULL DEFAULT '',
            rule_reason TEXT NOT NULL DEFAULT '',
            settled_at REAL
        )""",
        """CREATE INDEX register_by_time ON register (requested_at, recording_id)""",
        """CREATE INDEX register_by_call ON register (call_id)""",
        """CREATE INDEX register_by_uuid ON register (uuid)""",
        """CREATE INDEX register_by_document ON register (document_id)""",
        """CREATE INDEX register_discarded ON register (settled_at) WHERE fate = 'discarded'""",
        """CREATE TABLE register_forgotten (
            hour INTEGER NOT NULL,
            account_id TEXT NOT NULL,
            what TEXT NOT NULL CHECK (what IN ('stored', 'discarded')),
            recordings INTEGER NOT NULL,
            PRIMARY KEY (hour, account_id, what)
        )""",
        # What an earlier release took over is not to look as if nobody had asked for it.
        """INSERT INTO register (recording_id, document_id, call_id, account_id, origin, requested_at,
                noted_at, fate, ended_by, verdict, duration_ms, size_bytes, path, settled_at)
            SELECT recording_id, document_id, coalesce(json_extract(metadata, '$.call_id'), ''), account_id,
                coalesce(json_extract(metadata, '$.origin'), ''),
                coalesce(json_extract(metadata, '$.callflows.requested_at_us') / 1e6, created_at), created_at,
                'handed_over', coalesce(json_extract(metadata, '$.callflows.ended_by'), ''),
                coalesce(json_extract(metadata, '$.callflows.verdict'), ''),
                coalesce(json_extract(metadata, '$.duration_ms'), 0), size_bytes, path, created_at
            FROM recordings""",
    ),
    (
        # What a link must find for a while is told apart by index: those may be months of recordings, and the
        # sweep, which runs twice a minute, must not read through them.
        """ALTER TABLE recordings ADD COLUMN keep_until REAL NOT NULL DEFAULT 0""",
        """DROP INDEX recordings_settled""",
        """CREATE INDEX recordings_settled ON recordings (settled_at)
            WHERE settled_at IS NOT NULL AND media_deleted_at IS NULL AND keep_until = 0""",
        """CREATE INDEX recordings_kept ON recordings (keep_until, recording_id)
            WHERE settled_at IS NOT NULL AND media_deleted_at IS NULL AND keep_until > 0""",
        """CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL)""",
    ),
    notice_schema.TABLES,
    (
        """ALTER TABLE register ADD COLUMN deleted_at REAL""",
        """ALTER TABLE register ADD COLUMN deleted_by TEXT NOT NULL DEFAULT ''""",
        # Recordings that no document of this system's own store tells of, so that they are listed from here:
        # not delivered yet, or elsewhere only. They are few beside all others, and must be found among them.
        """ALTER TABLE register ADD COLUMN is_listed INTEGER NOT NULL DEFAULT 0""",
        """UPDATE register SET is_listed = 1 WHERE fate IN ('handed_over', 'kept') AND NOT EXISTS
            (SELECT 1 FROM deliveries WHERE deliveries.recording_id = register.recording_id
                AND kind = 'local' AND state = 'delivered')""",
        """CREATE INDEX register_listed ON register (account_id, settled_at, recording_id)
            WHERE is_listed = 1""",
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
