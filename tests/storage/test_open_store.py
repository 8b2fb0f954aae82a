"""From URLs to stores; and what is said of URLs that are none, without saying the password."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from storage.cache import CachedStore
from storage.couchdb import CouchStore
from storage.couchdb_link import CouchAddress
from storage.folder import FolderStore
from storage.open_store import open_store


def test_a_folder(tmp_path: Path) -> None:
    """Given by its whole path, percent-encoded where it must be; it need not exist."""
    opened = open_store(f"file://{tmp_path}/my%20documents", cache=False)
    assert isinstance(opened, FolderStore)
    assert opened._root == tmp_path / "my documents"
    cached = open_store("file://localhost/var/documents")
    assert isinstance(cached, CachedStore)
    cached.close()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://couch", CouchAddress("http", "couch", 5984)),
        ("https://u:p%40ss%2F@couch:6984/", CouchAddress("https", "couch", 6984, "", "u", "p@ss/")),
        ("http://[::1]:5984/a/prefix/", CouchAddress("http", "::1", 5984, "a/prefix")),
    ],
)
def test_a_couchdb(url: str, address: CouchAddress) -> None:
    """Taken apart once, here."""
    opened = open_store(url, cache=False)
    assert isinstance(opened, CouchStore)
    assert opened._link.address == address
    assert opened._link.address.password == address.password
    opened.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/var/documents",
        "file:documents",
        "file://host/documents",
        "file:///a%00b",
        "ftp://u:secret@host",
        "http://",
        "http://u:secret@host:port",
        "http://u:se#cret@host",
        "http://u:secret@host/?x",
        "http://u:secret@[host",
    ],
)
def test_what_is_no_store(url: str) -> None:
    """A sentence for the operator."""
    with pytest.raises(SettingsError) as refused:
        open_store(url)
    assert "secret" not in str(refused.value)
    assert "URL" in str(refused.value) or "folder" in str(refused.value)
