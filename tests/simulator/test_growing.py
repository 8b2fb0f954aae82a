"""A file that grows in blocks, on a disk that may be too small."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import CannotOpen, DiskFull
from simulator.growing import GrowingFile


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 16))
def test_whatever_the_pieces_and_blocks_all_arrives(pieces: list[bytes], block_bytes: int) -> None:
    """Nothing is lost or turned round, and only whole blocks are on disk before the end."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a")
        file = GrowingFile(path, block_bytes=block_bytes)
        for piece in pieces:
            file.write(piece)
            assert not block_bytes or path.stat().st_size % block_bytes == 0
        file.flush()
        file.close()
        assert path.read_bytes() == b"".join(pieces)
        assert file.size == path.stat().st_size


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=12), st.integers(0, 100))
def test_a_full_disk_keeps_the_beginning(pieces: list[bytes], holds_bytes: int) -> None:
    """What fits is there, and what does not is counted."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a")
        file = GrowingFile(path, holds_bytes=holds_bytes)
        lost = 0
        for piece in pieces:
            try:
                file.write(piece)
            except DiskFull as exc:
                lost += exc.lost_bytes
        file.close()
        whole = b"".join(pieces)
        assert path.read_bytes() == whole[:holds_bytes]
        assert lost == max(0, len(whole) - holds_bytes)


def test_appending_and_overwriting(tmp_path: Path) -> None:
    """The end grows on, the beginning can be replaced."""
    (tmp_path / "a").write_bytes(b"head-old")
    file = GrowingFile(tmp_path / "a", append=True)
    file.overwrite(b"HEAD")
    file.write(b"-new")
    file.close()
    assert (tmp_path / "a").read_bytes() == b"HEAD-old-new"


def test_a_device_that_is_full_is_a_full_disk() -> None:
    """The system's own word for it is understood."""
    file = GrowingFile(Path("/dev/full"))
    with pytest.raises(DiskFull):
        file.write(b"x")
    file.close()


def test_no_such_directory(tmp_path: Path) -> None:
    """Refused when it is opened."""
    with pytest.raises(CannotOpen):
        GrowingFile(tmp_path / "no" / "a")
