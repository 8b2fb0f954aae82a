"""Which frames end up in a recording, and when: FreeSWITCH's media bug, counted instead of copied.

A bug buffers read and write frames apart and joins them once per read frame. Its pre-buffer makes it skip
25 turns, which costs a one-sided recording half a second; that, and every other oddity of record_ms, falls
out of counting the buffers as FreeSWITCH does.
Source: FreeSWITCH switch_core_media_bug.c (switch_core_media_bug_read), switch_core_io.c (read_frame,
write_frame), switch_ivr_async.c (record_callback).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

DEFAULT_PRE_BUFFER = 25
# The bug's buffer holds 512 KiB; at 8 kHz that is far beyond any lag seen here.
_MAX_BACKLOG = 1638


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame written: the slots its two sides come from, None for a side that was filled in."""

    read_slot: int | None
    write_slot: int | None


class Tap:
    """The bug's two buffers. Feed it slot by slot; it gives the frames that reach the file."""

    def __init__(self, *, reads: bool, writes: bool, pre_buffer: int = DEFAULT_PRE_BUFFER) -> None:
        self._wants_read = reads
        self._wants_write = writes
        self._pre_buffer = pre_buffer
        self._skipped = 0
        self._running = False
        self._reads: deque[int] = deque(maxlen=_MAX_BACKLOG)
        self._writes: deque[int] = deque(maxlen=_MAX_BACKLOG)

    def step(self, slot: int, *, writing: bool) -> list[Frame]:
        """One 20 ms slot: a read frame comes in, the bug is read, a write frame goes out.

        Args: slot: its number, growing; writing: whether the leg is being played something.
        """
        if self._wants_read:
            self._reads.append(slot)
        frames = []
        frame = self._read(fill=False)
        while frame is not None:
            frames.append(frame)
            frame = self._read(fill=True)
        if writing and self._wants_write:
            self._writes.append(slot)
        return frames

    def close(self) -> list[Frame]:
        """What is still written when the recording ends: only what both sides have."""
        frames = []
        frame = self._read(fill=True)
        while frame is not None:
            frames.append(frame)
            frame = self._read(fill=True)
        return frames

    def _read(self, *, fill: bool) -> Frame | None:
        waiting = bool(self._reads or self._writes)
        if self._running and self._pre_buffer and waiting and self._skipped < self._pre_buffer:
            self._skipped += 1
            return None
        self._running = True
        if len(self._writes) > len(self._reads) and len(self._writes) > 2:
            self._writes.popleft()
        lacks_read = self._wants_read and not self._reads
        lacks_write = self._wants_write and not self._writes
        if (lacks_read and lacks_write) or (fill and (lacks_read or lacks_write)):
            return None
        if fill and not self._reads and not self._writes:
            return None
        return Frame(
            self._reads.popleft() if self._reads else None,
            self._writes.popleft() if self._writes else None,
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A run of frames whose slots count up together, so that it can be rendered in one go."""

    read_slot: int | None
    write_slot: int | None
    count: int
    masked: bool


def spans(frames: list[tuple[Frame, bool]]) -> list[Span]:
    """Join frames (each with: is it masked) into runs."""
    runs: list[Span] = []
    for frame, masked in frames:
        if runs and _continues(runs[-1], frame, masked=masked):
            last = runs[-1]
            runs[-1] = Span(last.read_slot, last.write_slot, last.count + 1, masked)
        else:
            runs.append(Span(frame.read_slot, frame.write_slot, 1, masked))
    return runs


def _continues(run: Span, frame: Frame, *, masked: bool) -> bool:
    read = None if run.read_slot is None else run.read_slot + run.count
    write = None if run.write_slot is None else run.write_slot + run.count
    return (read, write, run.masked) == (frame.read_slot, frame.write_slot, masked)
