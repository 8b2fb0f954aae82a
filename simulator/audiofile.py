"""Writes recordings: WAV by hand, MP3 through libmp3lame. Both are on disk from the moment they open.

A WAV carries a header with zero lengths until it is closed, as libsndfile's does; a process that dies
leaves just that behind.
"""

from __future__ import annotations

import struct
from array import array
from pathlib import Path
from typing import Protocol

import av
from av.audio.stream import AudioStream

from simulator.errors import CannotOpen

WAV_HEADER_BYTES = 44
# What FreeSWITCH gathers before it writes: SWITCH_DEFAULT_FILE_BUFFER_LEN.
FLUSH_BYTES = 65_536


class AudioWriter(Protocol):
    """An open recording."""

    path: Path

    def write(self, samples: array[int]) -> None:
        """Add samples, interleaved when there are two channels."""

    def close(self) -> int:
        """Finish the file and return its size in bytes."""

    def abandon(self) -> None:
        """Leave the file as a process leaves it that dies: whole flushes only, header unfinished."""


def wav_header(data_bytes: int, rate_hz: int, channels: int) -> bytes:
    """The 44 bytes in front of 16-bit PCM."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + data_bytes if data_bytes else 36, b"WAVE",
        b"fmt ", 16, 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16,
        b"data", data_bytes,
    )  # fmt: skip


class WavWriter:
    """16-bit PCM in RIFF."""

    def __init__(self, path: Path, rate_hz: int, channels: int, *, append: bool = False) -> None:
        self.path = path
        self._format = (rate_hz, channels)
        self._data_bytes = 0
        try:
            existing = path.stat().st_size if append and path.exists() else 0
            if existing > WAV_HEADER_BYTES:
                self._file = path.open("r+b")
                self._data_bytes = existing - WAV_HEADER_BYTES
                self._file.seek(existing)
            else:
                self._file = path.open("w+b")
                self._file.write(wav_header(0, rate_hz, channels))
                self._file.flush()
        except (OSError, ValueError) as exc:
            raise CannotOpen(str(exc)) from exc

    def write(self, samples: array[int]) -> None:
        """See AudioWriter."""
        raw = samples.tobytes()
        self._file.write(raw)
        self._data_bytes += len(raw)

    def close(self) -> int:
        """See AudioWriter."""
        self._file.seek(0)
        self._file.write(wav_header(self._data_bytes, *self._format))
        self._file.close()
        return WAV_HEADER_BYTES + self._data_bytes

    def abandon(self) -> None:
        """See AudioWriter."""
        self._file.truncate(WAV_HEADER_BYTES + self._data_bytes // FLUSH_BYTES * FLUSH_BYTES)
        self._file.close()


class Mp3Writer:
    """MP3 without the encoder's info frame, so that its padding stays audible as with mod_shout."""

    def __init__(self, path: Path, rate_hz: int, channels: int) -> None:
        self.path = path
        self._layout = "stereo" if channels == 2 else "mono"
        self._rate_hz = rate_hz
        self._at = 0
        try:
            self._file = path.open("wb")
        except (OSError, ValueError) as exc:
            raise CannotOpen(str(exc)) from exc
        try:
            self._container = av.open(self._file, "w", format="mp3", options={"write_xing": "0"})
            stream = self._container.add_stream("libmp3lame", rate=rate_hz)
        except (OSError, ValueError) as exc:
            self._file.close()
            raise CannotOpen(str(exc)) from exc
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = self._layout
        stream.codec_context.format = "s16p"
        self._stream = stream
        self._resampler = av.AudioResampler(format="s16p", layout=self._layout, rate=rate_hz)

    def write(self, samples: array[int]) -> None:
        """See AudioWriter."""
        if not samples:
            return
        channels = 2 if self._layout == "stereo" else 1
        frame = av.AudioFrame(format="s16", layout=self._layout, samples=len(samples) // channels)
        frame.sample_rate = self._rate_hz
        frame.planes[0].update(samples.tobytes())
        frame.pts = self._at
        self._at += frame.samples
        for planar in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(planar))

    def close(self) -> int:
        """See AudioWriter."""
        if self._at:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        self._file.close()
        return self.path.stat().st_size

    def abandon(self) -> None:
        """See AudioWriter."""
        size = self.close()
        with self.path.open("r+b") as file:
            file.truncate(size // 4096 * 4096)


def open_writer(path: Path, rate_hz: int, channels: int, *, append: bool = False) -> AudioWriter:
    """Open a recording for writing; its format follows from the name.

    Raises: CannotOpen: unknown format, or the system refuses the path.
    """
    suffix = path.suffix.lower()
    if suffix == ".wav":
        return WavWriter(path, rate_hz, channels, append=append)
    if suffix == ".mp3":
        return Mp3Writer(path, rate_hz, channels)
    raise CannotOpen(f"no module writes {suffix or 'files without an extension'}")
