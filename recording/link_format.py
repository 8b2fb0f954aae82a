"""Makes one format of a recording of another: what a link asks for, and what FreeSWITCH can play.

Blocks, for as long as decoding and encoding take: it is run in a thread. An hour of 16 kHz stereo takes a
core 35 s as an MP3, 4 s as a WAV (ADR 12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from recording.block_shape import Samples
from recording.decoding import Decoding
from recording.errors import Interrupted, Unprocessable
from recording.processing.encoding import encodable, encode
from recording.processing.stream import Shape, in_channels
from recording.request import AudioFormat


def convert(
    source: Path, target: Path, audio_format: AudioFormat, stopped: Callable[[], bool] = lambda: False
) -> Unprocessable | Interrupted | None:
    """Write `source` as another format. Returns: why that failed, None when it did not.

    What was wrong with a recording is told when it is finished, and not again here: what can be heard of it
    is in the copy. Failures are returned, since gevent prints what a thread of its pool raises.
    """
    try:
        decoding = Decoding(source)
        blocks = decoding.blocks()
        first = next(blocks, None)
        if first is None:
            return Unprocessable(f"{source.name} has no audio that can be decoded")
        shape = encodable(audio_format, Shape(decoding.rate_hz, len(first)))
        if shape.rate_hz != decoding.rate_hz:
            found = Decoding(source).blocks(shape.rate_hz)
        else:
            found = chain([first], blocks)
        encode(_shaped(found, shape), target, audio_format, shape, stopped=stopped)
    except OSError as exc:
        return Unprocessable(f"{source.name} cannot be read: {exc.strerror or exc}")
    except (Unprocessable, Interrupted) as exc:
        return exc
    return None


def _shaped(blocks: Iterator[Samples], shape: Shape) -> Iterator[Samples]:
    for block in blocks:
        yield in_channels(block, shape.channels)
