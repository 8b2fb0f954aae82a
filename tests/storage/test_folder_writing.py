"""Files take their places whole, under a lock, and leave nothing beside them when they fail."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

import pytest

from storage.errors import NotFound
from storage.folder_names import attachment_file
from storage.folder_writing import (
    LockHeld,
    Place,
    StagedMedia,
    attach,
    make_directory,
    remove_document,
    write_document,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty database."""
    return Place("account/demo", tmp_path)


def names(place: Place) -> list[str]:
    """The files there are, hidden ones too."""
    return sorted(path.name for path in place.directory.iterdir())


def test_what_a_file_says(place: Place) -> None:
    """Readable, the fields in their order, without what the name says, the revision last."""
    saved = write_document(place, {"_id": "ä/b", "b": "ü", "a": [1]}).document
    text = (place.directory / "%C3%A4%2Fb.json").read_text()
    assert list(json.loads(text)) == ["b", "a", "_rev"]
    assert "ü" in text
    assert text.endswith("}\n")
    assert json.loads(text)["_rev"] == saved["_rev"]


def test_a_locked_directory_is_said_to_be_locked(place: Place) -> None:
    """Whoever waits does so elsewhere, not in a thread of the pool."""
    with (place.directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LockHeld):
            write_document(place, {"_id": "a"})
    assert names(place) == [".lock"]


def test_staged_media_that_came_to_nothing(place: Place) -> None:
    """They are removed, and were never visible."""
    staged = StagedMedia(place.directory)
    staged.write(b"abc")
    staged.finish()
    with pytest.raises(NotFound):
        attach(place, "a", "r", "audio/wav", staged)
    staged.discard()
    staged.discard()
    assert names(place) == [".lock"]


def test_a_document_is_removed_with_its_media(place: Place) -> None:
    """Nothing of it stays."""
    write_document(place, {"_id": "a"})
    staged = StagedMedia(place.directory)
    staged.write(b"abc")
    staged.finish()
    document = attach(place, "a", "r", "audio/wav", staged).document
    assert attachment_file("a", "r") in names(place)
    remove_document(place, "a", document["_rev"])
    assert names(place) == [".lock"]


def test_directories_are_made_with_those_above(tmp_path: Path) -> None:
    """Twice is once."""
    make_directory(tmp_path / "a" / "b")
    make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
