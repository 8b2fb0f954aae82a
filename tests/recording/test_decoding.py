"""Whatever a file holds is decoded as far as it goes, and what is wrong with it is told."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recording.block_shape import Samples
from recording.decoding import BLOCK_MS, Decoding
from recording.probe import examine
from recording.processing.encoding import encode
from recording.processing.stream import Shape
from recording.request import AudioFormat
from tests.recording import voices
from tests.recording.samples import write_mp3
from tests.recording.voices import voice


def _read(decoding: Decoding, rate_hz: int = 0) -> Samples:
    return np.concatenate(list(decoding.blocks(rate_hz)) or [np.zeros((1, 0), np.int16)], axis=1)


def test_samples_are_those_of_the_file(tmp_path: Path) -> None:
    """A WAV file comes out sample by sample, in blocks of a second, the last one shorter."""
    left, right = voice(2.3456), voice(2.3456, seed=2)
    decoding = Decoding(voices.write(tmp_path / "a.wav", left, right))
    blocks = list(decoding.blocks())
    assert [block.shape[1] for block in blocks[:-1]] == [8 * BLOCK_MS] * 2
    assert np.array_equal(np.concatenate(blocks, axis=1), np.stack((left, right)))
    assert (decoding.rate_hz, decoding.channels, decoding.faults) == (8_000, 2, [])


def test_name_does_not_decide_what_is_in_a_file(tmp_path: Path) -> None:
    """An MP3 in a file named .wav is heard as what it is."""
    path = write_mp3(tmp_path / "a.mp3", 3.0).rename(tmp_path / "a.wav")
    assert abs(_read(Decoding(path)).shape[1] / 16_000 - 3.0) < 0.2


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_rate_is_converted_in_full(tmp_path: Path, rate_hz: int) -> None:
    """Resampled audio is as long as it was, to its end."""
    decoding = Decoding(voices.write(tmp_path / "a.wav", voice(1.7, 16_000), rate_hz=16_000))
    assert abs(_read(decoding, rate_hz).shape[1] - 1.7 * rate_hz) <= 1
    assert decoding.rate_hz == rate_hz


def test_bad_packets_cost_themselves_only(tmp_path: Path) -> None:
    """What follows a damaged stretch of an MP3 is heard; the damage is told with its place."""
    path = write_mp3(tmp_path / "a.mp3", 20.0)
    whole = _read(Decoding(path)).shape[1]
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + b"\xff\xfbdamage" * 60 + content[middle:])
    decoding = Decoding(path)
    assert abs(_read(decoding).shape[1] - whole) < 16_000
    assert decoding.faults
    assert decoding.faults[0].startswith("it cannot be decoded after ")


def test_change_of_rate_is_told(tmp_path: Path) -> None:
    """A file that goes on at another rate keeps the first, and says where it changed."""
    path = tmp_path / "a.mp3"
    parts = [(16_000, 3.0), (24_000, 2.0)]
    content = b""
    for rate_hz, length_s in parts:
        part = tmp_path / f"{rate_hz}.mp3"
        encode(iter([voice(length_s, rate_hz)[None, :]]), part, AudioFormat.MP3, Shape(rate_hz, 1))
        content += part.read_bytes()
    path.write_bytes(content)
    decoding = Decoding(path)
    samples = _read(decoding)
    assert abs(samples.shape[1] - 5.0 * 16_000) < 3_000
    assert decoding.is_changing
    assert "its audio changes from 16000 Hz mono to 24000 Hz mono after 3." in decoding.faults[0]


def test_file_without_sound_has_none(tmp_path: Path) -> None:
    """A film without sound is no audio."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8))))
        container.mux(stream.encode(None))
    decoding = Decoding(path)
    assert not list(decoding.blocks())
    assert decoding.faults == ["it cannot be decoded after 0.0 s"]


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    """Who has no file to read is told so by the system's own error."""
    with pytest.raises(FileNotFoundError):
        list(Decoding(tmp_path / "a.wav").blocks())


@given(
    junk=st.binary(max_size=300),
    place=st.floats(0, 1),
    cut=st.floats(0, 1),
    kind=st.sampled_from(AudioFormat),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_any_bytes_are_audio_or_faults(
    tmp_path: Path, junk: bytes, place: float, cut: float, kind: AudioFormat
) -> None:
    """No file raises; blocks always have one shape."""
    good = tmp_path / f"good.{kind}"
    if not good.exists():
        encode(iter([voice(1)[None, :]]), good, kind, Shape(8_000, 1))
    content = good.read_bytes()
    at = int(place * len(content))
    path = tmp_path / f"bad.{kind}"
    path.write_bytes(
        (content[:at] + junk + content[at + len(junk) // 2 :])[: max(1, int(cut * 2 * len(content)))]
    )
    found = examine(path, kind)  # puts a header right, if it can
    blocks = list(Decoding(path).blocks())
    assert len({len(block) for block in blocks}) <= 1
    assert found.readable is bool(blocks)
    assert found.readable or found.faults
