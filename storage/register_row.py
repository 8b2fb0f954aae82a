"""What the register knows of a recording that was asked for, as values.

| fate | what became of it | is there audio to be kept |
|---|---|---|
| (none) | nothing has been told yet | |
| handed over | it is the outbox's: its deliveries say more | yes |
| kept | it stays on this host, by a rule of storage | yes |
| discarded | by a rule of the recording: too short, never answered | no |
| failed | there is no usable audio | no |
| deleted | somebody who may had it deleted | no |
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storage.outbox_delivery import Delivery, DeliveryState, StoredRecording


class Fate(StrEnum):
    """See the table at the top."""

    HANDED_OVER = "handed_over"
    KEPT = "kept"
    DISCARDED = "discarded"
    FAILED = "failed"
    DELETED = "deleted"


GOOD = frozenset({Fate.HANDED_OVER, Fate.KEPT})
"""There is audio; a later word to the contrary is a mistake of whoever looked elsewhere."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A recording that was asked for; times in epoch seconds.

    Attributes: document_id: of its metadata document; uuid: FreeSWITCH's channel; origin: which node or rule
    asked; owner: the process that looks after it (storage.outbox_owner); limit_s: its time limit, None: none.
    """

    recording_id: str
    requested_at: float
    document_id: str = ""
    call_id: str = ""
    uuid: str = ""
    account_id: str = ""
    origin: str = ""
    owner: str = ""
    limit_s: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a recording.

    Attributes: expected: who it is, since the end may be all that anybody hears of it; started_at: epoch
    seconds, None when it never began; ended_by, verdict, reasons, duration_ms, size_bytes: its outcome;
    path: where its file is, "" for none; rule, rule_reason: of storage.
    """

    expected: Expected
    fate: Fate
    started_at: float | None = None
    ended_by: str = ""
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    duration_ms: int = 0
    size_bytes: int = 0
    path: str = ""
    rule: str = ""
    rule_reason: str = ""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One recording as it stands in the register.

    Attributes: noted_at: when it was first written; settled_at: when its fate was told, None before;
    deleted_at, deleted_by: when it was deleted, and by whom.
    """

    expected: Expected
    noted_at: float
    fate: Fate | None
    started_at: float | None
    ended_by: str
    verdict: str
    reasons: tuple[str, ...]
    duration_ms: int
    size_bytes: int
    path: str
    rule: str
    rule_reason: str
    settled_at: float | None
    deleted_at: float | None = None
    deleted_by: str = ""

    @property
    def recording_id(self) -> str:
        """32 hex digits."""
        return self.expected.recording_id


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording with all that the outbox knows of it; `stored` is None before it was taken over."""

    row: RegisterRow
    stored: StoredRecording | None = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def is_delivered(self) -> bool:
        """Whether every copy is verified."""
        return bool(self.deliveries) and all(
            each.state is DeliveryState.DELIVERED for each in self.deliveries
        )

    @property
    def media_path(self) -> Path | None:
        """Where its file is, or was, on this host; None when nobody said."""
        if self.stored is not None:
            return self.stored.media.path
        return Path(self.row.path) if self.row.path else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows; times in epoch seconds, of the request.

    Attributes: since: from here on; until: before this; is_open: only those that may be gaps.
    """

    since: float = float("-inf")
    until: float = float("inf")
    account_id: str | None = None
    call: str | None = None
    verdict: str | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many recordings of a period have no row any more, being in order."""

    stored: int = 0
    discarded: int = 0


def row_of(row: sqlite3.Row) -> RegisterRow:
    """Read a row of the register."""
    expected = Expected(
        recording_id=row["recording_id"],
        requested_at=row["requested_at"],
        document_id=row["document_id"],
        call_id=row["call_id"],
        uuid=row["uuid"],
        account_id=row["account_id"],
        origin=row["origin"],
        owner=row["owner"],
        limit_s=row["limit_s"],
    )
    return RegisterRow(
        expected=expected,
        noted_at=row["noted_at"],
        fate=_fate(row),
        started_at=row["started_at"],
        ended_by=row["ended_by"],
        verdict=row["verdict"],
        reasons=tuple(json.loads(row["reasons"])),
        duration_ms=row["duration_ms"],
        size_bytes=row["size_bytes"],
        path=row["path"],
        rule=row["rule"],
        rule_reason=row["rule_reason"],
        settled_at=row["settled_at"],
        deleted_at=row["deleted_at"],
        deleted_by=row["deleted_by"],
    )


def _fate(row: sqlite3.Row) -> Fate | None:
    if row["deleted_at"] is not None:
        return Fate.DELETED
    return Fate(row["fate"]) if row["fate"] else None
