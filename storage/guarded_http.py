"""One HTTP exchange with a host that a document named: bounded, streamed, redirects judged anew.

Every hop connects to a vetted address. Method and body stay the same through all redirects, as Kazoo
does for recordings, unless a 303 may mean GET; credentials and custom headers are for the origin of the URL
and go no further; a redirect from https to http is refused.
Source: RFC 9110 section 15.4; Kazoo kz_att_http (ten redirects).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin

import gevent
import requests
from requests.adapters import DEFAULT_POOLSIZE
from requests.auth import HTTPBasicAuth
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from storage import http_url
from storage.address import AddressPolicy
from storage.errors import ExchangeFailed
from storage.guarded_connection import GuardedAdapter
from storage.http_url import HttpUrl

MAX_REDIRECTS = 10
REDIRECTS = frozenset((301, 302, 303, 307, 308))
SEE_OTHER = 303
MAX_REPLY_BYTES = 64 * 1024
"""Of an answer's body; what is longer is cut, for nothing we send expects a long answer."""
LEAST_BYTES_PER_S = 8 * 1024
"""A peer may be slow, but an attempt must end: slower than this it is given up and tried again."""

_WORDS = {
    "timeout": "timed out",
    "TimeoutError": "timed out",
    "RemoteDisconnected": "closed the connection without an answer",
    "BadStatusLine": "answered something that is not HTTP",
    "IncompleteRead": "closed the connection within its answer",
}
"""Failures of the libraries that carry no words of the system's."""


class Body(Protocol):
    """What a request carries: its length is known, and it says whether all of it was taken."""

    complete: bool

    def __len__(self) -> int: ...

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, b"" at the end."""


BodySource = Callable[[], AbstractContextManager[Body]]
"""Opens the body afresh; called once for each hop."""


class WholeBody:
    """Bytes as a body."""

    def __init__(self, content: bytes) -> None:
        self._rest = content
        self._length = len(content)
        self.complete = not content

    def __len__(self) -> int:
        return self._length

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, b"" at the end."""
        taken, self._rest = self._rest[:size], self._rest[size:]
        self.complete = not self._rest
        return taken


@dataclass(frozen=True, slots=True)
class Reply:
    """What the last hop answered.

    Attributes: url: of that hop, without credentials; body: as much of it as was wanted, MAX_REPLY_BYTES by
    default; is_cut: there was more.
    """

    url: str
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be different in one exchange.

    Attributes: body_bytes: how much of the answer's body is wanted; connect_timeout_s: None for the client's
    own; total_s: for everything, redirects included, None for what each hop may take by itself; see_other:
    after a 303 go on by GET, without the body.
    """

    body_bytes: int = MAX_REPLY_BYTES
    connect_timeout_s: float | None = None
    total_s: float | None = None
    see_other: bool = False


USUAL = Terms()


@dataclass(frozen=True, slots=True)
class _Hop:
    url: HttpUrl
    credentials: tuple[str, str] | None
    headers: Mapping[str, str]


class GuardedHttp:
    """Exchanges with hosts named from outside; one for many, connections are kept and shared."""

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        connect_timeout_s: float,
        stall_timeout_s: float,
        response_timeout_s: float,
        ca_file: Path | None = None,
        connections: int = DEFAULT_POOLSIZE,
    ) -> None:
        self._adapter = GuardedAdapter(policy, stall_timeout_s, ca_file, connections=connections)
        self._connect_timeout_s = connect_timeout_s
        self._response_timeout_s = response_timeout_s

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        private_headers: Mapping[str, str] | None = None,
        body: BodySource | None = None,
        max_redirects: int = MAX_REDIRECTS,
        terms: Terms = USUAL,
    ) -> Reply:
        """Send one request, follow its redirects, and return the last answer, whatever its status.

        Args: headers: for every hop; private_headers: for the origin of `url` alone; basic
        authentication is taken from the URL's user and password; max_redirects: with 0 a redirect is an
        answer like any other, for signed requests, which are good for one URL; terms: see Terms.
        Raises: ExchangeFailed; AddressRefused; what reading the body raises.
        """
        whole = ExchangeFailed(f"not done within {terms.total_s or 0:g} s", retryable=True)
        with gevent.Timeout(terms.total_s, whole):
            return self._follow(
                method, url, headers, private_headers or {}, body, max_redirects=max_redirects, terms=terms
            )

    def close(self) -> None:
        """Close the connections kept open."""
        self._adapter.close()

    def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        private_headers: Mapping[str, str],
        body: BodySource | None,
        *,
        max_redirects: int,
        terms: Terms,
    ) -> Reply:
        first = _parsed(url)
        hop = _Hop(first, first.credentials, {**headers, **private_headers})
        seen = {first.bare}
        for _ in range(max_redirects + 1):
            reply = self._one(method, hop, body, terms)
            if not max_redirects or reply.status not in REDIRECTS or "location" not in reply.headers:
                return reply
            onward = _redirected(hop.url, reply.headers["location"])
            if onward.bare in seen:
                raise ExchangeFailed("redirects in a circle", retryable=False)
            seen.add(onward.bare)
            at_home = onward.origin == first.origin
            hop = _Hop(
                onward,
                first.credentials if at_home else None,
                {**headers, **(private_headers if at_home else {})},
            )
            if reply.status == SEE_OTHER and terms.see_other:
                method, body = "GET", None
                hop = _Hop(hop.url, hop.credentials, _without_content(hop.headers))
        raise ExchangeFailed(f"more than {max_redirects} redirects", retryable=False)

    def _one(self, method: str, hop: _Hop, body: BodySource | None, terms: Terms) -> Reply:
        with body() if body else nullcontext() as source:
            length = len(source) if source is not None else 0
            connect_s = terms.connect_timeout_s or self._connect_timeout_s
            deadline_s = connect_s + 2 * self._response_timeout_s + length / LEAST_BYTES_PER_S
            too_long = ExchangeFailed(f"not done within {deadline_s:.0f} s", retryable=True)
            with gevent.Timeout(deadline_s, too_long):
                reply = self._sent(_prepared(method, hop, source, length), terms)
            if source is not None and reply.status < 300 and not source.complete:
                raise ExchangeFailed(
                    f"answered {reply.status} before all of the body was sent", retryable=True
                )
            return reply

    def _sent(self, request: requests.PreparedRequest, terms: Terms) -> Reply:
        timeouts = (terms.connect_timeout_s or self._connect_timeout_s, self._response_timeout_s)
        try:
            response = self._adapter.send(request, stream=True, timeout=timeouts)
            try:
                body = response.raw.read(terms.body_bytes + 1, decode_content=False)
            finally:
                response.close()
        except requests.exceptions.InvalidURL as exc:
            raise ExchangeFailed("url: cannot be used", retryable=False) from exc
        except (requests.RequestException, HTTPError, OSError) as exc:
            raise ExchangeFailed(_told(exc), retryable=True) from exc
        return Reply(
            str(request.url),
            response.status_code,
            response.reason or "",
            response.headers,
            body[: terms.body_bytes],
            is_cut=len(body) > terms.body_bytes,
        )


def _prepared(method: str, hop: _Hop, source: Body | None, length: int) -> requests.PreparedRequest:
    """Prepare a request by hand where requests would guess: the length, and the credentials."""
    try:
        request = requests.Request(method.upper(), hop.url.bare, headers=dict(hop.headers)).prepare()
    except (requests.RequestException, UnicodeError, ValueError) as exc:
        raise ExchangeFailed("url or headers: cannot be used", retryable=False) from exc
    if source is not None:
        request.headers["Content-Length"] = str(length)
        request.body = source  # type: ignore[assignment]  # the stubs want whole bytes
    if hop.credentials:
        user, password = hop.credentials
        HTTPBasicAuth(user.encode(), password.encode())(request)
    request.headers = CaseInsensitiveDict(request.headers)
    return request


def _without_content(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.lower().startswith("content-")}


def _parsed(url: str) -> HttpUrl:
    try:
        return http_url.parse(url)
    except ValueError as exc:
        raise ExchangeFailed(str(exc), retryable=False) from exc


def _redirected(here: HttpUrl, location: str) -> HttpUrl:
    try:
        onward = http_url.parse(urljoin(here.bare, location))
    except ValueError as exc:
        raise ExchangeFailed("redirected to an unusable url", retryable=False) from exc
    if here.is_encrypted and not onward.is_encrypted:
        raise ExchangeFailed("redirected from https to http, which is refused", retryable=False)
    return onward


def _told(failure: BaseException) -> str:
    """Return the innermost cause in few words; libraries' own messages repeat URLs with their secrets."""
    for _ in range(10):  # deeper than any library nests them; a circle must not hold us
        inner = getattr(failure, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((part for part in reversed(failure.args) if isinstance(part, BaseException)), None)
        inner = inner or failure.__cause__
        if inner is None or inner is failure:
            break
        failure = inner
    if isinstance(failure, OSError) and failure.strerror:
        return failure.strerror.lower()
    kind = type(failure).__name__
    return _WORDS.get(kind, kind)
