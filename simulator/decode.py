"""Reads sound files: for playing them to a leg, and for listening to what was recorded."""

from __future__ import annotations

from array import array
from functools import lru_cache
from pathlib import Path

import av

from simulator.errors import CannotDecode
from simulator.loop import off_hub
from simulator.source import Clip

# A prompt longer than this is cut; it keeps a hostile file from filling the memory.
MAX_CLIP_S = 900


def channels_of(path: Path) -> int:
    """Number of channels of a sound file.

    Raises: CannotDecode.
    """
    try:
        with av.open(str(path)) as container:
            return int(container.streams.audio[0].codec_context.channels)
    except (OSError, ValueError, IndexError) as exc:
        raise CannotDecode(f"{path}: {exc}") from exc


def samples_of(path: Path, rate_hz: int, channels: int = 1) -> array[int]:
    """Decode a file to signed 16-bit samples, interleaved when two channels are asked for.

    Raises: CannotDecode.
    """
    samples = array("h")
    limit = MAX_CLIP_S * rate_hz * channels
    try:
        with av.open(str(path)) as container:
            layout = "stereo" if channels == 2 else "mono"
            resampler = av.AudioResampler(format="s16", layout=layout, rate=rate_hz)
            for frame in container.decode(audio=0):
                frame.pts = None
                for part in resampler.resample(frame):
                    samples.frombytes(bytes(part.planes[0])[: part.samples * channels * 2])
                if len(samples) >= limit:
                    break
            for part in resampler.resample(None):
                samples.frombytes(bytes(part.planes[0])[: part.samples * channels * 2])
    except (OSError, ValueError, IndexError) as exc:
        raise CannotDecode(f"{path}: {exc}") from exc
    return samples[:limit]


def clip(path: Path, rate_hz: int) -> Clip:
    """A file as a playable sound, decoded off the hub and remembered.

    Raises: CannotDecode.
    """
    try:
        stat = path.stat()
    except (OSError, ValueError) as exc:
        raise CannotDecode(f"{path}: {exc}") from exc
    return _clip(path, rate_hz, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=32)
def _clip(path: Path, rate_hz: int, mtime_ns: int, size: int) -> Clip:
    del mtime_ns, size  # they are the cache's key
    samples = off_hub(samples_of, path, rate_hz)
    return Clip(samples, rate_hz)
