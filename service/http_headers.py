"""Header fields of a request, read strictly: what two readers could understand in two ways is refused.

The standard library reads headers with its parser of e-mail, which takes a line that is no field for the end
of the header and forgets those behind it, a Content-Length among them; what a proxy in front took for a body
is then a request of its own (request smuggling).

| refused | since |
|---|---|
| a blank before the colon, a line without one, a name that is no token | RFC 9112, 5.1 |
| a line that goes on the one before | RFC 9112, 5.2 |
| control characters but the tab in a value | RFC 9110, 5.5 |
| several Content-Length or Host, Content-Length that is no number | RFC 9112, 6.3 and 3.2 |
| Content-Length beside Transfer-Encoding, Transfer-Encoding of HTTP/1.0 | RFC 9112, 6.1 |
| Transfer-Encoding other than chunked: 501 | RFC 9112, 6.1 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

MAX_BYTES = 32 * 1024
MAX_FIELDS = 100

_FIELD = re.compile(
    rb"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\r?\n\Z"
)
_ENDS = (b"\r\n", b"\n")


class Refused(ValueError):
    """A request that is not read any further. Attributes: status: with its reason phrase."""

    def __init__(self, status: str, reason: str = "") -> None:
        self.status = status
        super().__init__(reason or status)


class Headers:
    """What a client sent, with the few methods that gevent's handler asks for.

    Attributes: fields: name in lower case and value, in their order; status: always "", as gevent wants it.
    """

    __slots__ = ("fields",)
    status = ""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the first value of a name."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field == wanted), default)

    getheader = get

    def get_all(self, name: str) -> list[str]:
        """Return all values of a name, which is in lower case."""
        return [value for field, value in self.fields if field == name]

    def __delitem__(self, name: str) -> None:
        """Have a name no longer."""
        self.fields = [field for field in self.fields if field[0] != name.lower()]

    @property
    def typeheader(self) -> str | None:
        """The Content-Type."""
        return self.get("content-type")

    def environ(self) -> Iterator[tuple[str, str]]:
        """Return them as WSGI has them; a name with `_` would pass for one with `-`, and is left out."""
        for name, value in self.fields:
            if "_" not in name and name not in {"content-type", "content-length"}:
                yield "HTTP_" + name.replace("-", "_").upper(), value


def read_headers(file: BinaryIO, *, version: str = "HTTP/1.1") -> Headers:
    """Read header fields up to the empty line behind them. Raises: Refused."""
    fields: list[tuple[str, str]] = []
    left = MAX_BYTES
    while (line := file.readline(left + 1)) not in _ENDS:
        left -= len(line)
        if left < 0:
            raise Refused("431 Request Header Fields Too Large")
        if len(fields) == MAX_FIELDS:
            raise Refused("400 Bad Request", f"more than {MAX_FIELDS} header fields")
        field = _FIELD.match(line)
        if field is None:
            raise Refused("400 Bad Request", "a line in the header that is no field")
        fields.append((field["name"].decode("ascii").lower(), field["value"].decode("latin-1")))
    headers = Headers(fields)
    _check_framing(headers, version)
    return headers


def _check_framing(headers: Headers, version: str) -> None:
    """Refuse a request whose body, or addressee, could be seen in two ways."""
    lengths, encodings = headers.get_all("content-length"), headers.get_all("transfer-encoding")
    if len(lengths) > 1 or not all(each.isascii() and each.isdigit() for each in lengths):
        raise Refused("400 Bad Request", "no length, or several")
    if encodings and (lengths or version != "HTTP/1.1"):
        raise Refused("400 Bad Request", "a length besides chunks, or chunks in HTTP/1.0")
    if encodings and [each.lower() for each in encodings] != ["chunked"]:
        raise Refused("501 Not Implemented", "an encoding that is not known")
    if len(headers.get_all("host")) > 1:
        raise Refused("400 Bad Request", "several hosts")
