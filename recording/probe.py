"""Looks at a finished file itself: can it be read, how long is it, who is heard in it.

Every frame is decoded, since a header may promise what is not there. Measured on one core, an hour of
16 kHz stereo takes 1.2 s (WAV) to 1.8 s (MP3); the decoder lets go of the interpreter, so that with both
under way at once the hub was late by no more than 5 ms. Hence threads, few of them, and no worker process.

Source: PyAV (FFmpeg's demuxers and decoders); FreeSWITCH switch_ivr_async.c is_silence_frame for what
counts as sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import av
import gevent.threadpool
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane

from recording import wav
from recording.errors import BadAudio
from recording.request import AudioFormat

THREADS = 2
"""Files looked at side by side: their Python between frames shares one interpreter with the hub."""

STRIDE = 16
"""One sample in so many is looked at: loudness wants no more, and it is what keeps an hour under a second."""

SILENT_LEVEL = 60
"""Mean magnitude (of 32,767) that no block of a silent side exceeds. The noise of a line has about 30."""

SPEECH_LEVEL = 200
"""Mean magnitude of a block above which FreeSWITCH takes it for speech (RECORD_SILENCE_THRESHOLD)."""

FULL_SCALE = 32_768

_KINDS: dict[str, Literal["h", "f"]] = {"s16": "h", "s16p": "h", "flt": "f", "fltp": "f"}
"""FFmpeg's sample formats as memoryview's: 16-bit integers, 32-bit floats."""


Samples: TypeAlias = "memoryview[int] | memoryview[float]"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a file is.

    Attributes: exists; readable: it has audio that decodes; duration_ms, channels, sample_rate_hz of that
    audio; silent: numbers of the channels nobody is heard on (0 is left); speech_heard: some side is as
    loud as speech somewhere; faults: of the file, in words; repaired: its header was put right;
    inaccessible: the system does not let us read it now.
    """

    exists: bool
    readable: bool = False
    duration_ms: int = 0
    channels: int = 0
    sample_rate_hz: int = 0
    silent: tuple[int, ...] = ()
    speech_heard: bool = False
    faults: tuple[str, ...] = ()
    repaired: bool = False
    inaccessible: bool = False


@dataclass(slots=True)
class _Loudness:
    """The loudest block of one channel so far."""

    level: float = 0.0

    def hear(self, samples: Samples, scale: float) -> None:
        if len(samples):
            self.level = max(self.level, sum(map(abs, samples)) * scale / len(samples))


@dataclass(slots=True)
class _Hearing:
    """What was decoded so far."""

    samples: int = 0
    rate_hz: int = 0
    sides: list[_Loudness] = field(default_factory=list)

    def hear(self, frame: AudioFrame) -> None:
        self.samples += frame.samples
        self.rate_hz = frame.sample_rate
        channels = frame.layout.nb_channels
        while len(self.sides) < channels:
            self.sides.append(_Loudness())
        for side, (samples, scale) in zip(self.sides, _channels_of(frame, channels), strict=False):
            side.hear(samples, scale)


def _channels_of(frame: AudioFrame, channels: int) -> Iterable[tuple[Samples, float]]:
    """Yield every STRIDE-th sample of each channel, and what brings it to 16 bits."""
    name = frame.format.name
    kind = _KINDS.get(name)
    if kind is None:
        return  # neither FreeSWITCH nor we write such files; length and format are told all the same
    width, scale = (2, 1.0) if kind == "h" else (4, float(FULL_SCALE))
    if frame.format.is_planar:
        for plane in frame.planes:
            yield _samples(plane, frame.samples * width, kind)[::STRIDE], scale
        return
    packed = _samples(frame.planes[0], frame.samples * channels * width, kind)
    for channel in range(channels):
        yield packed[channel :: channels * STRIDE], scale


def _samples(plane: AudioPlane, size_bytes: int, kind: Literal["h", "f"]) -> Samples:
    """A plane as samples; what is behind the last one is padding."""
    return memoryview(plane).cast("B")[:size_bytes].cast(kind)


def examine(path: Path, audio_format: AudioFormat) -> Findings:
    """Look at a file, and put its header right if that is all that is wrong with it.

    Blocks for as long as decoding takes: call it through `Examiner`. Never raises for what a file can be.
    """
    faults: list[str] = []
    repaired = False
    try:
        with path.open("rb") as source:
            if not source.read(1):
                return Findings(exists=True, faults=("the file is empty",))
        if audio_format is AudioFormat.WAV:
            repaired = _repair(path, faults)
        hearing = _listen(path, faults)
    except FileNotFoundError:
        return Findings(exists=False, faults=("the file is not there",))
    except OSError as exc:
        reason = f"the file cannot be read: {exc.strerror or exc}"
        return Findings(exists=True, faults=(reason,), inaccessible=True)
    if not hearing.samples:
        return Findings(exists=True, faults=(*faults, "there is no audio in it"), repaired=repaired)
    return Findings(
        exists=True,
        readable=True,
        duration_ms=round(hearing.samples * 1000 / hearing.rate_hz),
        channels=len(hearing.sides),
        sample_rate_hz=hearing.rate_hz,
        silent=tuple(number for number, side in enumerate(hearing.sides) if side.level <= SILENT_LEVEL),
        speech_heard=any(side.level >= SPEECH_LEVEL for side in hearing.sides),
        faults=tuple(faults),
        repaired=repaired,
    )


def _repair(path: Path, faults: list[str]) -> bool:
    """Put a WAV header right; return whether it had to be. Failing that, say what is wrong with it."""
    try:
        wrong = wav.read_layout(path).faults()
        if not wrong:
            return False
        faults.extend(wrong)
        wav.repair(path)
    except BadAudio as exc:
        faults.append(str(exc))
        return False
    except PermissionError:
        faults.append("its header cannot be put right: no permission to write to it")
        return False
    return True


def _listen(path: Path, faults: list[str]) -> _Hearing:
    hearing = _Hearing()
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            for frame in container.decode(audio=0):
                hearing.hear(frame)
    except (av.FFmpegError, IndexError):  # IndexError: no audio stream at all
        at_s = hearing.samples / hearing.rate_hz if hearing.rate_hz else 0.0
        faults.append(f"it cannot be decoded after {at_s:.1f} s")
    return hearing


class Examiner:
    """Looks at files off the hub, THREADS at a time; who comes later waits in its own greenlet."""

    def __init__(self) -> None:
        self._pool = gevent.threadpool.ThreadPool(THREADS)

    def examine(self, path: Path, audio_format: AudioFormat) -> Findings:
        """As `examine`, in a thread; only the calling greenlet waits."""
        findings: Findings = self._pool.apply(examine, (path, audio_format))
        return findings

    def close(self) -> None:
        """Let the threads go; nobody may be waiting for one."""
        self._pool.kill()
