"""Takes a URL of another scheme than HTTP apart: credentials leave it here, folders come out one by one.

The path is that of a folder. It is absolute, as Kazoo reads it and curl reads sftp URLs; `/~/` before it
means the folder that one is in after logging in. A segment that would climb or break a line is refused.
Source: RFC 3986; Kazoo kz_att_ftp (the whole path is changed to); curl (`/~/`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from storage.http_url import MAX_URL_CHARS

HOME = "~"
MAX_SEGMENT_BYTES = 255
"""What file systems take as one name."""


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """A URL that can be used.

    Attributes: host: as it stands in the URL, without brackets; port: None when the URL has none; user,
    password, fragment: decoded, "" when absent; folders: decoded, below the root, or below the home when
    `at_home`; options: of the query.
    """

    scheme: str
    host: str
    port: int | None
    user: str
    password: str
    folders: tuple[str, ...]
    at_home: bool
    options: dict[str, str]
    fragment: str

    @property
    def shown(self) -> str:
        """What people may see of it: no credentials, no options, one slash at the end."""
        return f"{self.shown_host}/{''.join(f'{each}/' for each in self.path_segments)}"

    @property
    def shown_host(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @property
    def path_segments(self) -> tuple[str, ...]:
        """The folders, with `~` before them when they are below the home."""
        return ((HOME,) if self.at_home else ()) + self.folders

    def file(self, segments: Iterable[str]) -> str:
        """Return the path of a file below its folders, as a server takes it: absolute, or from the home."""
        return ("" if self.at_home else "/") + "/".join((*self.folders, *segments))


def parse(url: str, schemes: frozenset[str]) -> RemoteUrl:
    """Take a URL apart. Args: schemes: those that are meant.

    Raises: ValueError, its message a sentence about the URL that does not repeat it.
    """
    parts, port = _split(url)
    if parts.scheme not in schemes:
        raise ValueError(f"url: its scheme is not {' or '.join(sorted(schemes))}")
    netloc = parts.netloc.rsplit("@", 1)[-1]
    host = netloc.partition("]")[0].lstrip("[") if netloc.startswith("[") else netloc.partition(":")[0]
    if not host or "\\" in parts.netloc or "%" in host:
        raise ValueError("url: names no host")
    if port == 0:
        raise ValueError("url: port 0 cannot be reached")
    user, password = _decoded(parts.username or "", "user"), _decoded(parts.password or "", "password")
    folders = folders_of(parts.path)
    at_home = folders[:1] == (HOME,)
    return RemoteUrl(
        scheme=parts.scheme,
        host=host,
        port=port,
        user=user,
        password=password,
        folders=folders[1:] if at_home else folders,
        at_home=at_home,
        options=_options(parts.query),
        fragment=_decoded(parts.fragment, "fragment"),
    )


def folders_of(path: str) -> tuple[str, ...]:
    """Return the decoded segments of a URL's path; empty ones count for nothing.

    Raises: ValueError: one of them is no name of a folder.
    """
    folders = tuple(_decoded(segment, "path") for segment in path.split("/") if segment)
    for folder in folders:
        if fault := segment_fault(folder):
            raise ValueError(f"url: {fault}")
    return folders


def segment_fault(segment: str) -> str:
    """Say why a decoded text cannot be one segment of a path, "" when it can."""
    if segment in (".", "..") or "/" in segment:
        return "a segment of its path leads elsewhere"
    if not segment.isprintable():
        return "a segment of its path holds a control character"
    if len(segment.encode(errors="replace")) > MAX_SEGMENT_BYTES:
        return f"a segment of its path is longer than {MAX_SEGMENT_BYTES} bytes"
    return ""


def _split(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"url: longer than {MAX_URL_CHARS} characters")
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        raise ValueError("url: contains a blank or a control character")
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as exc:
        raise ValueError("url: its host or port cannot be read") from exc


def _decoded(text: str, what: str) -> str:
    """Decode a part; what is sent on a line of its own must not begin another."""
    decoded = unquote(text, errors="surrogateescape")
    if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in decoded):
        raise ValueError(f"url: its {what} holds a control character")
    if not decoded.isascii() and any(0xD800 <= ord(character) < 0xE000 for character in decoded):
        raise ValueError(f"url: its {what} is not UTF-8")
    return decoded


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as exc:  # UnicodeDecodeError included
        raise ValueError("url: its query cannot be read") from exc
    options: dict[str, str] = {}
    for name, value in pairs:
        if name in options:
            raise ValueError(f"url: {name[:40]!r} stands twice in its query")
        if not value.isprintable():
            raise ValueError("url: its query holds a control character")
        options[name] = value
    return options
