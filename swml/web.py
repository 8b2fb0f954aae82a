"""HTTP as scripts speak it: bounded in time and size, to public addresses, answers as text.

A URL of a script, or of whoever wrote it, may lead anywhere: so the rules are those of deliveries
(storage.guarded_http), with a deadline for everything. What the call waits for is given up when the call is
over; the exchange itself goes on to its end, since a server may be in the middle of what it was asked for.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from calls.aside import aside
from calls.call import Call
from storage import http_url
from storage.address import AddressPolicy
from storage.errors import AddressRefused, ExchangeFailed
from storage.guarded_http import Body, GuardedHttp, Terms
from swml.errors import WebFailed

CONNECT_TIMEOUT_S = 5.0
"""For name, connection and TLS, unless a script says otherwise; callers wait meanwhile."""

STALL_TIMEOUT_S = 30.0
"""The longest wait for the peer to take a block of the body."""

BEYOND_S = 5.0
"""An exchange that has not ended by itself so long after its deadline is waited for no longer."""

CHARSETS = frozenset(
    {"ascii", "cp1252", "iso8859-1", "iso8859-15", "utf-16", "utf-16-be", "utf-16-le", "utf-8"}
)
"""Encodings of answers, by Python's names. Not all that Python has: some of them are no character sets."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, whatever its status.

    Attributes: url: where it came from after redirects, without credentials; headers: lower case, the last of
    equal ones; body: up to the size asked for; is_cut: there was more.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_cut: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the server did what it was asked for."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """What the body says it is, such as `application/json`; "" when it does not."""
        return self._content_type().get_content_type() if self.headers.get("content-type") else ""

    def text(self) -> str:
        """Return the body as text; bytes that are none become replacement characters.

        A mark of the byte order counts most, then the charset in the headers, then UTF-8.
        Raises: WebFailed: an unknown charset, or a body compressed though nobody asked for that.
        """
        coding = self.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise WebFailed(
                f"{self.shown}: its answer is compressed ({coding[:20]}), which was not asked for"
            )
        return self.body.decode(_marked(self.body) or self._charset(), "replace")

    @property
    def shown(self) -> str:
        """Its URL as it may be logged."""
        return http_url.shown(self.url)

    def _charset(self) -> str:
        named = self._content_type().get_param("charset", "utf-8")
        name = named if isinstance(named, str) else "utf-8"
        try:
            found = codecs.lookup(name).name
        except (LookupError, ValueError):
            found = ""
        if found not in CHARSETS:
            raise WebFailed(f"{self.shown}: its answer is in an unknown charset {name[:40]!r}")
        return found

    def _content_type(self) -> Message:
        message = Message()
        message["content-type"] = self.headers.get("content-type", "")
        return message


@dataclass(frozen=True, slots=True)
class Asking:
    """One request.

    Attributes: url: may hold user and password, for its own host alone; timeout_s: for everything, redirects
    included; max_bytes: of the answer's body; headers: sent along redirects to other hosts as well;
    private_headers: to the URL's own host alone; body: None for none; connect_timeout_s: of each connection.
    """

    method: str
    url: str
    timeout_s: float
    max_bytes: int
    headers: Mapping[str, str] = field(default_factory=dict)
    private_headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    connect_timeout_s: float = CONNECT_TIMEOUT_S


class Web:
    """Exchanges for all scripts of a process."""

    def __init__(self, addresses: AddressPolicy, *, longest_s: float, ca_file: Path | None = None) -> None:
        """Args: addresses: which may be reached; longest_s: no exchange takes longer; ca_file: certificate
        authorities to trust, None for the bundle that comes with requests.
        """
        self._longest_s = longest_s
        self._http = GuardedHttp(
            addresses,
            connect_timeout_s=CONNECT_TIMEOUT_S,
            stall_timeout_s=STALL_TIMEOUT_S,
            response_timeout_s=longest_s,
            ca_file=ca_file,
        )

    def ask(self, asking: Asking, call: Call | None = None) -> Page:
        """Send a request and return the answer, whatever its status.

        Args: call: the one that waits for it. Raises: WebFailed: there is no answer; its message names the
        URL without credentials; CallGone: the call is over.
        """
        if call is None:
            return self._asked(asking)
        try:
            return aside(call, lambda: self._asked(asking), self._limit_s(asking) + BEYOND_S)
        except TimeoutError as exc:
            raise WebFailed(f"{http_url.shown(asking.url)}: {exc}") from exc

    def close(self) -> None:
        """Close the connections kept open."""
        self._http.close()

    def _limit_s(self, asking: Asking) -> float:
        return min(asking.timeout_s, self._longest_s) or self._longest_s

    def _asked(self, asking: Asking) -> Page:
        limit_s = self._limit_s(asking)
        content = asking.body
        try:
            reply = self._http.exchange(
                asking.method,
                asking.url,
                headers={"Accept-Encoding": "identity", **asking.headers},
                private_headers=asking.private_headers,
                body=None if content is None else lambda: _opened(content),
                terms=Terms(
                    body_bytes=asking.max_bytes,
                    connect_timeout_s=min(asking.connect_timeout_s, limit_s),
                    total_s=limit_s,
                    see_other=True,
                ),
            )
        except (ExchangeFailed, AddressRefused) as exc:
            raise WebFailed(f"{http_url.shown(asking.url)}: {exc}") from exc
        headers = {name.strip().lower(): value.strip() for name, value in reply.headers.items()}
        return Page(reply.url, reply.status, headers, reply.body, is_cut=reply.is_cut)


class _Bytes:
    """Bytes as a body."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self.complete = not content

    def __len__(self) -> int:
        return len(self._content)

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, b"" at the end."""
        taken = self._content[self._at : self._at + size]
        self._at += len(taken)
        self.complete = self._at == len(self._content)
        return taken


@contextmanager
def _opened(content: bytes) -> Iterator[Body]:
    yield _Bytes(content)


def _marked(body: bytes) -> str:
    """Return the encoding that a mark of the byte order says, "" without one."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ""
