"""WAV headers tell the truth, or are made to."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import wav
from calls.errors import BadAudio
from tests.recording.samples import unfinish, write_wav

TAGS = b"LIST" + struct.pack("<I", 20) + b"INFOISFT" + struct.pack("<I", 8) + b"Kazoo\0\0\0"


def _with_tags(path: Path, *, in_front: bool) -> Path:
    """Put a chunk of tags before or behind the audio, as libsndfile does."""
    content = path.read_bytes()
    at = content.index(b"data") if in_front else len(content)
    content = content[:at] + TAGS + content[at:]
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    return path


def test_good_file_has_no_faults(tmp_path: Path) -> None:
    """A file that was closed properly is left alone, to the byte."""
    path = write_wav(tmp_path / "a.wav", 1.5)
    before = path.read_bytes()
    layout = wav.read_layout(path)
    assert (layout.faults(), layout.duration_ms, layout.channels, layout.sample_rate_hz) == (
        (),
        1500,
        2,
        8000,
    )
    assert wav.repair(path) == layout
    assert path.read_bytes() == before


@pytest.mark.parametrize("in_front", [True, False])
def test_tags_are_no_fault(tmp_path: Path, in_front: bool) -> None:
    """Chunks around the audio are part of a good file."""
    layout = wav.read_layout(_with_tags(write_wav(tmp_path / "a.wav", 1.5), in_front=in_front))
    assert (layout.faults(), layout.duration_ms) == ((), 1500)


@pytest.mark.parametrize("tags", [True, False])
def test_placeholder_sizes_are_put_right(tmp_path: Path, tags: bool) -> None:
    """A file whose writer died plays in full afterwards."""
    path = write_wav(tmp_path / "a.wav", 1.5)
    if tags:
        _with_tags(path, in_front=True)
    whole = path.read_bytes()
    unfinish(path)
    assert wav.read_layout(path).faults() == (f"the header tells of 0 bytes of audio, {1500 * 32} are there",)
    assert wav.repair(path).faults() == ()
    assert path.read_bytes() == whole
    with wave.open(str(path), "rb") as reader:
        assert reader.getnframes() == 12_000


def test_truncated_file_is_put_right(tmp_path: Path) -> None:
    """A file that lost its end plays what is left."""
    path = write_wav(tmp_path / "a.wav", 1.5)
    path.write_bytes(path.read_bytes()[: 44 + 32_001])
    assert "promises 48000 bytes" in wav.read_layout(path).faults()[0]
    layout = wav.repair(path)
    assert layout.duration_ms == 1000
    assert layout.faults() == ()


def test_repair_twice_is_repair_once(tmp_path: Path) -> None:
    """A repair that was interrupted can be begun again."""
    path = write_wav(tmp_path / "a.wav", 0.5)
    unfinish(path)
    first = wav.repair(path)
    content = path.read_bytes()
    assert wav.repair(path) == first
    assert path.read_bytes() == content


def test_wrong_size_of_the_whole_is_a_fault(tmp_path: Path) -> None:
    """Sizes are two, and both must be right."""
    path = write_wav(tmp_path / "a.wav", 0.5)
    content = path.read_bytes()
    path.write_bytes(content[:4] + struct.pack("<I", 8) + content[8:])
    assert "tells of a file of 16 bytes" in wav.read_layout(path).faults()[0]
    assert wav.repair(path).faults() == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a WAV file"),
        (b"ID3\x04 and so on, an MP3", "not a WAV file"),
        (b"RIFF\x24\0\0\0WAVE", "ends in its header"),
        (b"RIFF\x24\0\0\0WAVEdata\0\0\0\0", "before its format"),
        (b"RIFF\x24\0\0\0WAVEfmt \x04\0\0\0abcd", "cut off"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\0\0\0\0", "cannot be"),
        (b"RIFF\x24\0\0\0WAVE" + b"junk\0\0\0\0" * 100, "without audio"),
    ],
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    """A file that is something else is named as that."""
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(BadAudio, match=why):
        wav.read_layout(path)


@given(st.binary(max_size=400), st.integers(0, 80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_layout_or_bad_audio(tmp_path: Path, junk: bytes, at: int) -> None:
    """No file makes reading or repairing raise anything else; what was repaired has no faults."""
    path = write_wav(tmp_path / "a.wav", 0.01)
    content = path.read_bytes()
    path.write_bytes(content[:at] + junk + content[at + len(junk) // 2 :])
    try:
        layout = wav.repair(path)
    except BadAudio:
        return
    assert layout.faults() == ()
    assert layout.duration_ms >= 0
