"""Names of sounds that FreeSWITCH fetches itself.

FreeSWITCH takes the kind of a file from what stands behind the last dot of its URL, be it of the query: of
`https://a.example/hi.wav?v=1.2` it asks for a decoder of `2`. So the kind is said once more, in a fragment,
which no server is sent: `https://a.example/hi.wav?v=1.2#.wav`.

Source: FreeSWITCH mod_http_cache.c (find_extension), mod_httapi.c (find_ext).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

HTTP_CACHE = "http_cache://"

KINDS = ("wav", "mp3")
"""What everybody has sounds in."""

SUFFIXES = frozenset((*KINDS, "aif", "aiff", "au", "flac", "gsm", "m4a", "mp4", "oga", "ogg", "opus"))
"""Endings of a path that say what kind of sound it leads to."""


def fetched(url: str, *, cache: bool, kind: str = "") -> str:
    """Return what FreeSWITCH plays for a URL of http or https; anything else is returned as it is.

    Args: cache: by mod_http_cache, without which it needs mod_httapi or mod_shout; kind: such as `wav`, for a
    URL whose path does not say it.
    """
    if not url.lower().startswith(("http://", "https://")):
        return url
    return HTTP_CACHE * cache + _with_kind(url, kind)


def _with_kind(url: str, kind: str) -> str:
    """Return a URL at whose end FreeSWITCH finds what kind of file it is, as far as that is known."""
    plain = url.partition("#")[0]
    try:
        suffix = PurePosixPath(urlsplit(plain).path).suffix[1:].lower()
    except ValueError:  # half a bracket where its host should be; whoever fetches it will say so
        return url
    known = suffix if suffix in SUFFIXES else kind
    return f"{plain}#.{known}" if known and not url.lower().endswith(f".{known}") else url
