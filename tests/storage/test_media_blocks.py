"""Media pass in blocks, whatever they come from."""

from __future__ import annotations

import io
from pathlib import Path

from storage.media_blocks import BLOCK_BYTES, blocks_of, is_file


def test_a_file_and_a_stream_say_the_same(tmp_path: Path) -> None:
    """A file's blocks are read in the thread pool, a stream's where it is."""
    media = bytes(range(256)) * (BLOCK_BYTES // 128)
    path = tmp_path / "a"
    path.write_bytes(media)
    with path.open("rb") as file:
        assert is_file(file)
        blocks = list(blocks_of(file))
    assert [len(block) for block in blocks] == [BLOCK_BYTES, BLOCK_BYTES]
    assert b"".join(blocks) == media == b"".join(blocks_of(io.BytesIO(media)))
    assert not is_file(io.BytesIO())
    assert not is_file(io.BufferedReader(io.BytesIO()))  # type: ignore[arg-type]


def test_nothing_has_no_blocks() -> None:
    """An empty source ends at once."""
    assert list(blocks_of(io.BytesIO())) == []
