"""Secrets of this host, as SQL: each is made once, whichever process asks first, and then never changes."""

from __future__ import annotations

import secrets
import sqlite3

SECRET_BYTES = 32
"""As long as the digests they are for (RFC 2104, section 3)."""


def known(db: sqlite3.Connection, name: str) -> str:
    """Return a secret, "" while there is none of that name."""
    row = db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def made(db: sqlite3.Connection, name: str) -> str:
    """Keep a new secret under a name, unless another process was faster. Returns: the one that is kept."""
    value = secrets.token_hex(SECRET_BYTES)
    db.execute("INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)", (name, value))
    return known(db, name)
