"""The folder store: the contract, and what people do to files by hand."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from structlog.testing import capture_logs

from storage import folder
from storage.document import Change, Document
from storage.errors import BadDocument, Conflict, NotFound, StoreUnavailable
from storage.folder import FolderStore
from storage.folder_names import directory_of, document_file
from tests.storage.contract import PATIENCE_S, Seen, StoreContract, eventually


class FolderPeer:
    """A folder of its own for each test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._opened: list[FolderStore] = []

    def open(self) -> FolderStore:
        """Another store over the same folder, as another process would have."""
        self._opened.append(FolderStore(self.root))
        return self._opened[-1]

    def forget(self, database: str) -> None:
        """The folder goes as a whole."""

    def fill(self, database: str, documents: list[Document]) -> None:
        """Write files, as anybody could."""
        for document in documents:
            path = self.root / directory_of(database) / document_file(document["_id"])
            path.write_text(json.dumps(document))

    def close(self) -> None:
        """Close all that was opened."""
        for one in self._opened:
            one.close()


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[FolderPeer]:
    """A place for documents."""
    root = tmp_path / "documents"
    root.mkdir()
    place = FolderPeer(root)
    yield place
    place.close()


class TestFolderStore(StoreContract):
    """The contract, on a folder."""

    def test_a_revision_of_a_document_that_is_not_there(self, store: FolderStore, database: str) -> None:
        """Nothing to replace is a conflict, too (servers differ)."""
        saved = store.save(database, {"_id": "a"})
        with pytest.raises(Conflict):
            store.save(database, {**saved, "_id": "b"})


@pytest.fixture
def files(peer: FolderPeer) -> Path:
    """The directory of an account, as its owner sees it."""
    directory = peer.root / "account" / "demo"
    directory.mkdir(parents=True)
    return directory


DEMO = "account/demo"


class TestByHand:
    """What people do to files."""

    def test_a_file_is_a_document(self, peer: FolderPeer, files: Path) -> None:
        """Its name is the id, whatever stands in it; it needs no revision, and has one."""
        (files / "menu.json").write_text('\ufeff{"_id": "copied", "pvt_type": "menu"}')
        store = peer.open()
        document = store.get(DEMO, "menu")
        assert (document["_id"], document["pvt_type"]) == ("menu", "menu")
        saved = store.save(DEMO, {**document, "name": "x"})
        assert json.loads((files / "menu.json").read_text()) == {
            "pvt_type": "menu",
            "name": "x",
            "_rev": saved["_rev"],
        }
        assert saved["_rev"].startswith("2-")

    def test_an_edit_in_place_is_announced_and_in_force(self, peer: FolderPeer, files: Path) -> None:
        """Even one of the same length, by an editor that does not rename."""
        path = files / "flow.json"
        path.write_text('{"pvt_type": "callflow", "numbers": ["1"]}')
        store, seen = peer.open(), Seen()
        store.follow(DEMO, seen)
        assert len(store.view(DEMO, "callflows/listing_by_number", key="1")) == 1
        path.write_text('{"pvt_type": "callflow", "numbers": ["2"]}')
        seen.wait(lambda change: change == Change(DEMO, "flow"))
        assert len(store.view(DEMO, "callflows/listing_by_number", key="2")) == 1
        path.unlink()
        seen.wait(lambda change: change == Change(DEMO, "flow", deleted=True))
        assert store.view(DEMO, "callflows/listing_by_number") == []

    def test_an_edit_makes_the_old_revision_a_conflict(self, peer: FolderPeer, files: Path) -> None:
        """Who has read before the edit must read again."""
        store = peer.open()
        saved = store.save(DEMO, {"_id": "a", "x": 1})
        (files / "a.json").write_text(json.dumps({"x": 2, "_rev": saved["_rev"]}))
        with pytest.raises(Conflict):
            store.save(DEMO, {**saved, "x": 3})
        assert store.get(DEMO, "a")["x"] == 2

    def test_a_broken_file_leaves_the_last_good_one_in_force(self, peer: FolderPeer, files: Path) -> None:
        """The fault is logged once, with path and line; repairing it is an edit like any other."""
        path = files / "flow.json"
        path.write_text('{"x": 1}')
        store, seen = peer.open(), Seen()
        store.follow(DEMO, seen)
        with capture_logs() as logs:
            path.write_text('{"x": 2,\n "y": }')
            eventually(lambda: any(line["event"] == "document_unreadable" for line in logs))
            assert store.get(DEMO, "flow")["x"] == 1
            with pytest.raises(Conflict):
                store.save(DEMO, {**store.get(DEMO, "flow"), "x": 3})
            path.write_text('{"x": 4}')
            seen.wait(lambda change: change.doc_id == "flow")
        assert store.get(DEMO, "flow")["x"] == 4
        faults = [line for line in logs if line["event"] == "document_unreadable"]
        assert [(line["path"], line["line"], line["log_level"]) for line in faults] == [
            (str(path), 2, "error")
        ]

    def test_a_broken_file_that_was_never_good(self, peer: FolderPeer, files: Path) -> None:
        """It is there and no document: said with its file, and not taken for absent."""
        (files / "flow.json").write_text("[1, 2]")
        with pytest.raises(BadDocument, match=r"flow\.json: .*braces"):
            peer.open().get(DEMO, "flow")

    def test_media_put_beside_a_document(self, peer: FolderPeer, files: Path) -> None:
        """A prompt needs a file, and its name in the document."""
        (files / "hello.json").write_text('{"_attachments": {"hello.wav": {}, "missing.wav": {}}}')
        (files / "hello,hello.wav").write_bytes(b"RIFF")
        store = peer.open()
        digest = base64.b64encode(hashlib.md5(b"RIFF").digest()).decode()
        assert store.get(DEMO, "hello")["_attachments"] == {
            "hello.wav": {
                "content_type": "audio/wav",
                "revpos": 1,
                "digest": f"md5-{digest}",
                "length": 4,
                "stub": True,
            }
        }
        with store.open_attachment(DEMO, "hello", "hello.wav") as stream:
            assert stream.read() == b"RIFF"

    def test_other_directories_and_files_are_passed_over(self, peer: FolderPeer, files: Path) -> None:
        """Editors' and version control's own are silent, a misspelt one is said to be."""
        for name in (".git", "My Account", "account/x y", "system_config"):
            (peer.root / name).mkdir()
        for name in (".flow.json.swp", "flow.json~", "README.md", "4913"):
            (files / name).write_text("{}")
        with capture_logs() as logs:
            assert peer.open().databases() == [DEMO, "system_config"]
        assert sorted(line["directory"] for line in logs) == ["My Account", "account/x y"]
        assert list(peer.open().all_documents(DEMO)) == []

    def test_permissions_of_a_file_are_kept(self, peer: FolderPeer, files: Path) -> None:
        """Saving over a file that a group may read leaves it readable; a new one is nobody else's."""
        path = files / "a.json"
        path.write_text("{}")
        path.chmod(0o644)
        store = peer.open()
        store.save(DEMO, {**store.get(DEMO, "a"), "x": 1})
        store.save(DEMO, {"_id": "b"})
        assert path.stat().st_mode & 0o777 == 0o644
        assert (files / "b.json").stat().st_mode & 0o007 == 0


class TestAway:
    """A folder that cannot be reached."""

    def test_what_is_held_goes_on(self, peer: FolderPeer, files: Path) -> None:
        """Documents in memory are served from there while the folder is away, and the gap is announced."""
        (files / "a.json").write_text('{"pvt_type": "callflow", "numbers": ["1"]}')
        store, seen = peer.open(), Seen()
        following = store.follow(DEMO, seen)
        away = peer.root.with_name("away")
        peer.root.rename(away)
        with capture_logs() as logs:
            eventually(lambda: not following.is_live)
        assert [line["event"] for line in logs] == ["folder_unavailable"]
        assert store.get(DEMO, "a")["numbers"] == ["1"]
        assert len(store.view(DEMO, "callflows/listing_by_number", key="1")) == 1
        with pytest.raises(StoreUnavailable):
            store.ping()
        with pytest.raises(StoreUnavailable):
            store.save(DEMO, {"_id": "b"})
        away.rename(peer.root)
        seen.wait(lambda change: change == Change(DEMO, ""))
        assert following.is_live

    def test_an_empty_folder_in_its_place_is_no_deletion(self, peer: FolderPeer, files: Path) -> None:
        """A mount point whose file system is gone looks like that."""
        (files / "a.json").write_text("{}")
        store = peer.open()
        following = store.follow(DEMO, Seen())
        peer.root.rename(peer.root.with_name("away"))
        peer.root.mkdir()
        eventually(lambda: not following.is_live)
        assert store.get(DEMO, "a")["_id"] == "a"

    def test_following_begins_before_the_folder_is_there(self, peer: FolderPeer) -> None:
        """Until it is, nobody knows what is in it; that is not the same as nothing."""
        peer.root.rmdir()
        store, seen = peer.open(), Seen()
        store.follow(DEMO, seen)
        with pytest.raises(StoreUnavailable):
            store.get(DEMO, "a")
        (peer.root / "account" / "demo").mkdir(parents=True)
        seen.wait(lambda change: change == Change(DEMO, ""))
        with pytest.raises(NotFound):
            store.get(DEMO, "a")

    def test_a_folder_that_is_a_file(self, peer: FolderPeer) -> None:
        """Whatever the system says, it comes out as ours."""
        peer.root.rmdir()
        peer.root.write_text("")
        for ask in (peer.open().ping, peer.open().databases, lambda: peer.open().create_database(DEMO)):
            with pytest.raises(StoreUnavailable):
                ask()

    def test_what_nobody_uses_is_given_back(
        self, peer: FolderPeer, files: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A month that somebody listed does not stay in memory for ever."""
        (files / "a.json").write_text("{}")
        store = peer.open()
        store.view(DEMO, "attributes/owned")
        monkeypatch.setattr(folder, "IDLE_S", 0.0)
        eventually(lambda: not store._databases[DEMO].is_loaded)
        assert store.get(DEMO, "a")["_id"] == "a"


class TestTogether:
    """Several writers."""

    def test_no_save_is_lost_between_two_processes(self, peer: FolderPeer, files: Path) -> None:
        """Who finds a conflict reads again; in the end every one has counted."""
        peer.open().save(DEMO, {"_id": "count", "n": 0})

        def count() -> None:
            store = peer.open()
            for _ in range(10):
                while True:
                    document = store.get(DEMO, "count")
                    try:
                        store.save(DEMO, {**document, "n": document["n"] + 1})
                        break
                    except Conflict:
                        continue

        gevent.joinall([gevent.spawn(count) for _ in range(4)], timeout=PATIENCE_S, raise_error=True)
        assert peer.open().get(DEMO, "count")["n"] == 40

    def test_a_directory_that_stays_locked(
        self, peer: FolderPeer, files: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A writer that was stopped in the middle is not waited for for ever."""
        monkeypatch.setattr(folder, "LOCK_PATIENCE_S", 0.1)
        with (files / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(StoreUnavailable, match="locked"):
                peer.open().save(DEMO, {"_id": "a"})
        peer.open().save(DEMO, {"_id": "a"})

    def test_a_writer_that_is_killed_leaves_no_half_a_document(self, peer: FolderPeer, files: Path) -> None:
        """At any moment a file is what it was or what it is to be, media as well."""
        program = (
            "import io, sys; from pathlib import Path; from storage.folder import FolderStore\n"
            "store = FolderStore(Path(sys.argv[1]))\n"
            "document = store.save('account/demo', {'_id': 'a', 'x': 'x' * 100000})\n"
            "print('up', flush=True)\n"
            "while True:\n"
            "    document = store.save('account/demo', {**document, 'n': document.get('n', 0) + 1})\n"
            "    media = io.BytesIO(b'y' * 100000)\n"
            "    document = store.put_attachment('account/demo', 'a', 'r', 'audio/wav', media, 100000)\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        writer = subprocess.Popen(
            [sys.executable, "-c", program, str(peer.root)], stdout=subprocess.PIPE, env=environment
        )
        store = peer.open()
        try:
            assert writer.stdout.readline() == b"up\n"
            eventually(lambda: store.get(DEMO, "a").get("n", 0) > 3)
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait(PATIENCE_S)
            writer.stdout.close()
        document = store.get(DEMO, "a")
        assert len(document["x"]) == 100_000
        with store.open_attachment(DEMO, "a", "r") as stream:
            assert stream.read() == b"y" * 100_000
        store.save(DEMO, document)
