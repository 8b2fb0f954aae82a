"""A recording's own variables, with the channel's behind them.

Source: FreeSWITCH switch_ivr_async.c (get_recording_var, recording_var_true).
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.audiofile import FLUSH_BYTES
from simulator.channel import Channel, is_true
from simulator.mixdown import Layout
from simulator.tap import DEFAULT_PRE_BUFFER, Tap

_VALID_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_DEFAULT_SILENCE_THRESHOLD = 200


class RecordingOptions:
    """What a recording was asked to be. `own` comes back on its events."""

    def __init__(self, channel: Channel, own: Mapping[str, str]) -> None:
        self.own = dict(own)
        self._channel = channel

    def get(self, name: str) -> str | None:
        """A value; names among the recording's own are found whatever their case."""
        wanted = name.lower()
        for key, value in self.own.items():
            if key.lower() == wanted:
                return value
        return self._channel.get(name)

    def true(self, name: str) -> bool:
        """Whether a value says yes."""
        return is_true(self.get(name))

    def number(self, name: str) -> int | None:
        """A value as a number; None when there is none, 0 when it is no number."""
        value = self.get(name)
        if value is None:
            return None
        return int(value) if value.strip().lstrip("-").isdecimal() else 0

    @property
    def rate_hz(self) -> int:
        """Sample rate of the file."""
        wanted = self.number("record_sample_rate")
        return wanted if wanted in _VALID_RATES else self._channel.rate_hz

    @property
    def buffer_bytes(self) -> int:
        """Bytes of samples gathered before any is written; 0 writes each frame as it comes."""
        wish = self.get("enable_file_write_buffering")
        if wish is None:
            return FLUSH_BYTES
        number = self.number("enable_file_write_buffering") or 0
        if number > 0:
            return number
        return FLUSH_BYTES if is_true(wish) else 0

    @property
    def layout(self) -> Layout:
        """How the two sides lie in the file."""
        if self.true("RECORD_STEREO_SWAP"):
            return Layout.SWAPPED
        return Layout.STEREO if self.true("RECORD_STEREO") else Layout.MONO

    @property
    def silence_threshold(self) -> int:
        """Mean sample value below which a frame is silent; 0 when nobody asked for detection."""
        threshold = self.number("RECORD_SILENCE_THRESHOLD")
        if threshold is not None and threshold >= 0:
            return threshold
        asked = self.get("RECORD_INITIAL_TIMEOUT_MS") or self.get("RECORD_FINAL_TIMEOUT_MS")
        return _DEFAULT_SILENCE_THRESHOLD if asked else 0

    def new_tap(self) -> Tap:
        """The media bug that feeds it. RECORD_READ_ONLY wins over RECORD_WRITE_ONLY."""
        pre_buffer = self.number("RECORD_PRE_BUFFER_FRAMES")
        read_only = self.true("RECORD_READ_ONLY")
        return Tap(
            reads=read_only or not self.true("RECORD_WRITE_ONLY"),
            writes=not read_only,
            pre_buffer=DEFAULT_PRE_BUFFER if pre_buffer is None else max(0, pre_buffer),
        )
