"""How a recording leaves the outbox at somebody's wish, as SQL: every function is one transaction's work.

First nothing may be on its way any more (`hold_back`), then its copies are removed, and only then is it
forgotten here (`bury`): whoever is cut off in between begins anew, and finds less to do. What is held back
waits as a dead letter meanwhile, so that an operator sees what was begun and not ended.
"""

from __future__ import annotations

import sqlite3

from storage import outbox_register
from storage.register_row import Expected


def hold_back(db: sqlite3.Connection, recording_id: str, reason: str, now: float) -> bool:
    """Attempt its deliveries no more. Returns: False while one is attempted, and then nothing is changed."""
    if _is_under_way(db, recording_id):
        return False
    db.execute(
        "UPDATE deliveries SET state = 'dead', last_error = ?, finished_at = ?"
        " WHERE recording_id = ? AND state = 'pending'",
        (reason, now, recording_id),
    )
    return True


def bury(db: sqlite3.Connection, expected: Expected, by: str, now: float) -> bool:
    """Forget a recording, but for that it was deleted, when and by whom.

    Args: expected: who it is; it need not be known here. Returns: as hold_back.
    """
    if _is_under_way(db, expected.recording_id):
        return False
    db.execute("DELETE FROM recordings WHERE recording_id = ?", (expected.recording_id,))
    outbox_register.note(db, expected, now)
    db.execute(
        "UPDATE register SET deleted_at = coalesce(deleted_at, ?), is_listed = 0, path = '',"
        " deleted_by = CASE deleted_by WHEN '' THEN ? ELSE deleted_by END WHERE recording_id = ?",
        (now, by, expected.recording_id),
    )
    return True


def forget_transcript(db: sqlite3.Connection, recording_id: str) -> bool:
    """Take the transcript out of a recording's document as it is still to be delivered. Returns: as above."""
    if _is_under_way(db, recording_id):
        return False
    db.execute(
        "UPDATE recordings SET metadata = json_set(metadata, '$.callflows.transcript', json('null'))"
        " WHERE recording_id = ? AND json_extract(metadata, '$.callflows.transcript') IS NOT NULL",
        (recording_id,),
    )
    return True


def _is_under_way(db: sqlite3.Connection, recording_id: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM deliveries WHERE recording_id = ? AND state = 'delivering'", (recording_id,)
    ).fetchone()
    return found is not None
