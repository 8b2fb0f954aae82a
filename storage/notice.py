"""Notices: what outsiders are told by HTTP (webhooks, status callbacks), as values.

| state | meaning | leaves it by |
|---|---|---|
| pending | waits for its turn in its stream, or for its next attempt | a claim |
| delivering | one process is at it, until its lease ends | success, failure, the lease's end |
| delivered | the receiver, or the one for failures, answered 2xx | never |
| dead | given up; kept for somebody to look at | `retry` |

Notices of one stream are sent in the order they were posted in: the next one only when the former is
delivered or dead. A receiver may get one twice (its answer was lost, or the process that sent it died), never
another one in between.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from storage.errors import BadNotice
from storage.http_url import MAX_URL_CHARS

MAX_BODY_BYTES = 64 * 1024
"""What a webhook has to say fits well; a larger one is a mistake of whoever made it."""

MAX_NAME_CHARS = 256
"""Of a stream, an id, an account, a kind, a signer: ours, and never longer."""

Signer = Callable[[bytes, int], Mapping[str, str]]
"""Makes the headers that prove where a body comes from. Args: the body as it is sent, Unix time."""


class NoticeState(StrEnum):
    """See the table at the top."""

    PENDING = "pending"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    DEAD = "dead"


class TryOutcome(StrEnum):
    """How one request ended."""

    DELIVERED = "delivered"
    FAILED = "failed"
    LOST = "lost"  # its process died, or fell silent until the lease ended


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice, made ready to be written: nothing in it can fail in SQLite. Made by `new_notice`."""

    stream: str
    url: str
    body: bytes
    notice_id: str
    account_id: str
    failover_url: str
    signer: str
    kind: str


@dataclass(frozen=True, slots=True)
class NoticeJob:
    """One claimed notice: everything needed to attempt it once.

    Attributes: id: its row; number: of the attempt, from 1, which names this attempt alone; key: whose health
    it shares; created_at: when it was posted (epoch s).
    """

    id: int
    number: int
    stream: str
    key: str
    url: str
    failover_url: str
    signer: str
    kind: str
    account_id: str
    created_at: float
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Try:
    """One request that was made for a notice, as the delivery log has it.

    Attributes: attempt: its number; target: `url`, `failover_url`, or "" when none was asked; started_at:
    epoch s; status: of the answer, 0 for none; reason: why it failed, or what was answered.
    """

    attempt: int
    target: str
    started_at: float
    duration_s: float
    status: int
    outcome: TryOutcome
    reason: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, as it is told to people; times in epoch seconds.

    Attributes: url, failover_url: without credentials and values of queries; body: as it is sent, `history`:
    every request made for it; both only where one notice is shown.
    """

    id: int
    notice_id: str
    stream: str
    kind: str
    account_id: str
    url: str
    failover_url: str
    signer: str
    key: str
    state: NoticeState
    attempts: int
    size_bytes: int
    created_at: float
    next_attempt_at: float | None
    last_status: int
    last_error: str
    finished_at: float | None
    body: Any = None
    history: tuple[Try, ...] = ()


def new_notice(
    stream: str,
    url: str,
    body: Mapping[str, Any],
    *,
    notice_id: str = "",
    account_id: str = "",
    failover_url: str = "",
    signer: str = "",
    kind: str = "",
) -> NewNotice:
    """Make a notice ready to be written. Args: as of storage.notices.StoredNotices.post.

    Raises: BadNotice: too large, no JSON, or no URL; one that cannot be used becomes a dead letter instead.
    """
    try:
        text = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as exc:
        raise BadNotice(f"a notice whose body is no JSON: {exc}") from exc
    if len(text) > MAX_BODY_BYTES:
        raise BadNotice(f"a notice of {len(text)} bytes, {MAX_BODY_BYTES} are allowed")
    names = (stream, notice_id, account_id, signer, kind)
    if not url or max(map(len, names)) > MAX_NAME_CHARS or max(len(url), len(failover_url)) > MAX_URL_CHARS:
        raise BadNotice("a notice without URL, or with one or a name that is too long")
    stream = stream or f"alone:{uuid.uuid4().hex}"
    plain = (_plain(one) for one in (notice_id, account_id, failover_url, signer, kind))
    return NewNotice(_plain(stream), _plain(url), text, *plain)


def _plain(text: str) -> str:
    """Return text that SQLite takes: stray surrogates, from headers that were no UTF-8, become `?`."""
    return text.encode("utf-8", "replace").decode()
