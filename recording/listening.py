"""Listens to a WAV file while FreeSWITCH writes it, for the silence that ends its recording.

The sizes in the header are not final while the file grows, and libsndfile writes the header anew (tags come
in front of the audio) before the first samples: so it is read again until audio follows it, and the size of
the file says how much there is. A look at 0.1 s of 16 kHz stereo takes 40 us, most of it opening and reading;
it may block on a disk: call it in the thread pool.

Source: libsndfile wav.c (when the header is written); FreeSWITCH mod_sndfile.c (always 16-bit PCM for .wav).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog

from calls import wav
from calls.errors import BadAudio
from recording.request import Silence
from recording.silence import BLOCK_MS, Heard, SilenceRule

MAX_READ_BYTES = 1 << 20
"""Read at once, 16 s of 16 kHz stereo: an engine that finds a long file needs no memory for all of it."""

MAX_HEADER_BYTES = 4_096
"""A file up to here that is not understood may have half a header; FreeSWITCH's, tags included, has 400."""

SETTLE_MS = 200
"""What FreeSWITCH writes after it was told to unmask may be masked for so long: a frame until it takes the
command up, and what it had buffered."""

_WIDTH_BYTES = 2

log = structlog.get_logger(__name__)


class GrowingWav:
    """The audio of a file that grows.

    A file that was replaced or cut off is begun anew. Not for two threads at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] = (0, 0)
        self._layout: wav.Layout | None = None
        self._position = 0

    def read_new(self) -> list[float]:
        """Return the levels of the blocks of 20 ms that are there since the last look, in order.

        A level is the mean magnitude (of 32,767) of the loudest channel. A block that is not whole yet comes
        with a later look; [] while there is no file, no header, no audio.
        Raises: BadAudio: this is no 16-bit WAV file; OSError: it cannot be read.
        """
        try:
            with self._path.open("rb") as source:
                return self._read(source)
        except FileNotFoundError:
            return []

    def _read(self, source: BinaryIO) -> list[float]:
        status = os.fstat(source.fileno())
        identity = (status.st_dev, status.st_ino)
        if identity != self._identity or status.st_size < self._position:
            self._identity, self._layout, self._position = identity, None, 0
        if self._layout is None and not self._read_header(status.st_size):
            return []
        layout = self._layout
        assert layout is not None
        frames = -(-layout.sample_rate_hz * BLOCK_MS // 1000)  # 11,025 Hz: rather longer than too short
        block_bytes = frames * layout.block_align
        there = min(status.st_size - self._position, MAX_READ_BYTES)
        blocks = there // block_bytes
        if blocks <= 0:
            return []
        source.seek(self._position)
        data = source.read(blocks * block_bytes)
        blocks = len(data) // block_bytes
        self._position += blocks * block_bytes
        samples = np.frombuffer(data, "<i2", blocks * frames * layout.channels)
        magnitudes = np.abs(samples.astype(np.int32)).reshape(blocks, frames, layout.channels)
        levels: list[float] = magnitudes.mean(axis=1).max(axis=1).tolist()
        return levels

    def _read_header(self, size_bytes: int) -> bool:
        """Whether there is a header with audio behind it."""
        try:
            layout = wav.read_layout(self._path)
        except BadAudio:
            if size_bytes > MAX_HEADER_BYTES:
                raise
            return False
        if layout.block_align != _WIDTH_BYTES * layout.channels:
            raise BadAudio("a WAV file whose samples have not 16 bits")
        if layout.file_bytes - layout.data_offset < layout.block_align:
            return False
        self._layout, self._position = layout, layout.data_offset
        return True


class SilenceWatch:
    """Tells when a recording has been silent as long as its request allows.

    Args: resumed: another engine listened before; what is there already may have been masked, nobody knows.
    Attributes: rule: what it goes by; its at_ms tells where in the audio it was decided.
    """

    def __init__(self, path: Path, silence: Silence, *, resumed: bool = False) -> None:
        self.rule = SilenceRule(silence)
        self._path = path
        self._audio = GrowingWav(path)
        self._excused_until_ms = 0
        self._was_excused = resumed
        self._failed = ""

    def listen_to(self, path: Path) -> None:
        """Go on with another file, if it is another: the recording went on on another leg."""
        if path != self._path:
            self._path = path
            self._audio = GrowingWav(path)

    def look(self, excused: bool = False) -> Heard | None:
        """Listen to what is new. Never raises: what cannot be read is silent about its silence.

        Args: excused: the recording is masked at the moment, as far as it was told.
        Returns: what was decided, now or before; None as long as it is not.
        """
        excused_here = excused or self._was_excused
        self._was_excused = excused
        try:
            while levels := self._audio.read_new():
                self._listen(levels, excused_here)
            self._failed = ""
        except (BadAudio, OSError) as exc:
            self._tell(str(exc))
        return self.rule.decision

    def _listen(self, levels: list[float], excused: bool) -> None:
        if excused:
            self._excused_until_ms = self.rule.at_ms + len(levels) * BLOCK_MS + SETTLE_MS
        blocks = max(0, self._excused_until_ms - self.rule.at_ms) // BLOCK_MS
        self.rule.feed(levels[:blocks], excused=True)
        self.rule.feed(levels[blocks:])

    def _tell(self, reason: str) -> None:
        """Log why nothing is heard, once for each reason."""
        if reason != self._failed:
            log.warning("recording_not_listened_to", file=self._path.name, reason=reason)
        self._failed = reason
