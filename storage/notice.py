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


@dataclass(frozen=True, slots=True)
class Sending:
    """One request that is about to be made.

    Attributes: body: as it was posted; url: where it goes; attempt: from 1, the same at both URLs of one;
    unix_time: now.
    """

    body: bytes = field(repr=False)
    url: str
    attempt: int
    unix_time: int


Signer = Callable[[Sending], tuple[bytes, Mapping[str, str]]]
"""Returns the body as this request is to bear it, and the headers that prove where it comes from."""


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
    """JSON that is to be sent to a URL by POST.

    Attributes: stream: notices of one stream arrive in the order they were posted in, "" for a stream of its
    own; notice_id: the same one is taken once only, as long as it is remembered, "" for one that has no
    equal; failover_url: asked whenever `url` does not answer 2xx, in the same attempt; signer: whose headers
    are made for each attempt (storage.notice_worker), "" for none; kind: what it is, for people.
    """

    stream: str
    url: str
    body: Mapping[str, Any] = field(repr=False)
    notice_id: str = ""
    account_id: str = ""
    failover_url: str = ""
    signer: str = ""
    kind: str = ""

    def written(self) -> WrittenNotice:
        """Return it as it is written down.

        Raises: BadNotice: too large, no JSON, or no URL; one that cannot be used becomes a dead letter
        instead.
        """
        try:
            text = json.dumps(self.body, separators=(",", ":"), allow_nan=False).encode("ascii")
        except (TypeError, ValueError, RecursionError) as exc:
            raise BadNotice(f"a notice whose body is no JSON: {exc}") from exc
        if len(text) > MAX_BODY_BYTES:
            raise BadNotice(f"a notice of {len(text)} bytes, {MAX_BODY_BYTES} are allowed")
        names = (self.stream, self.notice_id, self.account_id, self.signer, self.kind)
        longest_url = max(len(self.url), len(self.failover_url))
        if not self.url or max(map(len, names)) > MAX_NAME_CHARS or longest_url > MAX_URL_CHARS:
            raise BadNotice("a notice without URL, or with one or a name that is too long")
        return WrittenNotice(
            stream=_plain(self.stream) or f"alone:{uuid.uuid4().hex}",
            url=_plain(self.url),
            body=text,
            notice_id=_plain(self.notice_id),
            account_id=_plain(self.account_id),
            failover_url=_plain(self.failover_url),
            signer=_plain(self.signer),
            kind=_plain(self.kind),
        )


@dataclass(frozen=True, slots=True)
class WrittenNotice:
    """A notice as its row has it: nothing in it can fail in SQLite. Made by `NewNotice.written`."""

    stream: str
    url: str
    body: bytes = field(repr=False)
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


def _plain(text: str) -> str:
    """Return text that SQLite takes: stray surrogates, from headers that were no UTF-8, become `?`."""
    return text.encode("utf-8", "replace").decode()
