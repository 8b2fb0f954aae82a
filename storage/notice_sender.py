"""Sends one notice once: to its URL, and where that does not take it, at once to the one for failures.

That is what Telnyx does with `webhook_event_failover_url`, and it keeps a receiver's events in order
whichever of its two places takes them. A URL whose host is known to be down is passed over in favour of the
other one, but for a probe now and then, so that events do not wait ten seconds each.

| answer | means |
|---|---|
| 2xx | delivered |
| 408, 425, 429, 5xx, none | tried again; a Retry-After is respected |
| anything else, redirects too | refused: tried a few times more (storage.notice_queue) |
| an address that must not be reached, a URL that cannot be used | given up |

Every request is signed anew, with the time of that request; its signer may say in the body which it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import structlog

from storage import http_answer
from storage.address import AddressPolicy
from storage.errors import AddressRefused, ExchangeFailed
from storage.guarded_http import GuardedHttp, Terms, WholeBody
from storage.notice import NoticeJob, Sending, Signer, Try, TryOutcome
from storage.notice_queue import Result
from storage.notice_rows import host_key
from storage.outbox_health import Finding, Health

CONNECT_S = 5.0
REQUEST_S = 10.0
"""For a connection, and for a whole request: receivers are expected to take an event and work on it later."""

ANSWER_BYTES = 2048
"""Of an answer's body: enough to see in the delivery log why a receiver did not want an event."""

HEADERS = {"Content-Type": "application/json", "User-Agent": "callflows"}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one request. `is_final`: to ask there again is no use; `is_hopeless`: nobody was asked."""

    try_: Try
    is_final: bool = False
    is_hopeless: bool = False
    asked_s: float = 0.0
    finding: Finding = Finding.FAILED


class NoticeSender:
    """Makes the requests. Args: signers: by their names; connections: hosts, and to each, kept open."""

    def __init__(
        self,
        addresses: AddressPolicy,
        signers: Mapping[str, Signer],
        *,
        connections: int = 32,
        request_s: float = REQUEST_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http = GuardedHttp(
            addresses,
            connect_timeout_s=min(CONNECT_S, request_s),
            stall_timeout_s=request_s,
            response_timeout_s=request_s,
            connections=connections,
        )
        self._signers = signers
        self._terms = Terms(body_bytes=ANSWER_BYTES, total_s=request_s)
        self._clock = clock
        self._hosts = Health(per_key=connections * 1000)  # how many at once is the worker's to say

    def send(self, job: NoticeJob) -> Result:
        """Make one attempt; blocks the calling greenlet, for no longer than two requests may take."""
        answers: list[_Answer] = []
        for target, url in self._targets(job):
            answer = self._request(job, target, url)
            answers.append(answer)
            if answer.try_.outcome is TryOutcome.DELIVERED:
                break
        return Result(
            tries=tuple(one.try_ for one in answers),
            is_delivered=answers[-1].try_.outcome is TryOutcome.DELIVERED,
            is_refused=all(one.is_final for one in answers),
            is_hopeless=all(one.is_hopeless for one in answers),
            is_our_fault=all(one.finding is Finding.NOTHING for one in answers),
            asked_s=max(one.asked_s for one in answers),
        )

    def close(self) -> None:
        """Close the connections kept open."""
        self._http.close()

    def _targets(self, job: NoticeJob) -> list[tuple[str, str]]:
        first = ("url", job.url)
        if not job.failover_url:
            return [first]
        second = ("failover_url", job.failover_url)
        return [second] if host_key(job.url) in self._hosts.avoid(self._clock()) else [first, second]

    def _request(self, job: NoticeJob, target: str, url: str) -> _Answer:
        key = host_key(url)
        self._hosts.started(key)
        finding = Finding.NOTHING
        try:
            answer = self._asked(job, target, url)
            finding = answer.finding
        finally:
            self._hosts.finished(key, finding, self._clock())
        return answer

    def _asked(self, job: NoticeJob, target: str, url: str) -> _Answer:
        began, began_s = self._clock(), time.monotonic()

        def tried(outcome: TryOutcome, reason: str, status: int = 0) -> Try:
            return Try(job.number, target, began, time.monotonic() - began_s, status, outcome, reason)

        try:
            signed = self._signed(job, Sending(job.body, url, job.number, int(began)))
        except Exception as exc:  # noqa: BLE001 - a signer's bug must not stop other notices
            _log.exception("notice_not_signed", notice=job.id, signer=job.signer)
            reason = f"{type(exc).__name__} in signer {job.signer}"
            return _Answer(tried(TryOutcome.FAILED, reason), finding=Finding.NOTHING)
        if signed is None:
            reason = f"no signer of name {job.signer!r} is installed"
            return _Answer(tried(TryOutcome.FAILED, reason), finding=Finding.NOTHING)
        body, headers = signed
        try:
            reply = self._http.exchange(
                "POST",
                url,
                headers={**HEADERS, **headers},
                body=lambda: nullcontext(WholeBody(body)),
                max_redirects=0,
                terms=self._terms,
            )
        except AddressRefused as exc:
            failed = tried(TryOutcome.FAILED, str(exc))
            return _Answer(failed, is_final=True, is_hopeless=True, finding=Finding.NOTHING)
        except ExchangeFailed as exc:
            finding = Finding.FAILED if exc.retryable else Finding.NOTHING
            failed = tried(TryOutcome.FAILED, str(exc))
            return _Answer(failed, not exc.retryable, not exc.retryable, finding=finding)
        if 200 <= reply.status < 300:
            told = f"{reply.status} {reply.reason}".strip()
            return _Answer(tried(TryOutcome.DELIVERED, told, reply.status), finding=Finding.ANSWERED)
        refused = http_answer.refused(reply)
        return _Answer(
            tried(TryOutcome.FAILED, str(refused), reply.status),
            is_final=not refused.retryable,
            asked_s=refused.retry_after_s or 0.0,
            finding=Finding.FAILED if refused.retryable else Finding.ANSWERED,
        )

    def _signed(self, job: NoticeJob, sending: Sending) -> tuple[bytes, Mapping[str, str]] | None:
        """Return body and headers of a request, None when nobody here can sign it."""
        if not job.signer:
            return sending.body, {}
        signer = self._signers.get(job.signer)
        return signer(sending) if signer is not None else None
