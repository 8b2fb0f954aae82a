"""Recordings of load mode: the events' headers, and files only if they are asked for.

A file is its unfinished header until the recording ends, as one behind FreeSWITCH's buffer is for seconds.
"""

from __future__ import annotations

import time
from pathlib import Path

from simulator import wire
from simulator.wavfile import UNFINISHED, WAV_HEADER_BYTES, wav_header
from simulator.wire import Headers
from simulator.words import split_blanks, variable_block

_BYTES_PER_MS = 16


class LoadRecordings:
    """Those of one call. Args: sound: 16-bit PCM at 8 kHz to fill files with, b"" for no files."""

    def __init__(self, sound: bytes) -> None:
        self._sound = sound
        self._running: dict[str, tuple[float, Headers]] = {}

    def start(self, data: str) -> Headers | None:
        """`record_session`'s argument; the headers of RECORD_START, None when that file is running."""
        words = split_blanks(data)
        if not words or words[0] in self._running:
            return None
        block = words[-1] if words[-1].startswith("{") else ""
        headers: Headers = [("Record-File-Path", words[0])]
        for name, value in variable_block(wire.decode(block)).items():
            headers.append((f"Recording-Variable-{name}", value))
        self._running[words[0]] = (time.monotonic(), headers)
        if self._sound and words[0].endswith(".wav"):
            Path(words[0]).parent.mkdir(parents=True, exist_ok=True)
            Path(words[0]).write_bytes(wav_header(0, 8000, 1, riff_bytes=UNFINISHED))
        return headers

    def stop(self, path: str, *, hung_up: bool) -> list[Headers]:
        """End one, or `all`; the headers of each RECORD_STOP."""
        chosen = [name for name in self._running if path in ("all", name)]
        return [self._stop(name, hung_up=hung_up) for name in chosen]

    def _stop(self, path: str, *, hung_up: bool) -> Headers:
        began, headers = self._running.pop(path)
        length_ms = int((time.monotonic() - began) * 50) * 20
        return [
            ("variable_record_ms", str(length_ms)),
            ("variable_record_samples", str(length_ms * 8)),
            ("variable_record_file_size", str(self._write(path, length_ms))),
            *headers,
            ("Record-Completion-Cause", "success-silence" if hung_up else "success-maxtime"),
        ]

    def _write(self, path: str, length_ms: int) -> int:
        """A file of the right length with speech in it; returns its size in bytes."""
        if not self._sound or not path.endswith(".wav"):
            return WAV_HEADER_BYTES + length_ms * _BYTES_PER_MS
        samples = self._sound[: length_ms * _BYTES_PER_MS]
        return Path(path).write_bytes(wav_header(len(samples), 8000, 1) + samples)
