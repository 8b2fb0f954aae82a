"""Makes the file to deliver of the files that were captured: joined, trimmed and encoded in one pass.

Where nothing has to be done nothing is: one segment, in the format asked for, with nothing to trim, is
delivered as FreeSWITCH wrote it, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recording.errors import Interrupted, Unprocessable
from recording.hearing import Hearing, Side
from recording.probe import Findings
from recording.processing import trimming
from recording.processing.encoding import Tags, encodable, encode
from recording.processing.job import Job, Trimmed
from recording.processing.stream import Stream, cut, shape_of

Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made. `faults`: of what it was made of, in words."""

    path: Path
    duration_ms: int
    trimmed: Trimmed
    faults: tuple[str, ...]


def has_work(job: Job, findings: Sequence[Findings]) -> bool:
    """Whether there is anything to do at all; answered from what is known of the files."""
    if len(job.segments) > 1 or job.request.capture_format is not job.request.format:
        return True
    found = findings[0]
    return job.request.trim_silence and trimming.bounds(found.sides, found.duration_ms) is not None


def make(job: Job, findings: Sequence[Findings], stopped: Stopped = lambda: False) -> Made | None:
    """Make the file, None when there is nothing to do. Blocks, as long as that takes: call it in a thread.

    Made once more after a crash it is the same file again.

    Args: findings: of each segment; stopped: asked again and again, whether to give up.
    Raises: Unprocessable: it could not be made, and nothing of it is left; Interrupted.
    """
    if not has_work(job, findings):
        return None
    captured = Stream(job.segments, shape_of(findings), job.gaps_ms)
    try:
        whole_ms, bounds = _bounds(job, findings, captured, stopped)
        shape = encodable(job.request.format, captured.shape)
        stream = replace(captured, shape=shape)
        blocks = stream.blocks()
        if bounds is not None:
            blocks = cut(blocks, shape.samples(bounds.from_ms), shape.samples(bounds.until_ms))
        tags = Tags(job.title, job.software)
        samples = encode(blocks, job.product_path, job.request.format, shape, tags, stopped)
    except OSError as exc:
        raise Unprocessable(f"what was captured cannot be read: {exc.strerror or exc}") from exc
    trimmed = Trimmed(bounds.from_ms, whole_ms - bounds.until_ms) if bounds else Trimmed()
    return Made(job.product_path, round(samples * 1000 / shape.rate_hz), trimmed, tuple(stream.faults))


def _bounds(
    job: Job, findings: Sequence[Findings], captured: Stream, stopped: Stopped
) -> tuple[int, trimming.Bounds | None]:
    """Return how long it is as it was captured, and what is kept of it, None for everything."""
    whole_ms = _length_ms(job, findings)
    if not job.request.trim_silence:
        return whole_ms, None
    sides = findings[0].sides
    if len(findings) > 1:
        sides, whole_ms = _heard(captured, stopped)
    return whole_ms, trimming.bounds(sides, whole_ms)


def _length_ms(job: Job, findings: Sequence[Findings]) -> int:
    return sum(one.duration_ms for one in findings) + sum(job.gaps_ms[: len(job.segments) - 1])


def _heard(stream: Stream, stopped: Stopped) -> tuple[tuple[Side, ...], int]:
    """Listen to several segments as to one."""
    hearing = Hearing(stream.shape.rate_hz)
    for block in stream.blocks():
        if stopped():
            raise Interrupted("the engine closes")
        hearing.hear(block)
    return hearing.sides(), hearing.duration_ms
