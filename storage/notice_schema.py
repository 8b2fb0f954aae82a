"""The tables of notices, in the outbox's file; see storage.outbox_schema for how they come into being.

`is_head` is 1 for the first notice of its stream that is not settled, and for no other: what may be sent is
so found by index, however much waits behind it.
"""

from __future__ import annotations

TABLES: tuple[str, ...] = (
    """CREATE TABLE notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        notice_id TEXT NOT NULL DEFAULT '',
        stream TEXT NOT NULL,
        kind TEXT NOT NULL DEFAULT '',
        account_id TEXT NOT NULL DEFAULT '',
        url TEXT NOT NULL,
        failover_url TEXT NOT NULL DEFAULT '',
        signer TEXT NOT NULL DEFAULT '',
        health_key TEXT NOT NULL,
        body BLOB NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'delivering', 'delivered', 'dead')),
        is_head INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        step INTEGER NOT NULL DEFAULT 0,
        refusals INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL,
        trying_since REAL NOT NULL,
        next_attempt_at REAL NOT NULL,
        lease_owner TEXT,
        lease_until REAL,
        last_status INTEGER NOT NULL DEFAULT 0,
        last_error TEXT NOT NULL DEFAULT '',
        finished_at REAL
    )""",
    """CREATE UNIQUE INDEX notices_by_notice_id ON notices (notice_id) WHERE notice_id <> ''""",
    """CREATE INDEX notices_in_order ON notices (stream, state, id)
        WHERE state IN ('pending', 'delivering')""",
    """CREATE INDEX notices_heads ON notices (stream) WHERE is_head = 1""",
    """CREATE INDEX notices_due ON notices (health_key, next_attempt_at)
        WHERE state = 'pending' AND is_head = 1""",
    """CREATE INDEX notices_leased ON notices (lease_until) WHERE state = 'delivering'""",
    """CREATE INDEX notices_unsettled ON notices (created_at) WHERE state IN ('pending', 'delivering')""",
    """CREATE INDEX notices_settled ON notices (state, finished_at) WHERE state IN ('delivered', 'dead')""",
    """CREATE TABLE notice_tries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        notice INTEGER NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
        attempt INTEGER NOT NULL,
        owner TEXT NOT NULL,
        target TEXT NOT NULL,
        started_at REAL NOT NULL,
        duration_s REAL NOT NULL,
        status INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL
    )""",
    """CREATE INDEX notice_tries_of ON notice_tries (notice)""",
)
