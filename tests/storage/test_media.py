"""Measuring finished files, and streams that only end as what was measured."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from storage.errors import MediaDamaged, StoreUnavailable
from storage.media import BLOCK_BYTES, MediaStream, measure
from tests.storage.receiver import media_of

LONG = bytes(range(256)) * 4096 + b"end"


@pytest.mark.parametrize("content", [b"", b"x", LONG, b"y" * BLOCK_BYTES, b"z" * (BLOCK_BYTES + 1)])
def test_measure_tells_size_and_checksum(tmp_path: Path, content: bytes) -> None:
    """Size and SHA-256 are those of the whole file, however it falls into blocks."""
    (tmp_path / "a.wav").write_bytes(content)
    measured = measure(tmp_path / "a.wav")
    assert (measured.size_bytes, measured.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_measuring_what_is_gone_is_named_so(tmp_path: Path) -> None:
    """A vanished file is the media's fault, not the host's."""
    with pytest.raises(MediaDamaged, match="gone"):
        measure(tmp_path / "a.wav")


def test_measuring_what_cannot_be_read_is_the_hosts_fault(tmp_path: Path) -> None:
    """A directory in the file's place is reported by the system's own words."""
    with pytest.raises(StoreUnavailable, match="directory"):
        measure(tmp_path)


@pytest.mark.parametrize("size", [1, 1000, BLOCK_BYTES - 1, BLOCK_BYTES, 10 * BLOCK_BYTES])
def test_a_stream_gives_the_file_at_any_read_size(tmp_path: Path, size: int) -> None:
    """The parts read add up to the file, with the digests of it, and only then is it complete."""
    content = LONG if size > 1 else LONG[:5000]
    media = media_of(tmp_path / "a.mp3", content)
    with MediaStream(media, with_md5=True) as stream:
        parts = []
        while part := stream.read(size):
            assert len(part) <= size
            assert stream.complete == (sum(map(len, parts)) + len(part) == len(content))
            parts.append(part)
        assert b"".join(parts) == content
        assert stream.sha256 == media.sha256
        assert stream.md5_base64 == base64.b64encode(hashlib.md5(content).digest()).decode()
        assert len(stream) == len(content)


def test_an_empty_file_is_a_body_of_no_bytes(tmp_path: Path) -> None:
    """No bytes are still a whole file."""
    with MediaStream(media_of(tmp_path / "a.mp3", b"")) as stream:
        assert stream.read() == b""
        assert stream.complete


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (LONG[:-1], "ends 1 bytes before"),
        (b"", "ends 1048579 bytes before"),
        (LONG + b"x", "grown"),
        (LONG + LONG, "grown"),
        (LONG[:-1] + b"x", "changed"),
        (b"x" + LONG[1:], "changed"),
    ],
)
def test_a_stream_of_a_changed_file_never_completes(tmp_path: Path, found: bytes, reason: str) -> None:
    """Cut, grown or altered since it was measured: the end is withheld, so nobody takes it for whole."""
    media = media_of(tmp_path / "a.mp3", LONG)
    media.path.write_bytes(found)
    taken: list[bytes] = []
    with MediaStream(media) as stream, pytest.raises(MediaDamaged, match=reason):
        taken.extend(iter(lambda: stream.read(100_000), b""))
    assert not stream.complete
    assert len(b"".join(taken)) < media.size_bytes


def test_a_stream_of_a_vanished_file_says_so(tmp_path: Path) -> None:
    """Opening is where a deleted file is noticed."""
    media = media_of(tmp_path / "a.mp3", LONG)
    media.path.unlink()
    with pytest.raises(MediaDamaged, match="gone"):
        MediaStream(media)
