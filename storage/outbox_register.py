"""The register: a row for every recording that was asked for, so that what should exist can be compared with
what is stored.

It stands in the outbox's file, and what a recording becomes there (taken over, delivered, forgotten) happens
in the same transactions. Every note may be made twice, in any order and by any process: who a recording is
comes with each of them, and what was once found to be good audio is not talked away by somebody who looked
for it elsewhere. So a recording whose engine was killed before it could note it is in the register all the
same once anybody finishes it; one that nobody ever finishes is a file without a row, which the audit finds on
disk.

Recordings in order are forgotten with the outbox's own rows, but counted by the hour, so that a figure over a
longer time stays true; gaps stay for as long as the register is kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from storage import outbox_ledger
from storage.destination import Media
from storage.outbox_database import OutboxDatabase
from storage.register_row import (
    GOOD,
    Entry,
    Expected,
    Fate,
    Forgotten,
    RegisterRow,
    Settled,
    Wanted,
    row_of,
)

Note = Expected | Settled

PAGE = 200
"""Rows read at a time: some milliseconds, in which nobody else reads or writes the outbox here."""

HOUR_S = 3600

_WHO = ("document_id", "call_id", "uuid", "account_id", "origin", "owner", "limit_s", "requested_at")
_TEXTS = tuple(name for name in _WHO if name not in ("limit_s", "requested_at"))
_INSERT = (
    f"INSERT INTO register (recording_id, {', '.join(_WHO)}, noted_at)"  # noqa: S608 - the names above
    f" VALUES ({', '.join('?' * (len(_WHO) + 2))}) ON CONFLICT (recording_id) DO UPDATE SET "
    + ", ".join(
        f"{name} = CASE excluded.{name} WHEN '' THEN {name} ELSE excluded.{name} END" for name in _TEXTS
    )
    + ", limit_s = coalesce(excluded.limit_s, limit_s)"
    ", requested_at = min(requested_at, excluded.requested_at)"
)
_GOOD = ", ".join(f"'{fate}'" for fate in sorted(GOOD))
_MAY_BE_A_GAP = (
    "deleted_at IS NULL AND (fate IS NULL OR fate = 'failed' OR (fate = 'handed_over' AND NOT EXISTS"
    " (SELECT 1 FROM recordings WHERE recordings.recording_id = register.recording_id"
    "  AND recordings.settled_at IS NOT NULL)))"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording to be listed from the register. `created_at`: when it came to be, epoch seconds."""

    created_at: float
    recording_id: str


class StoredRegister:
    """The register in one outbox file. Every method raises StoreUnavailable when it cannot be used."""

    def __init__(self, db: OutboxDatabase, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    def write(self, notes: Sequence[Note]) -> None:
        """Write notes down, all in one transaction; when this returns they are on disk."""
        self._db.write(partial(_write_all, notes=tuple(notes), now=self._clock()))

    def get(self, recording_id: str) -> Entry | None:
        """Return what is known of a recording, None when nothing is."""
        return next(iter(self.find(recording_id, limit=1)), None)

    def find(self, text: str, limit: int = 100) -> Sequence[Entry]:
        """Return recordings by recording id, document id, call id or channel, the newest first."""
        return self._db.read(partial(_found, text=text, limit=limit))

    def of(self, recording_ids: Sequence[str]) -> Mapping[str, Entry]:
        """Return what is known of some recordings, by their ids."""
        entries = self._db.read(partial(_of, recording_ids=recording_ids))
        return {entry.row.recording_id: entry for entry in entries}

    def listed(self, account_id: str, since: float, until: float, limit: int) -> Sequence[Listed]:
        """Return an account's recordings that no document of this system's store tells of, the newest first.

        Args: since, until: of when they came to be (epoch s), both included; limit: the newest so many.
        """
        found: list[Listed] = []
        while len(found) < limit:
            after = found[-1] if found else None
            count = min(PAGE, limit - len(found))
            page = self._db.read(
                partial(_listed, account_id=account_id, since=since, until=until, after=after, limit=count)
            )
            found += page
            if len(page) < count:
                break
        return found

    def entries(self, wanted: Wanted, *, newest_first: bool = False) -> Iterator[Entry]:
        """Yield the recordings wanted, by when they were asked for; read page by page as they are taken."""
        reached: RegisterRow | None = None
        while page := self._db.read(partial(_page, wanted=wanted, after=reached, newest_first=newest_first)):
            yield from page
            reached = page[-1].row
            if len(page) < PAGE:
                return

    def known(self, recording_ids: Sequence[str]) -> frozenset[str]:
        """Return those of some ids that have a row."""
        return self._db.read(partial(_known, recording_ids=recording_ids))

    def forgotten(self, wanted: Wanted) -> Forgotten:
        """Return how many recordings of a period, to the hour, were in order and have no row any more."""
        return self._db.read(partial(_forgotten, wanted=wanted))


def taken_over(
    media: Media, metadata: Mapping[str, Any], *, recording_id: str, account_id: str, now: float
) -> Settled:
    """Return what the outbox itself can say of a recording it takes over; `metadata` tells who it is."""
    ours = metadata.get("callflows")
    facts: Mapping[str, Any] = ours if isinstance(ours, Mapping) else {}
    requested_at_us = _number(facts.get("requested_at_us"))
    started_at_us = _number(facts.get("started_at_us"))
    reasons = facts.get("reasons")
    return Settled(
        Expected(
            recording_id,
            requested_at_us / 1e6 if requested_at_us else now,
            document_id=str(metadata.get("_id", recording_id)),
            call_id=str(metadata.get("call_id", "")),
            account_id=account_id,
            origin=str(metadata.get("origin", "")),
        ),
        Fate.HANDED_OVER,
        started_at=started_at_us / 1e6 if started_at_us else None,
        ended_by=str(facts.get("ended_by", "")),
        verdict=str(facts.get("verdict", "")),
        reasons=tuple(str(each) for each in reasons) if isinstance(reasons, list) else (),
        duration_ms=_number(metadata.get("duration_ms")),
        size_bytes=media.size_bytes,
        path=str(media.path),
    )


def forget(db: sqlite3.Connection, recording_ids: Sequence[str], what: str) -> None:
    """Forget recordings that are in order, and count them. Args: what: `stored` or `discarded`."""
    ids = json.dumps(list(recording_ids))
    db.execute(
        "INSERT INTO register_forgotten (hour, account_id, what, recordings)"
        " SELECT CAST(requested_at / ? AS INTEGER) * ?, account_id, ?, count(*) FROM register"
        " WHERE recording_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2"
        " ON CONFLICT DO UPDATE SET recordings = recordings + excluded.recordings",
        (HOUR_S, HOUR_S, what, ids),
    )
    db.execute("DELETE FROM register WHERE recording_id IN (SELECT value FROM json_each(?))", (ids,))


def purge(db: sqlite3.Connection, settled_before: float, requested_before: float, limit: int) -> int:
    """Forget what was discarded before the one, and everything without an outbox row from before the other.

    Returns: how many rows, at most `limit` of each kind.
    """
    rows = db.execute(
        "SELECT recording_id FROM register WHERE fate = 'discarded' AND settled_at <= ? LIMIT ?",
        (settled_before, limit),
    ).fetchall()
    if rows:
        forget(db, [row[0] for row in rows], "discarded")
    aged = db.execute(
        "DELETE FROM register WHERE recording_id IN (SELECT recording_id FROM register"
        " WHERE requested_at <= ? AND NOT EXISTS"
        "  (SELECT 1 FROM recordings WHERE recordings.recording_id = register.recording_id)"
        " ORDER BY requested_at LIMIT ?)",
        (requested_before, limit),
    ).rowcount
    db.execute("DELETE FROM register_forgotten WHERE hour <= ?", (requested_before - HOUR_S,))
    return len(rows) + aged


def settle(db: sqlite3.Connection, settled: Settled, now: float) -> None:
    """Write down what became of a recording; what the outbox took over is more than kept, whoever says so."""
    note(db, settled.expected, now)
    told: dict[str, object] = {
        "started_at": settled.started_at,
        "ended_by": settled.ended_by,
        "verdict": settled.verdict,
        "reasons": json.dumps(settled.reasons),
        "duration_ms": settled.duration_ms,
        "size_bytes": settled.size_bytes,
        "path": settled.path,
    }
    if settled.rule:
        told |= {"rule": settled.rule, "rule_reason": settled.rule_reason}
    changed = ", ".join(f"{name} = :{name}" for name in told)
    db.execute(
        f"UPDATE register SET {changed},"  # noqa: S608 - the names above, and constants of this module
        " fate = CASE WHEN :fate = 'kept' AND fate = 'handed_over' THEN fate ELSE :fate END,"
        f" is_listed = CASE WHEN :is_good AND deleted_at IS NULL AND (fate IS NULL OR fate NOT IN ({_GOOD}))"
        "  THEN 1 ELSE is_listed END,"
        f" settled_at = CASE WHEN :is_good AND fate NOT IN ({_GOOD}) THEN :now"
        "  ELSE coalesce(settled_at, :now) END"
        f" WHERE recording_id = :recording_id AND (:is_good OR fate IS NULL OR fate NOT IN ({_GOOD}))",
        {
            **{name: _plain(value) for name, value in told.items()},
            "fate": str(settled.fate),
            "is_good": settled.fate in GOOD,
            "recording_id": settled.expected.recording_id,
            "now": now,
        },
    )


def _write_all(db: sqlite3.Connection, notes: Sequence[Note], now: float) -> None:
    for one in notes:
        if isinstance(one, Settled):
            settle(db, one, now)
        else:
            note(db, one, now)


def note(db: sqlite3.Connection, expected: Expected, now: float) -> None:
    """Write down who a recording is; what is known already is kept where the note has nothing better."""
    values = (_plain(getattr(expected, name)) for name in _WHO)
    db.execute(_INSERT, (expected.recording_id, *values, now))


def _found(db: sqlite3.Connection, text: str, limit: int) -> list[Entry]:
    rows = db.execute(
        "SELECT * FROM register WHERE recording_id = :text OR document_id = :text OR call_id = :text"
        " OR uuid = :text ORDER BY requested_at DESC, recording_id LIMIT :limit",
        {"text": text, "limit": limit},
    )
    return _entries(db, [row_of(row) for row in rows])


def _page(
    db: sqlite3.Connection, wanted: Wanted, after: RegisterRow | None, *, newest_first: bool
) -> list[Entry]:
    conditions, values = _conditions(wanted)
    if after is not None:
        conditions.append(f"(requested_at, recording_id) {'<' if newest_first else '>'} (?, ?)")
        values += [after.expected.requested_at, after.recording_id]
    order = "DESC" if newest_first else "ASC"
    rows = db.execute(
        f"SELECT * FROM register WHERE {' AND '.join(conditions)}"  # noqa: S608 - constants of this module
        f" ORDER BY requested_at {order}, recording_id {order} LIMIT {PAGE}",
        values,
    )
    return _entries(db, [row_of(row) for row in rows])


def _conditions(wanted: Wanted) -> tuple[list[str], list[object]]:
    conditions = ["requested_at >= ?", "requested_at < ?"]
    found: list[object] = [wanted.since, wanted.until]
    if wanted.account_id is not None:
        conditions.append("account_id = ?")
        found.append(wanted.account_id)
    if wanted.call is not None:
        conditions.append("(call_id = ? OR uuid = ?)")
        found += [wanted.call, wanted.call]
    if wanted.verdict is not None:
        conditions.append("verdict = ?")
        found.append(wanted.verdict)
    if wanted.is_open:
        conditions.append(_MAY_BE_A_GAP)
    return conditions, found


def _entries(db: sqlite3.Connection, rows: Sequence[RegisterRow]) -> list[Entry]:
    """Join rows with what the outbox has of them, in their order."""
    ids = json.dumps([row.recording_id for row in rows])
    stored = {one.recording_id: one for one in outbox_ledger.recordings_of(db, ids)}
    deliveries = outbox_ledger.deliveries_of(db, ids)
    return [
        Entry(row, stored.get(row.recording_id), tuple(deliveries.get(row.recording_id, ()))) for row in rows
    ]


def _of(db: sqlite3.Connection, recording_ids: Sequence[str]) -> list[Entry]:
    rows = db.execute(
        "SELECT * FROM register WHERE recording_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(recording_ids)),),
    )
    return _entries(db, [row_of(row) for row in rows])


def _listed(
    db: sqlite3.Connection, account_id: str, since: float, until: float, after: Listed | None, limit: int
) -> list[Listed]:
    reached = (after.created_at, after.recording_id) if after else (until, "\uffff")
    rows = db.execute(
        "SELECT settled_at, recording_id FROM register INDEXED BY register_listed"
        " WHERE is_listed = 1 AND account_id = ? AND settled_at >= ? AND (settled_at, recording_id) < (?, ?)"
        " ORDER BY settled_at DESC, recording_id DESC LIMIT ?",
        (account_id, since, *reached, limit),
    )
    return [Listed(row["settled_at"], row["recording_id"]) for row in rows]


def _known(db: sqlite3.Connection, recording_ids: Sequence[str]) -> frozenset[str]:
    rows = db.execute(
        "SELECT recording_id FROM register WHERE recording_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(recording_ids)),),
    )
    return frozenset(row[0] for row in rows)


def _forgotten(db: sqlite3.Connection, wanted: Wanted) -> Forgotten:
    rows = db.execute(
        "SELECT what, sum(recordings) FROM register_forgotten WHERE hour >= ? AND hour < ?"
        " AND (? IS NULL OR account_id = ?) GROUP BY what",
        (wanted.since, wanted.until, wanted.account_id, wanted.account_id),
    )
    return Forgotten(**dict(rows.fetchall()))


def _number(value: object) -> int:
    """Return a whole number that is above nothing, 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _plain(value: object) -> object:
    """Return what SQLite takes: stray surrogates, from headers that were no UTF-8, become `?`."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
