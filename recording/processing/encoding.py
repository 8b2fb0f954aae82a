"""Writes audio into a file of some format, so that the name stands for a whole file or for none.

It is written under another name beside it, brought to the disk and renamed. What a crash left half written is
overwritten by the next try.

Source: FFmpeg's muxers (wav, mp3, mov with faststart) and encoders (pcm_s16le, libmp3lame, aac) through PyAV.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer

from recording.block_shape import Samples
from recording.errors import Interrupted, Unprocessable
from recording.processing.stream import Shape
from recording.request import AudioFormat

PARTIAL = ".partial"
"""Behind the name of a file that is being written."""

ENCODED_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""What MP3 knows, and AAC as well."""

BITS_PER_CHANNEL = ((8_000, 24_000), (16_000, 32_000), (24_000, 48_000))
"""Up to a sampling rate, so many bits a second for each channel; BITS_BEYOND above. Speech of that bandwidth
gains nothing audible from more; FreeSWITCH's own MP3s have 16,000 at 8 kHz."""

BITS_BEYOND = 64_000


@dataclass(frozen=True, slots=True)
class Coding:
    """How a format is written: FFmpeg's names, and the tag that says which software made it."""

    muxer: str
    codec: str
    software_tag: str
    options: dict[str, str] = field(default_factory=dict)


CODINGS = {
    AudioFormat.WAV: Coding("wav", "pcm_s16le", "encoded_by", {"rf64": "auto"}),
    AudioFormat.MP3: Coding("mp3", "libmp3lame", "encoded_by", {"id3v2_version": "3"}),
    AudioFormat.MP4: Coding("mp4", "aac", "comment", {"movflags": "+faststart"}),
}


@dataclass(frozen=True, slots=True)
class Tags:
    """What the file says of itself; "" leaves one out."""

    title: str = ""
    software: str = ""


def encodable(audio_format: AudioFormat, shape: Shape) -> Shape:
    """Return the shape closest to one that a format can have, without loss where that is possible."""
    channels = min(shape.channels, 2)
    if audio_format is AudioFormat.WAV:
        return Shape(shape.rate_hz, shape.channels)
    rate_hz = next((rate for rate in ENCODED_RATES_HZ if rate >= shape.rate_hz), ENCODED_RATES_HZ[-1])
    return Shape(rate_hz, channels)


def bit_rate(shape: Shape) -> int:
    """Return bits a second for a shape in a format that compresses."""
    each = next((bits for upto_hz, bits in BITS_PER_CHANNEL if shape.rate_hz <= upto_hz), BITS_BEYOND)
    return each * shape.channels


def encode(
    blocks: Iterator[Samples],
    target: Path,
    audio_format: AudioFormat,
    shape: Shape,
    tags: Tags = Tags(),
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Write a file, and return its length in samples.

    Args: blocks: in `shape`, which is one that `encodable` returns; stopped: asked between blocks.
    Raises: Unprocessable: it cannot be encoded, or not be written (disk full); Interrupted: it was stopped.
    Nothing of the target is left or changed then.
    """
    partial = target.with_name(target.name + PARTIAL)
    try:
        partial.unlink(missing_ok=True)
        samples = _write(blocks, partial, audio_format, shape, tags, stopped)
        _to_disk(partial)
        partial.replace(target)
        _to_disk(target.parent)
    except (OSError, av.FFmpegError) as exc:
        partial.unlink(missing_ok=True)
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise Unprocessable(f"{target.name} cannot be written: {reason}") from exc
    except (Interrupted, Unprocessable):
        partial.unlink(missing_ok=True)
        raise
    return samples


def _write(
    blocks: Iterator[Samples],
    partial: Path,
    audio_format: AudioFormat,
    shape: Shape,
    tags: Tags,
    stopped: Callable[[], bool],
) -> int:
    coding = CODINGS[audio_format]
    samples = 0
    with av.open(str(partial), "w", format=coding.muxer, options=coding.options) as container:
        if tags.title:
            container.metadata["title"] = tags.title
        if tags.software:
            container.metadata[coding.software_tag] = tags.software
        stream = _stream(container, coding, shape)
        for block in blocks:
            if stopped():
                raise Interrupted("the engine closes")
            frame = _frame(block, stream.layout.name, shape.rate_hz, samples)
            samples += frame.samples
            container.mux(stream.encode(frame))
        if not samples:
            raise Unprocessable("there is no audio to write")
        container.mux(stream.encode(None))
    return samples


def _stream(container: OutputContainer, coding: Coding, shape: Shape) -> AudioStream:
    layout: Any = {1: "mono", 2: "stereo"}.get(shape.channels, f"{shape.channels}C")
    stream = container.add_stream(coding.codec, rate=shape.rate_hz, layout=layout)
    assert isinstance(stream, AudioStream)
    if coding.codec != "pcm_s16le":
        stream.bit_rate = bit_rate(shape)
    return stream


def _frame(block: Samples, layout: str, rate_hz: int, at: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(block), format="s16p", layout=layout)
    frame.sample_rate = rate_hz
    frame.pts = at
    return frame


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
