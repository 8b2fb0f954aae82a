"""Links find what this host never had, or has forgotten, by its document; and never what was deleted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.link_archive import Archive, attachment_of
from recording.link_shelf import Found, Shelf, Standing
from recording.request import AudioFormat
from storage.errors import StoreUnavailable
from storage.folder import FolderStore
from storage.outbox import Outbox
from storage.register_row import Expected
from storage.tombstone import bury
from tests.recording.samples import write_wav

ID = "0123456789abcdef0123456789abcdef"
DATABASE = "account/demo-202611"
DOCUMENT = f"202611-{ID}"
PLACE = f"{DATABASE}/{DOCUMENT}"


class Down(FolderStore):
    """A store that is away."""

    def get(self, database: str, doc_id: str) -> Any:
        """Nobody is there."""
        raise StoreUnavailable("away")


class Vault:
    """Documents, an empty outbox and a shelf over both."""

    def __init__(self, root: Path) -> None:
        (root / "documents").mkdir()
        self.store = FolderStore(root / "documents")
        self.store.create_database(DATABASE)
        self.outbox = Outbox(root / "outbox.sqlite")
        self.recordings = root / "recordings"
        self.recordings.mkdir()
        self.shelf = self.over(Archive(self.store))
        self.wav = write_wav(root / "a.wav", 0.5)

    def over(self, archive: Archive) -> Shelf:
        """A shelf over an archive."""
        return Shelf(self.recordings, self.outbox, {}, archive=archive)

    def keep(self, content_type: str = "audio/wav", **facts: Any) -> None:
        """Have a recording's document with its media."""
        self.store.save(
            DATABASE,
            {"_id": DOCUMENT, "pvt_type": "call_recording", "callflows": {"recording_id": ID}, **facts},
        )
        media = self.wav.read_bytes()
        self.store.put_attachment(DATABASE, DOCUMENT, "call.wav", content_type, io.BytesIO(media), len(media))


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """Nothing but an empty archive."""
    made = Vault(tmp_path)
    yield made
    made.shelf.close()
    made.outbox.close()
    made.store.close()


def test_what_this_host_never_knew_is_served(vault: Vault) -> None:
    """Whole, and in another format if asked."""
    vault.keep()
    found = vault.shelf.find(ID, PLACE)
    assert (found.standing, found.account_id, found.name) == (Standing.READY, "demo", "call.wav")
    file = vault.shelf.file(found, AudioFormat.WAV, 10)
    assert file is not None
    assert file.path.read_bytes() == vault.wav.read_bytes()
    converted = vault.shelf.file(found, AudioFormat.MP3, 10)
    assert converted is not None
    assert converted.content_type == "audio/mpeg"
    assert vault.shelf.find(ID).standing is Standing.UNKNOWN


def test_what_was_deleted_is_gone(vault: Vault) -> None:
    """Also where this host still has it; and what was made of it for links goes with it."""
    vault.keep()
    file = vault.shelf.file(vault.shelf.find(ID, PLACE), AudioFormat.WAV, 10)
    assert file is not None
    bury(vault.store, DATABASE, DOCUMENT, by="token")
    found = vault.shelf.find(ID, PLACE)
    assert (found.standing, found.reason) == (Standing.GONE, "it was deleted")
    vault.shelf.spool.drop(ID)
    assert not file.path.exists()
    vault.outbox.bury(Expected(ID, 1.0), "token")
    assert vault.shelf.find(ID).standing is Standing.GONE


@pytest.mark.parametrize(
    "place", ["", "x", "/", f"{DATABASE}/none", f"account/other-202611/{DOCUMENT}", "../../etc/passwd"]
)
def test_another_place_has_nothing(vault: Vault, place: str) -> None:
    """No document, no database, no name at all."""
    vault.keep()
    assert vault.shelf.find(ID, place) == Found(Standing.UNKNOWN, ID)


def test_a_document_of_another_recording_is_not_given_away(vault: Vault) -> None:
    """The id within counts; and one that has no audio is nothing to be had."""
    vault.keep(callflows={"recording_id": "f" * 32})
    assert vault.shelf.find(ID, PLACE).standing is Standing.UNKNOWN
    document = vault.store.get(DATABASE, DOCUMENT)
    without = {name: value for name, value in document.items() if name != "_attachments"}
    vault.store.save(DATABASE, {**without, "callflows": {"recording_id": ID}})
    assert vault.shelf.find(ID, PLACE).standing is Standing.UNKNOWN


def test_kazoos_own_recordings_are_found(vault: Vault) -> None:
    """Their ids are in the ids of their documents."""
    vault.keep(callflows={})
    assert vault.shelf.find(ID, PLACE).standing is Standing.READY


def test_a_store_that_is_away_is_told_unless_the_file_is_here(vault: Vault, tmp_path: Path) -> None:
    """Who has nothing to give says that it cannot know."""
    shelf = vault.over(Archive(Down(tmp_path)))
    with pytest.raises(StoreUnavailable):
        shelf.find(ID, PLACE)
    shelf.close()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3) | st.just("audio/wav"),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["_attachments", "content_type", "a.wav"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_any_document_is_read(document: Any) -> None:
    """Whatever somebody wrote into it."""
    name, stub = attachment_of({"_attachments": document})
    assert bool(name) == bool(stub)
