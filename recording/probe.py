"""Looks at a finished file itself: can it be read, how long is it, who is heard in it, how clean is it.

Every frame is decoded, since a header may promise what is not there. Measured on one core, two seconds of
8 kHz stereo take 1 ms, an hour at 16 kHz 1.3 s (WAV) to 2.3 s (MP3); the decoder and numpy let go of the
interpreter, so that with two files under way at once the hub was late by no more than 8 ms. Hence threads,
few of them, and no worker process.

Source: PyAV (FFmpeg's demuxers and decoders); FreeSWITCH switch_ivr_async.c is_silence_frame for what
counts as sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gevent.threadpool

from calls import wav
from calls.errors import BadAudio
from recording.decoding import Decoding
from recording.hearing import SILENT_LEVEL, SPEECH_LEVEL, Hearing, Side
from recording.request import AudioFormat

THREADS = 2
"""Files looked at side by side: their Python between blocks shares one interpreter with the hub."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a file is.

    Attributes: exists; readable: it has audio that decodes; duration_ms, channels, sample_rate_hz of that
    audio; silent: numbers of the channels nobody is heard on (0 is left); speech_heard: some side is as
    loud as speech somewhere; faults: of the file, in words; repaired: its header was put right;
    inaccessible: the system does not let us read it now; sides: what is heard on each channel; identical: two
    channels with the same sound; waveform: of each channel the loudest of equal stretches, 0 to 255 (see
    processing.peaks).
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
    sides: tuple[Side, ...] = ()
    identical: bool = False
    waveform: tuple[bytes, ...] = ()


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
        decoding, hearing = _listen(path)
    except FileNotFoundError:
        return Findings(exists=False, faults=("the file is not there",))
    except OSError as exc:
        reason = f"the file cannot be read: {exc.strerror or exc}"
        return Findings(exists=True, faults=(reason,), inaccessible=True)
    faults.extend(decoding.faults)
    if not hearing.samples:
        return Findings(exists=True, faults=(*faults, "there is no audio in it"), repaired=repaired)
    sides = hearing.sides()
    return Findings(
        exists=True,
        readable=True,
        duration_ms=hearing.duration_ms,
        channels=decoding.channels,
        sample_rate_hz=decoding.rate_hz,
        silent=tuple(number for number, side in enumerate(sides) if side.loudest <= SILENT_LEVEL),
        speech_heard=any(side.loudest >= SPEECH_LEVEL for side in sides),
        faults=tuple(faults),
        repaired=repaired,
        sides=sides,
        identical=hearing.identical,
        waveform=hearing.waveform(),
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


def _listen(path: Path) -> tuple[Decoding, Hearing]:
    decoding = Decoding(path)
    hearing = Hearing(0)
    for block in decoding.blocks():
        hearing.rate_hz = decoding.rate_hz
        hearing.hear(block)
    return decoding, hearing


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
