"""Files: written, read back, listened to."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

import pytest

from simulator.audiofile import FLUSH_BYTES, open_writer
from simulator.decode import channels_of, clip, samples_of
from simulator.errors import CannotDecode, CannotOpen
from simulator.listen import compare, curves_of, listen
from simulator.source import Speech
from simulator.timeline import Timeline
from simulator.voice import speech


def write(path: Path, samples: array[int], *, rate_hz: int = 8000, channels: int = 1) -> Path:
    """A finished file."""
    writer = open_writer(path, rate_hz, channels)
    writer.write(samples)
    writer.close()
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "A.WAV"])
@pytest.mark.parametrize("rate_hz", [8000, 16_000])
def test_speech_comes_back(tmp_path: Path, name: str, rate_hz: int) -> None:
    """What was written is heard again."""
    path = write(tmp_path / name, speech(4, 0, 3000, rate_hz), rate_hz=rate_hz)
    said = Timeline()
    said.begin(Speech(4, 0, 3000), 0.0)
    assert channels_of(path) == 1
    assert listen(path, [said], 0.0, 3000)[0].ok


def test_mp3_is_a_bit_longer(tmp_path: Path) -> None:
    """The encoder's padding stays."""
    path = write(tmp_path / "a.mp3", speech(4, 0, 3000))
    assert 24_000 < len(samples_of(path, 8000)) < 24_000 + 4800


def test_stereo_sides_stay_apart(tmp_path: Path) -> None:
    """Each channel matches its own voice."""
    both = array("h", bytes(4 * 24_000))
    both[0::2], both[1::2] = speech(1, 0, 3000), speech(2, 0, 3000)
    path = write(tmp_path / "s.wav", both, channels=2)
    legs = [Timeline(), Timeline()]
    for leg, seed in zip(legs, (1, 2), strict=True):
        leg.begin(Speech(seed, 0, 3000), 0.0)
    assert [match.ok for match in listen(path, legs, 0.0, 3000)] == [True, True]
    assert not any(match.ok for match in listen(path, legs[::-1], 0.0, 3000))


def test_shifted_sound_is_found(tmp_path: Path) -> None:
    """The offset says how much later it comes."""
    path = write(tmp_path / "a.wav", array("h", bytes(2 * 4000)) + speech(4, 0, 3000))
    said = Timeline()
    said.begin(Speech(4, 0, 3000), 0.0)
    assert listen(path, [said], 0.0, 3000)[0].offset_ms == 500


def test_silence_matches_nothing() -> None:
    """Curves without sound have no correlation."""
    assert compare([0] * 50, [0] * 50).matched == 0.0


def test_an_abandoned_wav_has_no_lengths(tmp_path: Path) -> None:
    """A crash leaves whole flushes and a header of zeros."""
    writer = open_writer(tmp_path / "a.wav", 8000, 1)
    writer.write(speech(1, 0, 6000))
    writer.abandon()
    raw = (tmp_path / "a.wav").read_bytes()
    assert (raw[40:44], len(raw)) == (b"\0\0\0\0", 44 + FLUSH_BYTES)


def test_an_abandoned_mp3_is_cut(tmp_path: Path) -> None:
    """The encoder's last block never came."""
    writer = open_writer(tmp_path / "a.mp3", 8000, 1)
    writer.write(speech(1, 0, 9000))
    writer.abandon()
    assert (tmp_path / "a.mp3").stat().st_size % 4096 == 0


def test_appending_keeps_what_is_there(tmp_path: Path) -> None:
    """The header covers both parts."""
    path = write(tmp_path / "a.wav", speech(1, 0, 1000))
    writer = open_writer(path, 8000, 1, append=True)
    writer.write(speech(1, 1000, 1000))
    writer.close()
    with wave.open(str(path)) as file:
        assert file.getnframes() == 16_000
    assert samples_of(path, 8000) == speech(1, 0, 2000)


@pytest.mark.parametrize("name", ["a.ogg", "a", "no/a.wav", "no/a.mp3", "\0.wav", "\0.mp3"])
def test_what_cannot_be_opened(tmp_path: Path, name: str) -> None:
    """Unknown formats and missing directories."""
    with pytest.raises(CannotOpen):
        open_writer(tmp_path / name, 8000, 1)


def test_what_is_no_sound(tmp_path: Path) -> None:
    """Text, and nothing at all."""
    (tmp_path / "a.wav").write_text("no sound")
    for name in ("a.wav", "b.wav"):
        for read in (
            curves_of,
            channels_of,
            lambda path: samples_of(path, 8000),
            lambda path: clip(path, 8000),
        ):
            with pytest.raises(CannotDecode):
                read(tmp_path / name)
