"""Where FreeSWITCH reads an attachment: the file itself for a folder, its URL for a CouchDB."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from storage.document import Document
from storage.folder_names import attachment_file, directory_of
from storage.names import encode


class FolderMedia:
    """Attachments of a folder store: FreeSWITCH reads the same disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def locate(self, database: str, document: Document, attachment: str) -> str:
        """Return the path of the attachment's file."""
        place = self._root / directory_of(database)
        return str(place / attachment_file(str(document["_id"]), attachment))


class CouchMedia:
    """Attachments of a CouchDB, fetched by FreeSWITCH over HTTP (with the store's credentials in the URL)."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def locate(self, database: str, document: Document, attachment: str) -> str:
        """Return the attachment's URL. Source: Kazoo kz_media_url, with use_bigcouch_direct."""
        doc_id = quote(str(document["_id"]), safe="")
        return f"{self._url}/{encode(database)}/{doc_id}/{quote(attachment, safe='')}"


def media_place(url: str) -> FolderMedia | CouchMedia:
    """Return the locator that goes with the store of this URL."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderMedia(Path(unquote(parts.path)))
    return CouchMedia(url)
