"""Where FreeSWITCH finds an attachment."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.media_place import CouchMedia, FolderMedia, media_place
from storage.folder import FolderStore

ACCOUNT = "ab" * 16
DATABASE = f"account/ab/ab/{'ab' * 14}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file:///srv/my%20docs", f"/srv/my docs/account/{ACCOUNT}/m%2F1,a%20b.wav"),
        (
            "http://u:p@couch:5984",
            f"http://u:p@couch:5984/account%2Fab%2Fab%2F{'ab' * 14}/m%2F1/a%20b.wav",
        ),
        ("https://couch/prefix/", f"https://couch/prefix/account%2Fab%2Fab%2F{'ab' * 14}/m%2F1/a%20b.wav"),
    ],
)
def test_each_store_has_its_place(url: str, expected: str) -> None:
    """A path below the folder, or a URL with every name encoded."""
    assert media_place(url).locate(DATABASE, {"_id": "m/1"}, "a b.wav") == expected


def test_the_kind_follows_the_url() -> None:
    """The same URL that opens the store."""
    assert isinstance(media_place("file:///srv"), FolderMedia)
    assert isinstance(media_place("http://couch:5984"), CouchMedia)


def test_a_folder_store_writes_where_it_is_looked_for(tmp_path: Path) -> None:
    """The path named is the file the store itself keeps the attachment in."""
    store = FolderStore(tmp_path)
    store.create_database(DATABASE)
    store.save(DATABASE, {"_id": "m/1", "pvt_type": "media"})
    sound = tmp_path / "sound"
    sound.write_bytes(b"sound")
    with sound.open("rb") as file:
        store.put_attachment(DATABASE, "m/1", "a b.wav", "audio/wav", file, 5)
    assert Path(FolderMedia(tmp_path).locate(DATABASE, {"_id": "m/1"}, "a b.wav")).read_bytes() == b"sound"
    store.close()
