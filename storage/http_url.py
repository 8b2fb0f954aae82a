"""Takes an HTTP URL from outside apart: what may be sent where, and what may be shown.

Credentials leave the URL here, once, and go on as what they are; what is logged, listed or reported is
`shown`, which has neither them nor the values of the query.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

MAX_URL_CHARS = 8192
"""Longer URLs are refused by common servers and proxies (their request lines end at 8 KiB)."""


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """A usable http or https URL.

    Attributes: bare: without credentials and fragment; origin: scheme, host and port (what credentials
    and headers are meant for); credentials: user and password, decoded, None when the URL has none.
    """

    bare: str
    origin: tuple[str, str, int]
    credentials: tuple[str, str] | None

    @property
    def is_encrypted(self) -> bool:
        """Whether it is https."""
        return self.origin[0] == "https"


def parse(url: str) -> HttpUrl:
    """Take a URL apart.

    Raises: ValueError, its message a sentence about the URL that does not repeat it.
    """
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"url: longer than {MAX_URL_CHARS} characters")
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        raise ValueError("url: contains a blank or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ValueError("url: its host or port cannot be read") from exc
    if parts.scheme not in ("http", "https"):
        raise ValueError("url: its scheme is neither http nor https")
    if not parts.hostname or "\\" in parts.netloc:
        raise ValueError("url: names no host")
    if port == 0:
        raise ValueError("url: port 0 cannot be reached")
    credentials = None
    if parts.username or parts.password:
        credentials = (unquote(parts.username or ""), unquote(parts.password or ""))
    host_and_port = parts.netloc.rsplit("@", 1)[-1]
    return HttpUrl(
        bare=urlunsplit((parts.scheme, host_and_port, parts.path or "/", parts.query, "")),
        origin=(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)),
        credentials=credentials,
    )


def shown(url: str) -> str:
    """Return a URL as people may see it: no credentials, no values in the query, no fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(unreadable url)"
    user = "***@" if "@" in parts.netloc else ""
    query = "&".join(f"{pair.split('=', 1)[0]}=***" for pair in parts.query.split("&") if pair)
    netloc = user + parts.netloc.rsplit("@", 1)[-1]
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))
