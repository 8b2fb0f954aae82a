"""Makes names from outside fit to be names of files, here or at a destination.

A media name comes from a document, a call id from whoever sent the call: either may try to be a path.
"""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 180
"""File systems end at 255 bytes; this leaves room for what we put before and after a name."""

_FORBIDDEN = frozenset('/\\:*?"<>|')
"""Separators, and what the file systems of shared drives refuse."""

FALLBACK = "recording"


def safe_file_name(name: str, fallback: str = FALLBACK) -> str:
    """Return `name` as one plain, visible path component of at most MAX_NAME_BYTES bytes of UTF-8.

    Separators, control and unprintable characters become `_`; runs of dots become one; dots, blanks and
    underscores go from the front and dots and blanks from the end, so that the result is never `.`, `..`,
    hidden, or what CouchDB keeps for itself; an over-long name keeps its extension. What has nothing left
    is called `fallback`. Names without any of that come back unchanged.
    """
    cleaned = "".join("_" if _is_forbidden(character) else character for character in name)
    while ".." in cleaned:
        cleaned = cleaned.replace("..", ".")
    cleaned = cleaned.lstrip("._ ").rstrip(". ")
    if len(cleaned.encode()) > MAX_NAME_BYTES:
        stem, dot, extension = cleaned.rpartition(".")
        if not dot or len(extension.encode()) > 10:
            stem, dot, extension = cleaned, "", ""
        room = MAX_NAME_BYTES - len((dot + extension).encode())
        cleaned = stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + extension
    return cleaned or fallback


def _is_forbidden(character: str) -> bool:
    return character in _FORBIDDEN or unicodedata.category(character) in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    )
