"""Recordings of a moment, as an engine that dies leaves them: what is there is found, little as it is."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from recording.decoding import Decoding

RATE_HZ = 16_000


def _mp3(path: Path, seconds: float) -> Path:
    """Write bare MP3 frames, without any header of the file's own, as a switch does."""
    samples = (np.sin(np.arange(int(seconds * RATE_HZ)) / 8) * 9000).astype(np.int16)
    options = {"write_xing": "0", "id3v2_version": "0"}
    with av.open(str(path), "w", format="mp3", options=options) as container:
        stream = container.add_stream("libmp3lame", rate=RATE_HZ, layout="mono")
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return path


@pytest.mark.parametrize("seconds", [0.02, 0.06, 0.1, 0.2, 1.0])
def test_an_mp3_of_a_moment_is_read(tmp_path: Path, seconds: float) -> None:
    """A recording that an engine's death cut off after a few frames is still a recording."""
    decoding = Decoding(_mp3(tmp_path / "moment.mp3", seconds))
    found = sum(block.shape[1] for block in decoding.blocks())
    assert found >= seconds * RATE_HZ
    assert decoding.faults == []
