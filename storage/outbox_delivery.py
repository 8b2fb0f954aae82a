"""What the outbox knows of recordings, deliveries and attempts, as values.

| state | meaning | leaves it by |
|---|---|---|
| pending | waits for its next attempt | a claim |
| delivering | one process is at it, until its lease ends | success, failure, the lease's end |
| delivered | the destination's copy is verified | never |
| dead | given up; kept with its media for somebody to look at | `retry` |
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from config.redaction import MASK, is_secret, without_credentials
from storage import http_url
from storage.destination import Media, Target


class DeliveryState(StrEnum):
    """See the table at the top."""

    PENDING = "pending"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    DEAD = "dead"


class AttemptOutcome(StrEnum):
    """How one attempt ended."""

    UNDER_WAY = ""
    DELIVERED = "delivered"
    FAILED = "failed"
    LOST = "lost"  # its process died, or fell silent until the lease ended


@dataclass(frozen=True, slots=True)
class DeliveryJob:
    """One claimed delivery: everything needed to attempt it once.

    Attributes: attempt_id: names this attempt alone, so that a late answer cannot be taken for another's;
    number: of the attempt, from 1; key: whose health it shares (Target.key).
    """

    delivery_id: int
    attempt_id: int
    number: int
    recording_id: str
    account_id: str
    key: str
    media: Media
    metadata: dict[str, Any]
    target: Target


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, as it is told to people; times in epoch seconds."""

    owner: str
    started_at: float
    ended_at: float | None
    outcome: AttemptOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery, as it is told to people: credentials are masked; times in epoch seconds."""

    id: int
    recording_id: str
    document_id: str
    account_id: str
    name: str
    size_bytes: int
    path: str
    kind: str
    parameters: dict[str, Any]
    key: str
    state: DeliveryState
    attempts: int
    created_at: float
    next_attempt_at: float | None
    last_error: str
    location: str
    detail: str
    finished_at: float | None
    history: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """One recording the outbox has taken over; times in epoch seconds.

    Attributes: settled_at: when its last delivery was verified; media_deleted_at: when the local file went;
    keep_until: how long that stays even when settled, and what is known of it too; 0 for no longer.
    """

    recording_id: str
    document_id: str
    account_id: str
    media: Media
    metadata: dict[str, Any]
    created_at: float
    settled_at: float | None
    media_deleted_at: float | None
    keep_until: float = 0.0


def media_of(row: sqlite3.Row) -> Media:
    """Read the media columns of a row."""
    return Media(
        path=Path(row["path"]),
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        name=row["name"],
    )


def delivery_of(row: sqlite3.Row, history: tuple[Attempt, ...] = ()) -> Delivery:
    """Read a row of deliveries joined with recordings, for people."""
    state = DeliveryState(row["state"])
    return Delivery(
        id=row["id"],
        recording_id=row["recording_id"],
        document_id=row["document_id"],
        account_id=row["account_id"],
        name=row["name"],
        size_bytes=row["size_bytes"],
        path=row["path"],
        kind=row["kind"],
        parameters=shown_parameters(json.loads(row["parameters"])),
        key=row["health_key"],
        state=state,
        attempts=row["attempts"],
        created_at=row["created_at"],
        next_attempt_at=row["next_attempt_at"] if state is DeliveryState.PENDING else None,
        last_error=row["last_error"],
        location=_shown("url" if "://" in row["location"] else "location", row["location"]),
        detail=row["detail"],
        finished_at=row["finished_at"],
        history=history,
    )


def recording_of(row: sqlite3.Row) -> StoredRecording:
    """Read a row of recordings."""
    return StoredRecording(
        recording_id=row["recording_id"],
        document_id=row["document_id"],
        account_id=row["account_id"],
        media=media_of(row),
        metadata=json.loads(row["metadata"]),
        created_at=row["created_at"],
        settled_at=row["settled_at"],
        media_deleted_at=row["media_deleted_at"],
        keep_until=row["keep_until"],
    )


def attempt_of(row: sqlite3.Row) -> Attempt:
    """Read a row of attempts."""
    return Attempt(
        owner=row["owner"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        outcome=AttemptOutcome(row["outcome"]),
        reason=row["reason"],
    )


def shown_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a target's parameters as people may see them: no credentials, no header or query values."""
    return {key: _shown(key, value) for key, value in parameters.items()}


def _shown(key: str, value: Any) -> Any:
    if is_secret(key):
        return MASK
    if key == "headers" and isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    if isinstance(value, str):
        return http_url.shown(value) if key == "url" else without_credentials(value)
    if isinstance(value, dict):
        return shown_parameters(value)
    return value
