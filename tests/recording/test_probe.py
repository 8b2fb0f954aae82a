"""What a file is, is read from the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from recording.probe import Examiner, examine
from recording.request import AudioFormat
from tests.recording.samples import unfinish, write_mp3, write_wav


@pytest.fixture
def examiner() -> Iterator[Examiner]:
    """Looks at files in threads."""
    examiner = Examiner()
    yield examiner
    examiner.close()


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_wav_is_measured(tmp_path: Path, rate_hz: int) -> None:
    """Length, layout and rate of a WAV file are exact."""
    found = examine(write_wav(tmp_path / "a.wav", 2.5, rate_hz=rate_hz), AudioFormat.WAV)
    assert (found.readable, found.duration_ms, found.channels, found.sample_rate_hz) == (
        True,
        2500,
        2,
        rate_hz,
    )
    assert (found.silent, found.faults, found.repaired, found.speech_heard) == ((), (), False, True)


def test_mp3_is_measured(tmp_path: Path) -> None:
    """An MP3 is as long as its audio, give or take the encoder's padding."""
    found = examine(write_mp3(tmp_path / "a.mp3", 2.5), AudioFormat.MP3)
    assert found.readable
    assert 2450 <= found.duration_ms <= 3000
    assert (found.channels, found.sample_rate_hz, found.silent, found.faults) == (2, 16000, (), ())


@pytest.mark.parametrize(
    ("levels", "silent", "speech"),
    [
        ((8000, 0), (1,), True),
        ((0, 8000), (0,), True),
        ((0, 0), (0, 1), False),
        ((24, 24), (0, 1), False),
        ((150, 8000), (), True),
        ((150, 150), (), False),
        ((8000,), (), True),
        ((0,), (0,), False),
    ],
)
@pytest.mark.parametrize("write", [write_wav, write_mp3])
def test_silent_sides_are_told(
    tmp_path: Path, write: object, levels: tuple[int, ...], silent: object, speech: bool
) -> None:
    """Who is not heard is told by side; comfort noise is silence, and a whisper is no speech."""
    audio_format = AudioFormat.WAV if write is write_wav else AudioFormat.MP3
    found = examine(write(tmp_path / f"a.{audio_format}", 1.0, levels), audio_format)  # type: ignore[operator]
    assert (found.silent, found.speech_heard) == (silent, speech)


def test_placeholder_header_is_put_right(tmp_path: Path) -> None:
    """A file whose writer died is readable afterwards, and says that it had to be repaired."""
    path = write_wav(tmp_path / "a.wav", 2.0)
    unfinish(path)
    found = examine(path, AudioFormat.WAV)
    assert (found.readable, found.duration_ms, found.repaired) == (True, 2000, True)
    assert "tells of 0 bytes" in found.faults[0]
    assert examine(path, AudioFormat.WAV).faults == ()


def test_truncated_mp3_is_as_long_as_what_is_left(tmp_path: Path) -> None:
    """What can be decoded counts."""
    path = write_mp3(tmp_path / "a.mp3", 4.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = examine(path, AudioFormat.MP3)
    assert found.readable
    assert 1700 <= found.duration_ms <= 2400


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("empty.wav", b"", "is empty"),
        (
            "stub.wav",
            b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0",
            "no audio",
        ),
        ("text.wav", b"hello, I am a text" * 50, "not a WAV file"),
        ("text.mp3", b"hello, I am a text" * 50, "cannot be decoded"),
    ],
)
def test_what_is_no_audio_is_named(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    """A stub of a header, an empty file, something else altogether: not readable, with the reason."""
    path = tmp_path / name
    path.write_bytes(content)
    found = examine(path, AudioFormat(path.suffix[1:]))
    assert (found.exists, found.readable, found.inaccessible) == (True, False, False)
    assert fault in " ".join(found.faults)


def test_missing_file_is_missing(tmp_path: Path) -> None:
    """No file is no finding of audio, and no error."""
    for audio_format in AudioFormat:
        found = examine(tmp_path / f"a.{audio_format}", audio_format)
        assert (found.exists, found.readable) == (False, False)


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_file_that_may_not_be_read_is_inaccessible(tmp_path: Path, audio_format: AudioFormat) -> None:
    """A file that only FreeSWITCH may read is not taken for a bad one."""
    looping = tmp_path / f"a.{audio_format}"
    looping.symlink_to(looping)  # cannot be opened by anybody, root included
    found = examine(looping, audio_format)
    assert (found.exists, found.readable, found.inaccessible) == (True, False, True)


def test_hub_goes_on_meanwhile(tmp_path: Path, examiner: Examiner) -> None:
    """Several files are looked at while other greenlets run."""
    path = write_mp3(tmp_path / "a.mp3", 20.0)
    looking = [gevent.spawn(examiner.examine, path, AudioFormat.MP3) for _ in range(4)]
    turns = 0
    while not all(one.ready() for one in looking):
        gevent.sleep(0.001)
        turns += 1
    assert {one.get().readable for one in looking} == {True}
    assert turns > 5
