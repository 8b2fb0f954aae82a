"""The frames of a running recording, on their way into its file as call time passes.

FreeSWITCH writes each frame as it comes. Here the frames of the last few slots are written together every
100 ms, read off the leg's timelines, a little late: what began a moment ago must be on them first.
Source: FreeSWITCH switch_ivr_async.c (record_callback, recording_thread).
"""

from __future__ import annotations

from typing import Protocol

from simulator.audiofile import AudioWriter
from simulator.clock import Clock
from simulator.errors import DiskFull
from simulator.mixdown import Mixdown
from simulator.recording_options import RecordingOptions
from simulator.session import Session
from simulator.tap import Frame, spans

_STEP_S = 0.1
# A file that grows every few seconds need not be looked after ten times a second.
_BUFFERED_STEP_S = 0.5
_LARGE_BUFFER_BYTES = 8000
# Real time: how late the event loop may be, and how often it is asked to work at most.
_SETTLED_S = 0.03
_LEAST_STEP_S = 0.02


class Gate(Protocol):
    """What lets frames into a recording."""

    def is_open(self, at_s: float) -> bool:
        """Whether frames of that moment are written."""

    def is_masked(self, at_s: float) -> bool:
        """Whether they are written as silence."""


def step_s(clock: Clock, buffer_bytes: int) -> float:
    """Call time between two looks at a running recording."""
    wish = _STEP_S if buffer_bytes < _LARGE_BUFFER_BYTES else _BUFFERED_STEP_S
    return max(wish, _LEAST_STEP_S * clock.speed)


def settled_s(clock: Clock) -> float:
    """The moment up to which nothing on a timeline changes any more."""
    return clock.now() - _SETTLED_S * clock.speed


class Capture:
    """Writes what a leg says and hears, slot by slot.

    Attributes: frames: how many FreeSWITCH believes to have written; failed: it saw that the disk was full.
    """

    def __init__(
        self, session: Session, options: RecordingOptions, writer: AudioWriter, gate: Gate, started_s: float
    ) -> None:
        self.frames = 0
        self.failed = False
        self._session = session
        self._options = options
        self._writer = writer
        self._gate = gate
        self._tap = options.new_tap()
        self._next_slot = session.slots.index(started_s) + 1

    def advance(self, until_s: float) -> None:
        """Write the frames of every slot that has begun by then."""
        slots, heard = self._session.slots, self._session.heard
        stall_s = self._session.faults.stall_recordings_at_s
        frames: list[tuple[Frame, bool]] = []
        for slot in range(self._next_slot, slots.index(until_s) + 1):
            self._next_slot = slot + 1
            at_s = slots.edge(slot)
            if stall_s is not None and at_s >= self._session.began_s + stall_s:
                continue
            if self._gate.is_open(at_s):
                masked = self._gate.is_masked(at_s)
                frames += [(frame, masked) for frame in self._tap.step(slot, writing=heard.flows_at(at_s))]
        self._write(frames)

    def finish(self, end_s: float) -> int:
        """Write what is left, close the file and return its size in bytes."""
        self.advance(end_s)
        masked = self._gate.is_masked(end_s)
        self._write([(frame, masked) for frame in self._tap.close()])
        return self._writer.close()

    def abandon(self, end_s: float) -> None:
        """The switch dies: what is in its buffers is lost."""
        self.advance(end_s)
        self._writer.abandon()

    def _write(self, frames: list[tuple[Frame, bool]]) -> None:
        """Render frames into the file; a full disk is noted, and what follows is tried again."""
        session, options = self._session, self._options
        mixdown = Mixdown(
            session.said, session.heard, session.slots, spans(frames), options.rate_hz, options.layout
        )
        for count, samples in mixdown.blocks():
            self.frames += count
            try:
                self._writer.write(samples)
            except DiskFull as exc:
                self.failed = True
                # Without a buffer each frame is written by itself, and only those that fit are counted.
                if not self._writer.buffer_bytes:
                    self.frames -= min(count, -(-exc.lost_bytes // self._frame_bytes))

    @property
    def _frame_bytes(self) -> int:
        return self._options.rate_hz // 50 * 2 * self._options.layout.channels
