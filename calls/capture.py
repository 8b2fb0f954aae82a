"""What one leg says, or hears, as samples that can be read while they are said.

FreeSWITCH records the side into a file that grows with each frame, and the file is read
(calls.growing_audio). That it is a recording like others is what makes it robust: it runs beside prompts,
bridges and recordings, it disturbs none of them, and if nobody reads it the call does not notice. See ADR 16
for what else there is.

It is begun and ended by API commands: a prompt that plays holds the channel's own queue up (ADR 10).

A file is written for ROTATE_S at most; then the next one begins before this one ends, and what both have is
taken once (calls.joint): so that no sample is lost, and a tap of hours takes no disk. Should this process
die, FreeSWITCH ends the last one by itself, and nothing is left of it: it has no name any more.

Its name is none of a recording (recording.naming), and it lies outside the days where recordings lie: nobody
delivers it, and no audit takes it for lost.
Source: FreeSWITCH mod_commands.c (uuid_record_function), switch_ivr_async.c (record_callback).
"""

from __future__ import annotations

import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import gevent
import numpy as np

from calls.call import COMMAND_TIMEOUT_S, Call
from calls.errors import CaptureFailed, CommandFailed
from calls.growing_audio import GrowingAudio, Samples
from calls.joint import Joint
from esl.errors import CommandRefused, EslError
from esl.event import Event
from esl.quoting import argument, braces
from esl.reply import PendingReply

RATE_HZ = 8_000
"""Of what is captured unless somebody wants more: telephony's."""

ROTATE_S = 600.0
"""Ten megabytes of 8 kHz."""

BACKSTOP_S = 60
"""FreeSWITCH ends a file by itself so long after it should have been rotated: nobody is there to do it."""

GRACE_S = 2.0
"""An event may come so much later than another that was sent after it."""

STRAY_S = 3_600.0
"""A file that has not grown for so long is nobody's: its process died before it could take its name away."""

PREFIX, SUFFIX = "capture-", ".wav"


class Side(StrEnum):
    """What of a leg."""

    SPEAK = "speak"  # what it says
    HEAR = "hear"  # what it hears
    BOTH = "both"  # the two together, as one


@dataclass(slots=True)
class _Piece:
    """One file. `told_at_s`: when FreeSWITCH was told to end it, 0 before."""

    path: Path
    audio: GrowingAudio
    asked_at_s: float
    has_started: bool = False
    is_stopped: bool = False
    told_at_s: float = 0.0

    def is_complete(self, now_s: float) -> bool:
        """Whether nothing more is written to it."""
        return self.is_stopped or bool(self.told_at_s and now_s > self.told_at_s + GRACE_S)


class Capture:
    """One side of one leg, from `begin` on.

    Args: directory: where FreeSWITCH writes and this process reads; rate_hz: 8000, 16000, 32000 or 48000.
    Attributes: failed: why it broke off, "" when it did not.
    """

    def __init__(self, call: Call, directory: Path, side: Side, rate_hz: int = RATE_HZ) -> None:
        self.rate_hz = rate_hz
        self.failed = ""
        self._call = call
        self._directory = directory
        self._side = side
        self._pieces: deque[_Piece] = deque()
        self._unsubscribe: list[Callable[[], None]] = []
        self._is_over = False
        self._joint = Joint()

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes: it was stopped, it broke off, or the call has ended."""
        return self._is_over or self._call.is_ended

    def begin(self) -> None:
        """Have FreeSWITCH begin, and wait until it has.

        Raises: CaptureFailed: it did not; CallGone; BadCommand: a directory whose name holds blanks.
        """
        call = self._call
        self._unsubscribe = [call.on("RECORD_START", self._started), call.on("RECORD_STOP", self._stopped)]
        try:
            piece = self._next()
            self._start(piece)
            has_begun = call.wait_for(lambda: piece.has_started, GRACE_S)
        except (EslError, CommandFailed) as exc:
            self.stop()
            if call.end is not None:
                raise call.end.error() from exc
            raise CaptureFailed(str(exc)) from exc
        except BaseException:
            self.stop()
            raise
        if not has_begun:
            self.stop()
            raise CaptureFailed("FreeSWITCH did not begin to write it")
        gevent.get_hub().threadpool.spawn(sweep, self._directory)

    def keep(self) -> None:
        """See to it that no file becomes long; to be called every now and then, never blocks."""
        newest, now_s = self._pieces[-1], time.monotonic()
        if self.is_over or now_s < newest.asked_at_s + GRACE_S:
            return
        if not newest.has_started:
            self.failed = "FreeSWITCH did not begin the next file"
            self.stop()
        elif now_s >= newest.asked_at_s + ROTATE_S:
            self._rotate(newest)

    def read(self) -> Samples:
        """Return what was said since the last time. Blocks on disks: in a thread, and in one at a time."""
        found = []
        while True:
            piece = self._pieces[0]
            is_complete = piece.is_complete(
                time.monotonic()
            )  # asked first: what came before its end is there
            samples = piece.audio.read()
            found.append(self._joint.take(samples))
            if not is_complete or len(samples) or len(self._pieces) < 2:
                break
            piece.audio.close()
            self._pieces.popleft()
            self._joint.turn()
        return found[0] if len(found) == 1 else np.concatenate(found)

    def take(self) -> Samples:
        """Return what was said since the last time; only the greenlet waits."""
        self.keep()
        samples: Samples = gevent.get_hub().threadpool.apply(self.read)
        return samples

    def stop(self) -> None:
        """Have FreeSWITCH end it. Never raises, never waits; nobody has to read on."""
        if self._is_over:
            return
        self._end()
        with suppress(EslError):
            for piece in self._pieces:
                if not piece.is_stopped:
                    self._tell(piece, "stop")

    def close(self) -> None:
        """Let go of the files, once it is over. As `read`: in a thread, and not beside it."""
        for piece in self._pieces:
            piece.audio.close()

    def _next(self) -> _Piece:
        path = self._directory / f"{PREFIX}{secrets.token_hex(16)}{SUFFIX}"
        piece = _Piece(path, GrowingAudio(path), time.monotonic())
        self._pieces.append(piece)
        return piece

    def _start(self, piece: _Piece) -> None:
        """Have the first file begun, after the media if need be. Raises: EslError, CommandFailed."""
        try:
            self._tell(piece, "start").get(COMMAND_TIMEOUT_S)
        except CommandRefused:
            if self._call.is_answered:
                raise
            self._call.execute("pre_answer", lock=False)
            self._tell(piece, "start").get(COMMAND_TIMEOUT_S)

    def _tell(self, piece: _Piece, verb: str) -> PendingReply:
        """Have FreeSWITCH start or stop writing a file; returns at once. Raises: EslError."""
        words = [self._call.uuid, verb, argument(str(piece.path))]
        if verb == "start":
            words += [str(int(ROTATE_S) + BACKSTOP_S), braces(_variables(self._side, self.rate_hz))]
        return self._call.submit_api("uuid_record", " ".join(words))

    def _rotate(self, old: _Piece) -> None:
        with suppress(EslError):  # a link that is lost ends the call
            self._tell(self._next(), "start")
            self._tell(old, "stop")
        old.told_at_s = time.monotonic()

    def _started(self, event: Event) -> None:
        for piece in self._pieces:
            piece.has_started |= event.get("Record-File-Path") == str(piece.path)

    def _stopped(self, event: Event) -> None:
        for piece in self._pieces:
            piece.is_stopped |= event.get("Record-File-Path") == str(piece.path)
        if self._pieces[-1].is_stopped and not self.is_over:
            self.failed = "FreeSWITCH ended it"
            self._end()

    def _end(self) -> None:
        self._is_over = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()


@contextmanager
def capturing(call: Call, directory: Path, side: Side, rate_hz: int = RATE_HZ) -> Iterator[Capture]:
    """Capture as long as the context lasts. Raises: as `Capture.begin`."""
    capture = Capture(call, directory, side, rate_hz)
    try:
        capture.begin()
        yield capture
    finally:
        capture.stop()
        gevent.get_hub().threadpool.spawn(capture.close)


def sweep(directory: Path) -> int:
    """Take away what processes that died left in a directory; blocks on disks. Returns: how many files."""
    gone, now_s = 0, time.time()
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < now_s - STRAY_S:
                        Path(entry.path).unlink()
                        gone += 1
    return gone


def _variables(side: Side, rate_hz: int) -> dict[str, str]:
    """Return how it is written, in full: FreeSWITCH looks at the channel's variables for what is missing."""
    return {
        "RECORD_STEREO": "false",
        "RECORD_STEREO_SWAP": "false",
        "RECORD_READ_ONLY": "true" if side is Side.SPEAK else "false",
        "RECORD_WRITE_ONLY": "true" if side is Side.HEAR else "false",
        "RECORD_ANSWER_REQ": "false",
        "RECORD_BRIDGE_REQ": "false",
        "RECORD_APPEND": "false",
        "RECORD_HANGUP_ON_ERROR": "false",
        "RECORD_PRE_BUFFER_FRAMES": "0",
        "RECORD_SILENCE_THRESHOLD": "0",
        "RECORD_MIN_SEC": "0",
        "enable_file_write_buffering": "false",
        "record_sample_rate": str(rate_hz),
    }
