"""A file is read while it is written, and has no name any more."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.growing_audio import MAX_READ_BYTES, GrowingAudio

TAGS = b"LIST" + struct.pack("<I", 20) + b"INFOISFT" + struct.pack("<I", 8) + b"Kazoo\0\0\0"


def _header(tags: bytes = b"", *, channels: int = 1, bits: int = 16) -> bytes:
    width = channels * bits // 8
    fmt = struct.pack("<HHIIHH", 1, channels, 8_000, 8_000 * width, width, bits)
    return b"RIFF\x08\0\0\0WAVEfmt \x10\0\0\0" + fmt + tags + b"data\0\0\0\0"


@pytest.mark.parametrize("tags", [b"", TAGS])
@given(
    samples=st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=200),
    cuts=st.lists(st.integers(0, 600), max_size=12),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_looks_do_not_matter(tmp_path: Path, tags: bytes, samples: list[int], cuts: list[int]) -> None:
    """However often and wherever in a sample it is looked at, the samples are those that were written."""
    content = _header(tags) + np.array(samples, "<i2").tobytes()
    path = tmp_path / "a.wav"
    audio = GrowingAudio(path)
    found = [audio.read().tolist()]
    with path.open("wb", buffering=0) as target:
        at = 0
        for until in [*sorted(cuts), len(content)]:
            target.write(content[at:until])
            at = max(at, min(until, len(content)))
            found.append(audio.read().tolist())
    assert [sample for each in found for sample in each] == samples
    assert not path.exists()
    assert audio.read().size == 0
    audio.close()
    assert audio.read().size == 0


def test_the_header_is_written_anew_before_the_first_samples(tmp_path: Path) -> None:
    """Tags that come in front of the samples are no samples."""
    path = tmp_path / "a.wav"
    with path.open("wb", buffering=0) as target:
        audio = GrowingAudio(path)
        target.write(_header())
        assert audio.read().size == 0
        target.seek(0)
        target.write(_header(TAGS) + struct.pack("<h", 7))
        assert audio.read().tolist() == [7]
    audio.close()


@pytest.mark.parametrize(
    "content", [b"hello" * 2_000, _header(channels=2) + bytes(4), _header(bits=8) + b"xx"]
)
def test_what_is_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    """It gives no samples, and says why."""
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    audio = GrowingAudio(path)
    assert [audio.read().size for _ in range(2)] == [0, 0]
    assert audio.failed


def test_an_unreadable_file_gives_nothing(tmp_path: Path) -> None:
    """A file the system does not give away is told once."""
    path = tmp_path / "a.wav"
    path.symlink_to(path)
    audio = GrowingAudio(path)
    assert audio.read().size == 0
    assert audio.failed


def test_much_is_read_in_pieces(tmp_path: Path) -> None:
    """A long file is not read whole at once."""
    path = tmp_path / "a.wav"
    path.write_bytes(_header() + bytes(3 * MAX_READ_BYTES))
    audio = GrowingAudio(path)
    sizes = [audio.read().nbytes for _ in range(4)]
    assert sizes == [MAX_READ_BYTES] * 3 + [0]
    audio.close()


def test_a_file_nobody_opened_is_taken_away(tmp_path: Path) -> None:
    """Closing takes the name away where reading did not come to it."""
    path = tmp_path / "a.wav"
    path.write_bytes(_header())
    GrowingAudio(path).close()
    assert not path.exists()
