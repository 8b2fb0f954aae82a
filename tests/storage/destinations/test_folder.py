"""Copies into a folder: whole or not at all, and over nothing else."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.destination import Media, Receipt
from storage.destinations import folder as folder_module
from storage.destinations.folder import FolderDestination, _below
from storage.errors import DeliveryFailed, MediaDamaged, NotFound
from tests.storage.receiver import context_of, media_of

CONTENT = bytes(range(256)) * 3000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where copies go; it does not exist yet."""
    return tmp_path / "delivered"


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording."""
    return media_of(tmp_path / "a.mp3", CONTENT, name="call.mp3")


def deliver(root: Path, media: Media, recording_id: str = "ab", **parameters: Any) -> Receipt:
    """Deliver below the root."""
    return FolderDestination(context_of(folder_root=root)).deliver(media, {"_id": recording_id}, parameters)


def tree(root: Path) -> dict[str, bytes]:
    """All files below, hidden ones too."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_copy_is_there_whole_under_its_name(root: Path, media: Media) -> None:
    """In a directory made for it, with nothing left beside it."""
    receipt = deliver(root, media, directory="acc/2026")
    assert tree(root) == {"acc/2026/call.mp3": CONTENT}
    assert receipt.location == str(root / "acc/2026/call.mp3")


@pytest.mark.parametrize("directory", ["", ".", "acc", "{root}", "{root}/acc"])
def test_directories_may_be_given_below_the_root_either_way(root: Path, media: Media, directory: str) -> None:
    """Relative to the root, or absolute and within it."""
    deliver(root, media, directory=directory.format(root=root), name="x.mp3")
    assert len(tree(root)) == 1


def test_a_second_attempt_leaves_one_copy(root: Path, media: Media) -> None:
    """The first one's copy is found, read and accepted."""
    deliver(root, media)
    assert deliver(root, media).detail == "was there already"
    assert tree(root) == {"call.mp3": CONTENT}


def test_other_content_under_the_name_is_never_overwritten(root: Path, tmp_path: Path, media: Media) -> None:
    """The newcomer bears its id as well, and is found there by a further attempt."""
    other = media_of(tmp_path / "b.mp3", CONTENT[::-1], name="call.mp3")
    deliver(root, media)
    for _ in range(2):
        assert deliver(root, other, "cd").location == str(root / "call.cd.mp3")
    assert tree(root) == {"call.mp3": CONTENT, "call.cd.mp3": CONTENT[::-1]}


def test_when_both_names_are_taken_nothing_is_touched(root: Path, media: Media) -> None:
    """Somebody else's files: told, and final."""
    root.mkdir()
    (root / "call.mp3").write_bytes(b"theirs")
    (root / "call.ab.mp3").write_bytes(b"theirs, too")
    with pytest.raises(DeliveryFailed, match="taken") as caught:
        deliver(root, media)
    assert not caught.value.retryable
    assert tree(root) == {"call.mp3": b"theirs", "call.ab.mp3": b"theirs, too"}


def test_the_rest_of_a_killed_attempt_is_cleared_away(root: Path, media: Media) -> None:
    """Whether it was killed before or after it gave the name."""
    root.mkdir()
    (root / ".ab.part").write_bytes(CONTENT[:1000])
    deliver(root, media)
    assert tree(root) == {"call.mp3": CONTENT}
    os.link(root / "call.mp3", root / ".ab.part")
    deliver(root, media)
    assert tree(root) == {"call.mp3": CONTENT}


@pytest.mark.parametrize("change", ["gone", "cut", "altered"])
def test_damaged_media_leaves_nothing_behind(root: Path, media: Media, change: str) -> None:
    """No copy, and no part of one."""
    if change == "gone":
        media.path.unlink()
    else:
        media.path.write_bytes(CONTENT[:-1] + (b"" if change == "cut" else b"x"))
    with pytest.raises(MediaDamaged):
        deliver(root, media)
    assert not root.exists() or tree(root) == {}


def test_a_disk_in_trouble_is_worth_another_attempt(root: Path, media: Media) -> None:
    """A file where the directory should be, for one."""
    root.write_bytes(b"not a directory")
    with pytest.raises(DeliveryFailed) as caught:
        deliver(root, media, directory="acc")
    assert caught.value.retryable


def test_file_systems_without_hard_links_are_served(
    root: Path, media: Media, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By renaming, still without replacing what is there."""

    def refused(*_paths: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(folder_module.os, "link", refused)
    deliver(root, media)
    other = media_of(tmp_path / "b.mp3", CONTENT[::-1], name="call.mp3")
    deliver(root, other, "cd")
    assert tree(root) == {"call.mp3": CONTENT, "call.cd.mp3": CONTENT[::-1]}


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"directory": "../x"}, "leads out"),
        ({"directory": "a/../../x"}, "leads out"),
        ({"directory": "/etc"}, "leads out"),
        ({"directory": "{root}/../x"}, "leads out"),
        ({"directory": "a\x00b"}, "leads out"),
        ({"directory": 5}, "must be text"),
        ({"name": None}, "must be text"),
        ({"path": "x"}, "unknown"),
    ],
)
def test_faults_of_a_target_are_named(
    root: Path, media: Media, parameters: dict[str, Any], fault: str
) -> None:
    """And what leads out of the root is not delivered even if nobody asked."""
    parameters = {
        key: value.format(root=root) if isinstance(value, str) else value for key, value in parameters.items()
    }
    (told,) = FolderDestination(context_of(folder_root=root)).validate(parameters)
    assert fault in told
    if fault == "leads out":
        with pytest.raises(DeliveryFailed):
            deliver(root, media, **parameters)
        assert not root.exists()


def test_without_a_root_there_is_no_folder(media: Media) -> None:
    """Said when validated, refused when tried."""
    destination = FolderDestination(context_of())
    assert "local_dir" in destination.validate({"directory": "x"})[0]
    with pytest.raises(DeliveryFailed, match="local_dir"):
        destination.deliver(media, {"_id": "ab"}, {"directory": "x"})


@given(st.text(st.sampled_from("./\\a~\x00\n "), max_size=30) | st.text(max_size=30))
def test_no_text_leads_out_of_the_root(directory: str) -> None:
    """A directory is below the root or it is none."""
    root = Path("/srv/delivered")
    found = _below(root, directory)
    assert found is None or os.path.normpath(found).startswith("/srv/delivered")


def test_a_copy_is_asked_about_and_given_back(root: Path, media: Media) -> None:
    """Also when the original is gone; one that was changed, or is gone, is not there any more."""
    receipt = deliver(root, media, directory="acc")
    destination = FolderDestination(context_of(folder_root=root))
    media.path.unlink()
    assert destination.holds(media, {}, {}, receipt)
    with destination.open_copy(media, {}, {}, receipt) as stream:
        assert stream.read() == CONTENT
    (root / "acc/call.mp3").write_bytes(CONTENT[::-1])
    assert not destination.holds(media, {}, {}, receipt)
    (root / "acc/call.mp3").unlink()
    assert not destination.holds(media, {}, {}, receipt)
    with pytest.raises(NotFound):
        destination.open_copy(media, {}, {}, receipt)


@pytest.mark.parametrize("location", ["/etc/passwd", "{root}/../secret", "", "{root}x/a"])
def test_nothing_outside_the_root_is_given_back(root: Path, media: Media, location: str) -> None:
    """Whatever a receipt says."""
    (root.parent / "secret").write_text("x")
    destination = FolderDestination(context_of(folder_root=root))
    with pytest.raises(NotFound):
        destination.open_copy(media, {}, {}, Receipt(location.format(root=root)))
