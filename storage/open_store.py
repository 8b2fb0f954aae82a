"""From a URL of the settings to a document store: a folder, or a CouchDB."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, overload
from urllib.parse import SplitResult, unquote, urlsplit

from config.errors import SettingsError
from storage.cache import MAX_AGE_S, CachedStore
from storage.couchdb import CouchStore
from storage.couchdb_link import CouchAddress
from storage.document import DocumentStore
from storage.folder import FolderStore

COUCHDB_PORT = 5984


@overload
def open_store(url: str, *, max_age_s: float = MAX_AGE_S) -> CachedStore: ...
@overload
def open_store(url: str, *, cache: Literal[True], max_age_s: float = MAX_AGE_S) -> CachedStore: ...
@overload
def open_store(url: str, *, cache: Literal[False]) -> DocumentStore: ...
def open_store(url: str, *, cache: bool = True, max_age_s: float = MAX_AGE_S) -> DocumentStore:
    """Return the store a URL names. Nothing is asked of it yet: a store that is down can be opened.

    Args: url: `file:///path/of/a/folder` or `http(s)://[user:password@]host[:port][/prefix]`, user and
    password percent-encoded; cache: whether reads go through memory (storage.cache), which calls want, and
    commands that go over everything once do not; max_age_s: how old an answer may get while the changes feed
    is away.
    Raises: SettingsError: it is neither.
    """
    store: DocumentStore
    parts = _split(url)
    match parts.scheme:
        case "file":
            store = FolderStore(_folder(parts))
        case "http" | "https":
            store = CouchStore(_address(parts))
        case _:
            raise SettingsError(["the documents' URL must begin with file:///, http:// or https://"])
    return CachedStore(store, max_age_s=max_age_s) if cache else store


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as exc:
        # nothing of the URL in the message: it may hold a password
        raise SettingsError(["the documents' URL cannot be understood; is the port a number?"]) from exc
    if parts.query or parts.fragment:
        raise SettingsError(["the documents' URL takes no ? and no #; in a password write %3F and %23"])
    return parts


def _folder(parts: SplitResult) -> Path:
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        raise SettingsError(
            ["the documents' folder must be given whole: file:///var/lib/callflows/documents"]
        )
    return Path(path)


def _address(parts: SplitResult) -> CouchAddress:
    if not parts.hostname:
        raise SettingsError(["the documents' URL names no host"])
    return CouchAddress(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or COUCHDB_PORT,
        prefix=parts.path.strip("/"),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
