"""A recording of a session: it runs, pauses, masks, and ends by any of its causes.

While it runs its file has an unfinished header and grows as FreeSWITCH's does (see capture).
Source: FreeSWITCH switch_ivr_async.c (record_callback, send_record_stop_event).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from simulator import signalling
from simulator.audiofile import AudioWriter
from simulator.capture import Capture, settled_s, step_s
from simulator.clock import Timer
from simulator.loop import current, new_signal, off_hub, spawn
from simulator.recording_options import RecordingOptions
from simulator.session import Session
from simulator.slots import SLOT_MS

Interval = tuple[float, float | None]
# mod_shout reports the size of an MP3 before the encoder's last block is written.
_MP3_BLOCK_BYTES = 4096


class Recording:
    """One `record_session`. Its public attributes tell tests and the demo what became of it.

    Attributes: path; started_s, ended_s: simulated time; record_ms, size_bytes, cause: as reported, cause
    "" while it runs.
    """

    def __init__(self, session: Session, path: Path, options: RecordingOptions, writer: AudioWriter) -> None:
        self.session = session
        self.path = path
        self.options = options
        self.layout = options.layout
        self.rate_hz = options.rate_hz
        self.started_s = session.clock.now()
        self.ended_s: float | None = None
        self.record_ms = 0
        self.size_bytes = 0
        self.cause = ""
        self._capture = Capture(session, options, writer, self, self.started_s)
        self._step_s = step_s(session.clock, writer.buffer_bytes)
        self._pauses: list[Interval] = []
        self._masks: list[Interval] = []
        self._timer: Timer | None = None
        self._done = new_signal()
        self._grower = spawn(self._grow)

    def announce(self) -> None:
        """RECORD_START, and what is to run with it."""
        self.session.note("recording", f"{self.path} begins")
        self.session.fire("RECORD_START", self._identity())
        self._execute_on("execute_on_record_start")
        self._fire_bug("MEDIA_BUG_START")

    def pause(self, *, on: bool) -> None:
        """Stop or go on writing; what is said meanwhile is left out."""
        _toggle(self._pauses, self.session.clock.now(), on=on)

    def mask(self, *, on: bool) -> None:
        """Write silence instead of sound, or stop doing so."""
        _toggle(self._masks, self.session.clock.now(), on=on)

    def limit(self, seconds: int) -> None:
        """End it when that many whole epoch seconds have begun: between seconds - 1 and seconds."""
        clock = self.session.clock
        self._timer = clock.later(clock.until_epoch(clock.epoch_s() + seconds), self._reach_limit)

    def _reach_limit(self) -> None:
        now = self.session.clock.now()
        self.session.clock.sleep(self.session.slots.following(now) - now)
        self.finish("success-maxtime")

    def is_open(self, at_s: float) -> bool:
        """Whether frames of that moment go into the recording."""
        session = self.session
        if _within(self._pauses, at_s) or _within(session.holds, at_s):
            return False
        if self.options.true("RECORD_ANSWER_REQ") and (
            session.answered_s is None or at_s < session.answered_s
        ):
            return False
        return not self.options.true("RECORD_BRIDGE_REQ") or _within(session.bridges, at_s)

    def is_masked(self, at_s: float) -> bool:
        """Whether frames of that moment are written as silence."""
        return _within(self._masks, at_s)

    def finish(self, cause: str = "", *, detach: bool = True) -> None:
        """End the recording: write the file, set the variables, fire RECORD_STOP. Later calls wait for it.

        Args: cause: the completion cause if it is known, else FreeSWITCH's rules decide; detach: whether the
        media bug goes too, else `detach` is called later.
        """
        if self.ended_s is not None:
            self._done.wait()
            return
        self._stop_growing()
        self.size_bytes = off_hub(self._capture.finish, self.ended_s)
        self.record_ms = self._capture.frames * SLOT_MS
        self.session.recordings.pop(str(self.path), None)
        self._judge(cause)
        self._damage()
        self._set_variables()
        self.session.note("recording", f"{self.path} ends after {self.record_ms / 1000:.2f} s ({self.cause})")
        self.session.fire("RECORD_STOP", [*self._identity(), ("Record-Completion-Cause", self.cause)])
        self._execute_on("execute_on_record_stop")
        if detach:
            self.detach()
        self._done.set()

    def detach(self) -> None:
        """The media bug is gone."""
        self._fire_bug("MEDIA_BUG_STOP")

    def abandon(self) -> None:
        """The switch dies: leave the file as a crash leaves it."""
        if self.ended_s is None:
            self._stop_growing()
            self._capture.abandon(self.session.clock.now())
            self._done.set()

    def _grow(self) -> None:
        """Let the file grow until the recording ends."""
        clock = self.session.clock
        while self.ended_s is None:
            clock.sleep(self._step_s)
            if self.ended_s is None:
                self._capture.advance(settled_s(clock))

    def _stop_growing(self) -> None:
        self.ended_s = self.session.clock.now()
        if self._timer is not None:
            self._timer.cancel()
        if current() is not self._grower:
            self._grower.kill(block=False)

    def _judge(self, cause: str) -> None:
        """The completion cause, and what FreeSWITCH does with a recording that is too short."""
        minimum_s = self.options.number("RECORD_MIN_SEC") or 0
        too_short = not self.record_ms or self.record_ms < minimum_s * 1000
        if too_short and not self.options.true("RECORD_APPEND"):
            cause = cause or ("input-too-short" if self.record_ms else "empty-file")
            self.session.channel.set("RECORD_DISCARDED", "true")
            self.path.unlink(missing_ok=True)
        if self._capture.failed:
            cause = "uri-failure"
        self.cause = cause or ("success-silence" if self.session.channel.is_down else "success-maxtime")

    def _damage(self) -> None:
        """What the scripted faults do to the file before anybody hears of it."""
        faults = self.session.faults
        if faults.vanish_recordings:
            self.path.unlink(missing_ok=True)
        elif faults.truncate_recordings < 1.0 and self.path.exists():
            with self.path.open("r+b") as file:
                file.truncate(int(self.size_bytes * faults.truncate_recordings))

    def _set_variables(self) -> None:
        channel, size = self.session.channel, self.size_bytes
        if self.path.suffix.lower() == ".mp3":
            size -= size % _MP3_BLOCK_BYTES
        channel.set("record_file_size", str(size))
        channel.set("record_samples", str(self.record_ms * channel.rate_hz // 1000))
        channel.set("record_seconds", str(self.record_ms // 1000))
        channel.set("record_ms", str(self.record_ms))
        channel.set("record_completion_cause", self.cause)

    def _identity(self) -> list[tuple[str, str]]:
        named = [(f"Recording-Variable-{name}", value) for name, value in self.options.own.items()]
        return [("Record-File-Path", str(self.path)), *named]

    def _fire_bug(self, name: str) -> None:
        bug = [("Media-Bug-Function", "session_record"), ("Media-Bug-Target", str(self.path))]
        self.session.fire(name, before=bug)

    def _execute_on(self, name: str) -> None:
        own = self.options.own.get(name)
        if own:
            signalling.execute_value(self.session, own)
        signalling.execute_on(self.session, name)


def _toggle(intervals: list[Interval], now: float, *, on: bool) -> None:
    running = bool(intervals) and intervals[-1][1] is None
    if on and not running:
        intervals.append((now, None))
    elif running and not on:
        intervals[-1] = (intervals[-1][0], now)


def _within(intervals: list[Interval], at_s: float) -> bool:
    return any(start <= at_s and (end is None or at_s < end) for start, end in intervals)


def finish_all(recordings: Iterable[Recording]) -> None:
    """End several at once: all of them stop before the first media bug goes."""
    chosen = [recording for recording in recordings if recording.ended_s is None]
    for recording in chosen:
        recording.finish(detach=False)
    for recording in chosen:
        recording.detach()
